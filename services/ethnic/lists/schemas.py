"""Lists on the wire: the decision with its rows, the verdict on each row, and the differences of two lists."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.ethnic.area_laws import ListKind, ListLevel
from services.ethnic.lists.headers import ListHeader
from services.ethnic.lists.rules import ListRow, RowVerdict, UnitEntry
from services.ethnic.models import Classification, ClassificationList
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import NO_FIELDS, PartialModel
from shared.reporting.decisions import DecisionIn
from shared.territory.named_rows import NamedUnitRow

MAX_ROWS = 5_000
"""More than the villages of any province; all rows are one transaction."""

OF_GROUPS: ListKind = "group_in_difficulty"
"""The kind of which the rows are ethnic groups of units; what they state of households and persons is withheld."""

EXAMPLE: dict[str, Any] = {
    "kind": "region",
    "unit": "62",
    "decision": {"number": "861/QĐ-TTg", "date": "2021-06-04"},
    "effective_on": "2021-06-04",
    "units": [{"unit": "23509", "region": "III"}, {"unit": "23515", "region": "I"}],
}


class ListRowIn(BaseModel):
    """A row of a list: a unit, and what the list says of it."""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field(min_length=2, max_length=12, description="code of the unit on the day of taking effect")
    listed: bool = Field(
        True, strict=True, description="false: an adjustment takes the unit off the list from that day on"
    )
    region: str | None = Field(None, max_length=10, description="I, II or III; required in a list of regions")
    specially_difficult: bool | None = Field(
        None,
        strict=True,
        description="of a list of regions: whether the commune is in special difficulty by a decision of its own as well; left "
        "out: what the region implies",
    )
    commune_region: str | None = Field(
        None,
        max_length=10,
        description="of a village: the region of its commune as the list prints it, which is then compared; null: the commune "
        "is in none",
    )
    ethnic_group: str | None = Field(
        None, min_length=1, max_length=60, description="code of the ethnic group, in a list of groups"
    )
    households: int | None = Field(
        None, ge=0, le=10_000_000, strict=True, description="households of the unit when the list was made"
    )
    em_households: int | None = Field(
        None, ge=0, le=10_000_000, strict=True, description="ethnic-minority households among these"
    )
    em_persons: int | None = Field(
        None, ge=0, le=100_000_000, strict=True, description="persons of ethnic minorities in the unit"
    )

    def to_row(self, ordinal: int, unread: frozenset[str] = NO_FIELDS) -> ListRow:
        """Convert to the frozen value that the rules check."""
        return ListRow(
            ordinal,
            **self.model_dump(),
            states_commune_region="commune_region" in self.model_fields_set,
            unread=unread,
        )


class ClassificationListIn(PartialModel):
    """A decision that lists the units of a kind, from a day on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    rows: ClassVar[str] = "units"
    unread: ClassVar[Mapping[str, Any]] = {
        "kind": "region",
        "level": None,
        "unit": "--",
        "law": None,
        "whole": True,
        "decision": {"number": "-", "date": dt.date.min},
        "effective_on": dt.date.min,
        "ends_on": None,
    }
    row_unread: ClassVar[Mapping[str, Any]] = {
        "unit": "--",
        "listed": True,
        "region": None,
        "specially_difficult": None,
        "commune_region": None,
        "ethnic_group": None,
        "households": None,
        "em_households": None,
        "em_persons": None,
    }

    kind: ListKind = Field(description="kind of list")
    level: ListLevel | None = Field(
        None, description="level of its units; required where the kind has several levels"
    )
    unit: str = Field(
        min_length=2, max_length=12, description="code of the unit whose units it lists, such as the province"
    )
    law: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="code of the law; left out: the latest one in force for the kind on the day of taking effect",
    )
    whole: bool = Field(
        True,
        strict=True,
        description="true: it lists every unit of the kind and level below the unit; false: it adjusts the list before it",
    )
    decision: DecisionIn = Field(description="the decision that lists")
    effective_on: IsoDate = Field(description="day on which it takes effect")
    ends_on: IsoDate | None = Field(
        None, description="its last day; left out: the legal end of the lists of its law"
    )
    units: list[ListRowIn] = Field(
        min_length=1, max_length=MAX_ROWS, description="its rows, one for each unit"
    )

    def to_header(self) -> ListHeader:
        """Convert what it states for all rows."""
        return ListHeader(
            self.kind, self.level, self.unit, self.law, self.whole, self.effective_on, self.ends_on
        )


class RowVerdictOut(NamedUnitRow):
    """The verdict on a row."""

    row: int = Field(description="its place in the request, from 0")
    unit: str = Field(description="code of its unit")
    verdict: RowVerdict = Field(
        description="added, changed (another region), unchanged, removed; in a refusal: refused, not_checked where the list itself is at fault, or fits where only other rows "
        "are at fault"
    )
    region_before: str | None = Field(None, description="its region before; null where it was in none")
    region: str | None = Field(None, description="its region from that day on; null where it is in none")


class ListCounts(BaseModel):
    """The rows of a list by verdict, and the units that a whole list takes off by leaving them out."""

    rows: int = Field(description="rows of the list")
    added: int = Field(0, description="units that were not on the list before")
    changed: int = Field(0, description="units whose region is another one")
    unchanged: int = Field(0, description="units that the list before had alike")
    removed: int = Field(0, description="units that an adjustment takes off")
    left_out: int = Field(0, description="units of the list before that a whole list leaves out")


class ClassificationListOut(NamedUnitRow):
    """A list without its rows."""

    id: uuid.UUID = Field(description="the list's id")
    kind: ListKind = Field(description="kind of list")
    level: ListLevel = Field(description="level of the units")
    unit: str = Field(description="code of the unit whose units it lists")
    law: str = Field(description="code of its law; see `/v1/ethnic/laws`")
    whole: bool = Field(description="whether it lists every unit of the kind and level below the unit")
    decision: DecisionIn = Field(description="the decision that lists")
    effective_on: dt.date = Field(description="day on which it takes effect")
    ends_on: dt.date | None = Field(description="its last day; null where the law states none")
    period: str | None = Field(description="the years it is made for; null where the law states none")
    row_count: int = Field(description="number of its rows")
    content_sha256: str | None = Field(description="hash of its rows; null where some of it is withheld")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def read_columns(cls, row: ClassificationList) -> dict[str, Any]:
        """Return the fields of a row of the table."""
        period = f"{row.period_first}-{row.period_last}" if row.period_first else None
        names = (
            "id", "kind", "level", "unit", "law", "whole", "effective_on", "ends_on", "row_count",
            "content_sha256", "recorded_at",
        )  # fmt: skip
        return {
            **{name: getattr(row, name) for name in names},
            "decision": DecisionIn(number=row.decision_number, date=row.decision_date),
            "period": period,
        }

    @classmethod
    def from_row(cls, row: ClassificationList) -> Self:
        """Serialize a row."""
        return cls(**cls.read_columns(row))

    def without_hash_of_groups(self) -> Self:
        """Return a list for who reads no numbers of groups: their hash would tell them by trials."""
        return self.model_copy(update={"content_sha256": None}) if self.kind == OF_GROUPS else self


class RecordedListOut(ClassificationListOut):
    """A list as it was recorded, with the verdict on each row."""

    counts: ListCounts
    verdicts: list[RowVerdictOut] = Field(description="the verdict on each row, in the order of the rows")
    left_out: list[str] = Field(
        description="codes of the units of the list before that this whole list leaves out"
    )


class ListRowOut(NamedUnitRow):
    """A row of a list."""

    row: int = Field(description="its place in the list, from 0")
    unit: str = Field(description="code of the unit on the day of taking effect")
    listed: bool = Field(description="false: the unit is taken off the list")
    region: str | None = Field(description="region; null in a list of another kind")
    specially_difficult: bool = Field(description="whether the row puts the unit in special difficulty")
    commune_region: str | None = Field(description="the region of the commune as a village's row states it")
    ethnic_group: str | None = Field(description="code of the ethnic group; null in a list of another kind")
    households: int | None = Field(description="households as stated; null where not stated")
    em_households: int | None = Field(description="ethnic-minority households as stated")
    em_persons: int | None = Field(description="persons of ethnic minorities as stated")

    @classmethod
    def from_row(cls, row: Classification, *, without_numbers: bool) -> Self:
        """Serialize a row; `without_numbers`: what it states of the households and persons of a group is withheld."""
        names = ("unit", "listed", "region", "specially_difficult", "commune_region")
        numbers = ("households", "em_households", "em_persons")
        return cls(
            row=row.row_number,
            ethnic_group=row.ethnic_group or None,
            **{name: getattr(row, name) for name in names},
            **{name: None if without_numbers else getattr(row, name) for name in numbers},
        )


ListChange = Literal["added", "removed", "changed"]


class ListDifferenceOut(NamedUnitRow):
    """A unit of which two lists say different things."""

    unit: str = Field(description="code of the unit")
    ethnic_group: str | None = Field(description="code of the ethnic group, between lists of groups")
    change: ListChange = Field(
        description="added: only on the later list; removed: only on the earlier one; changed: another region"
    )
    region_before: str | None = Field(description="its region on the earlier list")
    region: str | None = Field(description="its region on the later list")

    @classmethod
    def compare(
        cls, unit: str, ethnic_group: str, before: UnitEntry, after: UnitEntry
    ) -> "ListDifferenceOut | None":
        """Return the difference of a unit between two lists; None where there is none."""
        if before == after:
            return None
        change: ListChange = (
            "changed" if before.listed and after.listed else "added" if after.listed else "removed"
        )
        return cls(
            unit=unit,
            ethnic_group=ethnic_group or None,
            change=change,
            region_before=before.region,
            region=after.region,
        )


class ListDifferencesOut(BaseModel):
    """What changed between two lists of one kind and level."""

    earlier: ClassificationListOut
    later: ClassificationListOut
    unchanged: int = Field(description="units that are on both lists alike")
    items: list[ListDifferenceOut] = Field(description="the units that differ, by code")


ClassificationListsPage = Page[ClassificationListOut]
ListRowsPage = Page[ListRowOut]
