"""The body of a submitted report."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, NotRequired

from pydantic import BaseModel, ConfigDict, Field, with_config
from pydantic.config import JsonDict
from typing_extensions import TypedDict

from shared.kit.date_fields import IsoDate
from shared.kit.partial_body import PartialModel
from shared.kit.problems import Fault, Sentence, make_fault
from shared.kit.validation_faults import make_missing_fault
from shared.reporting.catalogue.dimensions import to_series_key
from shared.reporting.evidence.schemas import EvidenceRef
from shared.reporting.field_types import Amount, DimensionIn, StandardIn, UnitCode
from shared.reporting.report_content import NONE_UNREAD, ReportContent, StatedValue, Status

DOCUMENT_EXAMPLE: JsonDict = {"number": "123/BC-UBND", "signed_on": "2023-12-14", "signer_role": "chairman"}

MAX_OBSERVATIONS = 10_000
"""A province's criteria assessment has 85 communes by 57 indicators, 4,845 values; the limit is twice that."""


PLAIN_FIELDS = 4
"""A row with these many fields, a value among them, has unit, indicator, value and status, and neither nil nor a dimension."""
NIL = Decimal(0)
"""The value that is kept where nil is stated."""
NIL_WITH_VALUE = Sentence(
    "Đã nêu giá trị thì không nêu nil; chọn một trong hai.",
    "A value is stated, so the row cannot state nil as well; leave one of them out.",
)


@with_config(extra="forbid")
class ObservationIn(TypedDict):
    """One stated value, or in its place the statement that nothing happened."""

    # A dict and not a model, because a body has up to ten thousand, and each becomes a `StatedValue` at once.

    unit: UnitCode
    indicator: Annotated[
        str, Field(min_length=1, max_length=100, description="code of an indicator of the form")
    ]
    dimension: NotRequired[DimensionIn | None]
    value: NotRequired[Amount]
    nil: NotRequired[
        Annotated[
            bool,
            Field(strict=True, description="true, in place of a value: nothing happened in this column"),
        ]
    ]
    status: NotRequired[
        Annotated[
            Status,
            Field(
                default="official",
                description="estimate (ước), preliminary (sơ bộ) or official (chính thức)",
            ),
        ]
    ]


class DocumentIn(BaseModel):
    """The signed document behind a report. It names the role of the signer, never a person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": DOCUMENT_EXAMPLE})

    number: str = Field(min_length=1, max_length=100, description="number of the document")
    signed_on: IsoDate = Field(description="date of signature")
    signer_role: str = Field(min_length=1, max_length=50, description="role of the signer, such as chairman")


class StartExceptionIn(BaseModel):
    """A start that may differ from the end of the period before, or a value from that of another form, and why."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    indicator: str = Field(min_length=1, max_length=100, description="code of the start or value")
    reason: str = Field(
        min_length=1,
        max_length=500,
        description="why it differs; it stays with the report, so no names of persons",
    )


class ReportIn(PartialModel):
    """A report of one unit on one form for one period."""

    model_config = ConfigDict(extra="forbid")
    rows: ClassVar[str] = "observations"
    unread: ClassVar[Mapping[str, Any]] = {"unit": "00", "period": "2000"}
    row_unread: ClassVar[Mapping[str, Any]] = {
        "unit": "00",
        "indicator": "-",
        "dimension": {"-": "-"},
        "value": 0,
        "nil": False,
        "status": "official",
    }

    unit: UnitCode = Field(description="the reporting unit; its values are for itself or units below it")
    period: str = Field(
        min_length=4, max_length=10, description="SDMX time period: 2023, 2023-S1, 2023-Q3, 2023-09"
    )
    form: str | None = Field(
        None,
        max_length=60,
        description="the form; may be left out if the program has one form for the period",
    )
    observations: list[ObservationIn] = Field(
        default_factory=list, max_length=MAX_OBSERVATIONS, description="the stated values"
    )
    nil: bool = Field(
        default=False,
        strict=True,
        description="true: nothing happened in the period; then there are no observations",
    )
    note: str | None = Field(None, max_length=2000, description="a remark; no names of persons")
    supersedes: uuid.UUID | None = Field(
        None, description="the latest report of this unit, period, form and standard"
    )
    standard: StandardIn = None
    document: DocumentIn | None = Field(None, description="the signed document behind the report")
    evidence: list[EvidenceRef] = Field(
        default_factory=list, max_length=20, description="files behind the report, uploaded before, by hash"
    )

    exceptions: list[StartExceptionIn] = Field(
        default_factory=list,
        max_length=500,
        description="starts that differ from the end of the period before, and values from those of other forms, each with its reason",
    )

    def to_content(
        self, ordinals: tuple[int, ...] | range, unread_fields: Mapping[int, frozenset[str]]
    ) -> tuple[ReportContent, list[Fault]]:
        """Return the content as frozen values, and the faults of rows that state neither a value nor nil, or both.

        `ordinals` are those of the rows that were read.
        """
        faults: list[Fault] = []
        dimensions: dict[int, dict[str, str]] = {}
        if not [row for row in self.observations if "value" not in row or len(row) > PLAIN_FIELDS]:
            values = [
                StatedValue(row["unit"], row["indicator"], row["value"], row["status"])
                for row in self.observations
            ]
        else:
            unread_fields = dict(unread_fields)
            values = [
                _read_row(row, ordinal, unread_fields, faults)
                for ordinal, row in zip(ordinals, self.observations, strict=True)
            ]
            dimensions = {
                ordinal: dimension
                for ordinal, row in zip(ordinals, self.observations, strict=True)
                if (dimension := row.get("dimension"))
                and "dimension" not in unread_fields.get(ordinal, NONE_UNREAD)
            }
        content = ReportContent(
            unit=self.unit,
            period=self.period,
            form=self.form,
            values=tuple(values),
            ordinals=ordinals,
            unread_fields=unread_fields,
            nil=self.nil,
            note=self.note,
            document=self.document.model_dump(mode="json") if self.document else None,
            evidence=tuple(file.model_dump(mode="json") for file in self.evidence),
            exceptions=tuple(exception.model_dump() for exception in self.exceptions),
            standard=self.standard,
            dimensions=dimensions,
        )
        return content, faults


def _read_row(
    row: ObservationIn, ordinal: int, unread_fields: dict[int, frozenset[str]], faults: list[Fault]
) -> StatedValue:
    """Return what a row states; a fault where it states neither a value nor nil, or both."""
    unread = unread_fields.get(ordinal, NONE_UNREAD)
    is_nil, has_value = row.get("nil", False), "value" in row
    if is_nil and has_value:
        if "value" not in unread:
            faults.append(make_fault(f"/observations/{ordinal}/nil", "nil_with_value", NIL_WITH_VALUE))
    elif not is_nil and not has_value:
        unread_fields[ordinal] = unread | {"value"}
        if "nil" not in unread:
            faults.append(make_missing_fault(f"/observations/{ordinal}/value"))
    is_nil = is_nil and not has_value
    member = next(iter((row.get("dimension") or {}).values()), None)
    indicator = to_series_key(row["indicator"], member)
    return StatedValue(row["unit"], indicator, row.get("value", NIL), row["status"], nil=is_nil)
