"""OCOP products on the wire. Of an owner that is a household only the kind is accepted: no name of a person is stored."""

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rural.models import OcopEvaluation
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.rules import StarDecision
from shared.dated_facts.schemas import BasisOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal, number_with_decimals
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.periods import ONE_DAY
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Name
from shared.territory.named_rows import NamedUnitRow

EXAMPLE: dict[str, Any] = {
    "code": "OCOP-610-01",
    "name": "Cà phê Đăk Glei",
    "unit": "610",
    "owner_kind": "cooperative",
    "owner_name": "Hợp tác xã Cà phê Đăk Glei",
    "group": 2,
    "stars": 4,
    "score": 72.5,
    "decision": {"number": "12/QĐ-UBND", "date": "2023-02-10"},
    "potential_five_star": False,
}

OwnerKind = Literal["cooperative", "enterprise", "household"]


Points = Annotated[Decimal, number_with_decimals(2), Field(ge=0, le=100, max_digits=5, decimal_places=2)]
"""Points of a score: a JSON number from 0 to 100 with at most two decimals."""


class ScorePartsIn(BaseModel):
    """The score by its parts."""

    model_config = ConfigDict(extra="forbid")

    product: Points = Field(
        description="points for the product and the strength of its community, at most 40"
    )
    marketing: Points = Field(description="points for marketing, at most 25")
    quality: Points = Field(description="points for quality, at most 35")


class ProductIn(PartialModel):
    """A decision on the stars of a product."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "code": "unread",
        "name": "unread",
        "unit": "--",
        "owner_kind": "household",
        "owner_name": None,
        "group": 0,
        "stars": 0,
        "score": 0,
        "score_parts": None,
        "decision": {"number": "-", "date": dt.date.min},
        "potential_five_star": False,
        "grantor": None,
    }

    code: str = Field(pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$", description="code of the product")
    name: Name = Field(description="name of the product; never that of a person")
    unit: str = Field(
        min_length=2,
        max_length=12,
        description="code of the commune, district or province that it belongs to",
    )
    owner_kind: OwnerKind = Field(description="cooperative, enterprise or household")
    owner_name: Name | None = Field(
        None, description="name of the cooperative or enterprise; refused for a household"
    )
    group: int = Field(strict=True, description="number of its group, 1 to 6")
    stars: int = Field(strict=True, description="stars granted, 3 to 5")
    score: Points = Field(description="points scored, 0 to 100, two decimals at most")
    score_parts: ScorePartsIn | None = Field(None, description="the score by its parts, where known")
    decision: DecisionIn = Field(description="the decision that grants the stars")
    potential_five_star: bool = Field(
        default=False,
        strict=True,
        description="scored as five stars by the province; the ministry has not decided",
    )
    grantor: Literal["district", "province", "central"] | None = Field(
        None,
        description="who granted them, as the decision states; refused where another authority grants them on that date",
    )

    def to_decision(self) -> StarDecision:
        """Convert to the frozen value that the rules check."""
        return StarDecision(
            code=self.code,
            owner_kind=self.owner_kind,
            owner_name=self.owner_name,
            group=self.group,
            stars=self.stars,
            score=self.score,
            parts=self.list_parts(),
            potential_five_star=self.potential_five_star,
            decided_on=self.decision.date,
            grantor=self.grantor,
        )

    def list_parts(self) -> tuple[Decimal, ...] | None:
        """Return the points by part, in the order of the program's rules."""
        parts = self.score_parts
        return None if parts is None else (parts.product, parts.marketing, parts.quality)


class GrantorOut(BasisOut):
    """The authority that grants the stars."""

    code: str = Field(description="district, province or central")
    label: str = Field(description="its name in Vietnamese")


class ValidityOut(BasisOut):
    """The validity of a certificate, with the legal basis."""

    months: int = Field(description="calendar months from the decision")


class ScorePartsOut(BaseModel):
    """The score by its parts."""

    product: JsonDecimal = Field(description="points for the product and the strength of its community")
    marketing: JsonDecimal = Field(description="points for marketing")
    quality: JsonDecimal = Field(description="points for quality")


class EvaluationOut(NamedUnitRow):
    """An evaluation of a product as it was stated, with what follows from its date."""

    id: uuid.UUID = Field(description="the evaluation's id")
    code: str = Field(description="code of the product")
    name: str = Field(description="name of the product")
    unit: str = Field(description="code of the unit of the product, on the day of the decision")
    owner_kind: OwnerKind = Field(description="cooperative, enterprise or household")
    owner_name: str | None = Field(
        description="name of a cooperative or enterprise, where stated; never one of a household"
    )
    group: int = Field(description="number of its group")
    group_label: str | None = Field(
        description="name in Vietnamese that the group of this number had on the day of the decision"
    )
    group_label_en: str | None = Field(description="that name in English")
    stars: int = Field(description="stars granted")
    score: JsonDecimal = Field(description="points scored")
    score_parts: ScorePartsOut | None = Field(description="the score by its parts, where known")
    potential_five_star: bool = Field(description="the ministry has not decided; not counted as five stars")
    decision: DecisionIn = Field(description="the decision that grants the stars")
    grantor: GrantorOut | None = Field(description="who grants so many stars on that day")
    valid_until: dt.date | None = Field(description="last day on which the certificate is valid")
    validity: ValidityOut | None = Field(description="the rule behind that day")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: OcopEvaluation, rules: OcopRules) -> Self:
        """Serialize a row with the grantor and the validity by the rules of its date."""
        grantor = rules.find_grantor(row.stars, row.decision_date)
        group = rules.find_group(row.product_group, row.decision_date)
        ends_on, validity = rules.find_end(row.decision_date), rules.find_validity(row.decision_date)
        parts = dict(zip(("product", "marketing", "quality"), row.score_parts or (), strict=False))
        return cls(
            id=row.id,
            code=row.code,
            name=row.name,
            unit=row.unit,
            owner_kind=row.owner_kind,
            owner_name=row.owner_name,
            group=row.product_group,
            group_label=group.label.vi if group else None,
            group_label_en=group.label.en if group else None,
            stars=row.stars,
            score=row.score,
            score_parts=ScorePartsOut(**parts) if parts else None,
            potential_five_star=row.potential_five_star,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            grantor=GrantorOut.from_fact(grantor) if grantor else None,
            valid_until=ends_on - ONE_DAY if ends_on else None,
            validity=ValidityOut.from_fact(validity) if validity else None,
            recorded_at=row.recorded_at,
        )


ProductsPage = Page[EvaluationOut]


class ProductOut(BaseModel):
    """A product on one page: its evaluation of a day, and its history."""

    code: str = Field(description="code of the product")
    on: dt.date = Field(description="the day of the page")
    valid: bool = Field(description="whether its certificate is valid on that day")
    current: EvaluationOut | None = Field(description="its latest evaluation decided by that day")
    history: list[EvaluationOut] = Field(description="all its evaluations, the newest decision first")


class GroupCountOut(LabelOut):
    """Valid products of a group under the names of some days."""

    number: int = Field(description="number of the group")
    valid_from: dt.date = Field(description="first day on which the group has this name")
    products: int = Field(description="products with a valid certificate that were decided on its days")


class SummaryRow(BaseModel):
    """Valid products of one unit."""

    unit: str = Field(description="code of the unit")
    name: str = Field(description="its name")
    valid: int = Field(description="products with a valid certificate")
    by_stars: dict[int, int] = Field(description="of them, by stars")
    potential_five_star: int = Field(description="of them, potential five-star products")
    by_owner_kind: dict[str, int] = Field(description="of them, by kind of owner")
    by_group: dict[int, int] = Field(
        description="of them, by number of the group, whatever name it had on the day of the decision"
    )
    groups: list[GroupCountOut] = Field(
        description="of them, by the groups in force on the day of each decision: a number has had other names"
    )
    expiring: int = Field(description="of them, those that end within the months of the request")


class SummaryOut(BaseModel):
    """Valid products of a day by the units directly below, and in total."""

    on: dt.date = Field(description="the day of the counts")
    expiring_before: dt.date = Field(description="first day after the months of the request")
    rows: list[SummaryRow] = Field(
        description="by the units directly below; products of the unit itself are a row of their own"
    )
    total: SummaryRow
