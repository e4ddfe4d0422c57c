"""The values that follow from posted values by a program's dated rules. Pure.

The rules look at one unit at a time, with all of its values in the report. A derived value is kept beside the posted
ones and marked. Where the unit posts the same value both must agree; then the posted one is kept, with the reasons.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.report_content import (
    STATUSES,
    ReportContent,
    StatedValue,
    Status,
    UnitValues,
    to_canonical_text,
)
from shared.territory.tree import Territory

CONTRADICTED = Sentence(
    "Giá trị {value} trái với kết quả suy ra từ số liệu cùng báo cáo ({derived}): {why}",
    "{value} contradicts the value that follows from the other values of the unit ({derived}): {why}",
)


@dataclass(frozen=True, slots=True)
class DerivedValue:
    """A value that follows from the posted values of a unit."""

    unit: str
    derived: Derivation
    status: Status
    """The least certain status of the values that it follows from."""
    covers: int
    """The number of expected units that it covers."""
    posted: bool
    """Whether the report posts the value as well."""

    def to_stated_value(self) -> StatedValue:
        """Return it as a value of the report, marked as derived."""
        return StatedValue(self.unit, self.derived.indicator, self.derived.value, self.status, derived=True)


def derive_values(
    catalogue: Catalogue, territory: Territory, content: ReportContent, period: Period, standard: str
) -> tuple[list[DerivedValue], list[Fault]]:
    """Return the derived values of each unit, and the faults that the rules find.

    A unit with a row that could not be read whole is skipped: its missing value may only be misspelt.
    """
    if _has_row_without_unit(content):
        return [], []
    values: list[DerivedValue] = []
    faults: list[Fault] = []
    for unit, unit_values in _units_read_whole(content):
        if territory.find(unit, period.ends_on) is not None:
            line = (unit, *(above.code for above in territory.ancestors(unit, period.ends_on)))
            reported = ReportedUnit(unit, line, period, standard)
            for result in _derive_for_unit(catalogue, territory, reported, unit_values):
                if isinstance(result, Fault):
                    faults.append(result)
                else:
                    values.append(result)
    return values, faults


def _has_row_without_unit(content: ReportContent) -> bool:
    """Whether a row was left out, or the unit of a row could not be read."""
    row_left_out = len(content.ordinals) > 0 and content.ordinals[-1] >= len(content.ordinals)
    return row_left_out or any("unit" in fields for fields in content.unread_fields.values())


def _units_read_whole(content: ReportContent) -> Iterator[tuple[str, UnitValues]]:
    partly_read = {
        value.unit for ordinal, value in content.enumerate_values() if ordinal in content.unread_fields
    }
    return ((unit, values) for unit, values in content.by_unit.items() if unit not in partly_read)


def _derive_for_unit(
    catalogue: Catalogue, territory: Territory, reported: ReportedUnit, unit_values: UnitValues
) -> Iterator[DerivedValue | Fault]:
    unit, on = reported.unit, reported.period.ends_on
    amounts = {code: value.value for code, (_, value) in unit_values.items() if not value.nil}
    for rule in catalogue.derivation_rules:
        for result in rule(reported, amounts):
            if isinstance(result, Fault):
                yield point_to_value(result, unit_values)
                continue
            indicator = catalogue.find_indicator(result.indicator, on)
            if indicator is None:
                continue
            posted = unit_values.get(result.indicator)
            if posted is not None and posted[1].value != result.value:
                yield _make_contradiction(posted[0], posted[1], result)
                continue
            statuses = [
                unit_values[ground.indicator][1].status
                for ground in result.grounds
                if ground.indicator in unit_values
            ]
            status: Status = min(statuses, key=STATUSES.index, default="official")
            covers = max(1, len(find_expected_units(territory, unit, indicator, on)))
            yield DerivedValue(unit, result, status, covers, posted is not None)


def point_to_value(fault: Fault, unit_values: UnitValues) -> Fault:
    """Return a fault of a program's rule, which points to an indicator, so that it points to the value in the body."""
    row = unit_values.get(fault.pointer)
    pointer = "/observations" if row is None else f"/observations/{row[0]}/value"
    return Fault(pointer, fault.code, fault.sentence)


def _make_contradiction(ordinal: int, posted: StatedValue, derived: Derivation) -> Fault:
    shown = {"value": to_canonical_text(posted.value), "derived": to_canonical_text(derived.value)}
    pointer = f"/observations/{ordinal}/value"
    return make_fault(pointer, "value_contradicted", CONTRADICTED, **shown, why=derived.why)
