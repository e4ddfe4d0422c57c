"""Tables of thresholds on the wire."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rural.criteria.sets import CriterionIndicator
from services.rural.criteria.thresholds import Threshold
from services.rural.models import ThresholdTable
from services.rural.thresholds.comparison import ChangedVerdict
from services.rural.thresholds.rules import TableRow
from services.rural.thresholds.store import to_threshold
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.partial_body import PartialBody, PartialModel
from shared.periods import FIRST_YEAR, LAST_YEAR, Period
from shared.reporting.decisions import DecisionIn
from shared.reporting.field_types import Amount, UnitCode
from shared.territory.named_rows import NamedUnitRow, find_unit_names, name_units
from shared.territory.tree import Territory

MAX_THRESHOLDS = 2_000
"""A province sets some sixty numbers, for some years and groups of communes."""

MAX_VERDICTS_LISTED = 500
"""A longer list is read by nobody; all are counted."""

Confidence = Literal["sourced", "from memory", "unsure"]
AssessmentYear = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR)]

EXAMPLE: dict[str, Any] = {
    "decision": {"number": "147/QĐ-UBND", "date": "2022-03-28"},
    "thresholds": [
        {"indicator": "indicator_02_1", "first_year": 2022, "last_year": 2025, "value": 100},
        {"indicator": "indicator_12_1", "first_year": 2022, "last_year": 2025, "value": 70},
    ],
}


class ThresholdIn(BaseModel):
    """One threshold of a table."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(
        min_length=1, max_length=100, description="code of an indicator, or of a further number of one"
    )
    unit: UnitCode | None = Field(
        None, description="unit in the province that it is for; the whole province when left out"
    )
    first_year: AssessmentYear = Field(description="first assessment year")
    last_year: AssessmentYear = Field(description="last assessment year")
    value: Amount = Field(description="the threshold, in the indicator's unit of measure")
    legal_basis: str | None = Field(
        None, min_length=1, max_length=300, description="clause; that of the decision when left out"
    )
    confidence: Confidence = Field("sourced", description="whether it was checked against the document")


class ThresholdTableIn(PartialModel):
    """The whole table of a province, in place of the one before; without rows: none of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    rows: ClassVar[str] = "thresholds"
    unread: ClassVar[Mapping[str, Any]] = {"decision": {"number": "-", "date": dt.date.min}}
    row_unread: ClassVar[Mapping[str, Any]] = {
        "indicator": "-",
        "unit": None,
        "first_year": FIRST_YEAR,
        "last_year": FIRST_YEAR,
        "value": 0,
        "legal_basis": None,
        "confidence": "sourced",
    }

    decision: DecisionIn = Field(description="the decision that sets the thresholds")
    thresholds: list[ThresholdIn] = Field(
        max_length=MAX_THRESHOLDS, description="all thresholds of the province"
    )


def iterate_rows(draft: PartialBody[ThresholdTableIn], unit: str) -> Iterator[TableRow]:
    """Yield the readable rows of a body; one without a unit is for the province."""
    number = draft.body.decision.number
    for ordinal, row in zip(draft.ordinals, draft.body.thresholds, strict=True):
        threshold = Threshold(
            indicator=row.indicator,
            unit=row.unit or unit,
            years=(row.first_year, row.last_year),
            value=row.value,
            legal_basis=row.legal_basis or number,
            confidence=row.confidence,
        )
        yield TableRow(ordinal, threshold, draft.partial.get(ordinal, frozenset()))


class TableThresholdOut(NamedUnitRow):
    """One threshold of a table."""

    indicator: str = Field(description="code of the indicator, or of a further number of one")
    unit: str = Field(description="unit that it is for")
    first_year: int = Field(description="first assessment year")
    last_year: int = Field(description="last assessment year")
    value: JsonDecimal = Field(description="the threshold, in the indicator's unit of measure")
    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(description="whether it was checked against the document")

    @classmethod
    def from_threshold(cls, threshold: Threshold, territory: Territory, on: dt.date) -> Self:
        """Serialize a threshold with the name of its unit on a day."""
        row = cls.model_validate(threshold, from_attributes=True)
        return row.model_copy(update=find_unit_names(territory, row.unit, on))


class ThresholdTableSummary(NamedUnitRow):
    """A table of thresholds in a list."""

    unit: str = Field(description="code of the province")
    number: int = Field(description="counted from 1 for each province")
    decision: DecisionIn = Field(description="the decision that sets the thresholds")
    count: int = Field(description="how many thresholds it has")
    client_id: str = Field(description="who recorded it")
    recorded_at: dt.datetime = Field(description="since when verdicts are made by it")

    @classmethod
    def from_row(cls, row: ThresholdTable, territory: Territory, **more: Any) -> Self:
        """Serialize a row with the name of its province."""
        return cls(
            unit=row.unit,
            **{"unit_since": row.land_since, **find_unit_names(territory, row.unit, row.land_since)},
            number=row.number,
            decision=DecisionIn(number=row.decision_number, date=row.decision_date),
            count=len(row.thresholds),
            client_id=row.client_id,
            recorded_at=row.recorded_at,
            **more,
        )


class ThresholdTableDetail(ThresholdTableSummary):
    """A table of thresholds."""

    thresholds: list[TableThresholdOut]

    @classmethod
    def from_table(cls, row: ThresholdTable, territory: Territory) -> Self:
        """Serialize a row with its thresholds, their units named on the day of the decision."""
        rows = [
            TableThresholdOut.from_threshold(to_threshold(threshold), territory, row.decision_date)
            for threshold in row.thresholds
        ]
        return cls.from_row(row, territory, thresholds=rows)


class ChangedVerdictOut(NamedUnitRow):
    """An accepted verdict that would be another one by the thresholds of a table."""

    unit: str = Field(description="code of the commune")
    period: str = Field(description="SDMX time period of the assessment")
    criterion: str = Field(description="code of the criterion")
    met: bool = Field(description="the accepted verdict, which stays")
    would_be_met: bool = Field(description="the verdict that follows from the same values now")


class ThresholdTableReplaced(BaseModel):
    """The table that was recorded, or would be, and the accepted verdicts that it would make differently."""

    state: Literal["replaced", "unchanged", "checked"] = Field(
        description="replaced; unchanged: it is the table in use; checked: a dry run"
    )
    table: ThresholdTableDetail
    added: list[TableThresholdOut] = Field(description="thresholds that the table before did not have")
    removed: list[TableThresholdOut] = Field(
        description="thresholds of the table before that it does not have"
    )
    changed_verdicts: list[ChangedVerdictOut] = Field(
        description="accepted verdicts that would be others now; they change only when they are reported again"
    )
    changed_verdicts_count: int = Field(description="how many there are; at most 500 are listed")

    @classmethod
    def from_tables(
        cls,
        before: ThresholdTable | None,
        table: ThresholdTable,
        changed_verdicts: Sequence[ChangedVerdict],
        territory: Territory,
        *,
        dry_run: bool,
    ) -> Self:
        """Serialize the difference of two tables."""
        of_table = [to_threshold(row) for row in table.thresholds]
        of_before = [to_threshold(row) for row in before.thresholds] if before else []
        day_before = before.decision_date if before else table.decision_date
        return cls(
            state="unchanged" if table is before else "checked" if dry_run else "replaced",
            table=ThresholdTableDetail.from_table(table, territory),
            added=[
                TableThresholdOut.from_threshold(row, territory, table.decision_date)
                for row in of_table
                if row not in of_before
            ],
            removed=[
                TableThresholdOut.from_threshold(row, territory, day_before)
                for row in of_before
                if row not in of_table
            ],
            changed_verdicts=name_units(
                territory,
                [
                    ChangedVerdictOut.model_validate(verdict, from_attributes=True)
                    for verdict in changed_verdicts[:MAX_VERDICTS_LISTED]
                ],
                lambda row: Period.parse(row.period).ends_on,
            ),
            changed_verdicts_count=len(changed_verdicts),
        )


class ThresholdRow(BaseModel):
    """The threshold by which a number is judged in a unit and year."""

    indicator: str = Field(description="code of the indicator, or of a further number of one")
    number: str = Field(description="its number in the criteria set, with the name of the part")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    comparator: Literal[">=", "<=", "="] = Field(description="how a value is compared with the threshold")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    value: JsonDecimal | None = Field(
        description="the threshold; null where none is known, so that no verdict follows from the value"
    )
    place: str | None = Field(description="code of the unit or region whose threshold it is")
    legal_basis: str | None = Field(description="the document or clause behind it")
    confidence: str | None = Field(description="sourced, from memory or unsure")

    @classmethod
    def from_number(cls, number: CriterionIndicator, threshold: Threshold | None) -> Self:
        """Serialize a number with its threshold."""
        label = number.full_label
        return cls(
            indicator=number.code,
            number=number.name.vi,
            label=label.vi,
            label_en=label.en,
            comparator=number.comparator,
            unit_of_measure=number.unit_of_measure,
            value=threshold.value if threshold else None,
            place=threshold.area if threshold else None,
            legal_basis=threshold.legal_basis if threshold else None,
            confidence=threshold.confidence if threshold else None,
        )


class ThresholdsOut(NamedUnitRow):
    """The thresholds by which a unit is judged in a year."""

    unit: str = Field(description="code of the unit")
    year: int = Field(description="assessment year")
    region: str | None = Field(description="code of its region; null where unknown")
    unsure: int = Field(description="how many of the thresholds were not checked against the document")
    missing: int = Field(description="how many numbers have no threshold")
    items: list[ThresholdRow]
