"""What follows from a report's values by the program's dated rules, or what keeps it from being told. Pure.

Each unit is looked at by itself, with everything that the report states for it. A value that follows is kept beside the
stated ones, marked; where the unit states it as well both must agree, and the stated one is kept with its reasons.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.kit.problems import Fault, Sentence
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.report_content import (
    STATUSES,
    ReportContent,
    Rows,
    StatedValue,
    Status,
    to_canonical_text,
)
from shared.territory.tree import Territory

CONTRADICTED = Sentence(
    "Giá trị {value} trái với kết quả suy ra từ số liệu cùng báo cáo ({derived}): {why}",
    "{value} contradicts what follows from the values beside it ({derived}): {why}",
)


@dataclass(frozen=True, slots=True)
class DerivedValues:
    """A value that follows from what a report states for a unit."""

    unit: str
    derived: Derivation
    status: Status
    """The least of those that it follows from."""
    covers: int
    stated: bool
    """Whether the report states it as well."""

    def as_stated(self) -> StatedValue:
        """Give it as a value among values."""
        return StatedValue(self.unit, self.derived.indicator, self.derived.value, self.status, derived=True)


def derive(
    catalogue: Catalogue, territory: Territory, statement: ReportContent, period: Period
) -> tuple[list[DerivedValues], list[Fault]]:
    """Give what follows for each unit, and every fault, each at the value that it is about.

    A unit with a row that could not be read is passed over: what is missing there may only have been misspelt.
    """
    if not catalogue.derivation_rules or _somewhere_unread(statement):
        return [], []
    found: list[DerivedValues] = []
    faults: list[Fault] = []
    for unit, rows in _whole_units(statement):
        if territory.find(unit, period.ends_on) is not None:
            for it in _of_unit(catalogue, territory, unit, rows, period):
                if isinstance(it, Fault):
                    faults.append(it)
                else:
                    found.append(it)
    return found, faults


def _somewhere_unread(statement: ReportContent) -> bool:
    """Whether a row does not say of which unit it is, or is no row at all."""
    dropped = len(statement.ordinals) > 0 and statement.ordinals[-1] >= len(statement.ordinals)
    return dropped or any("unit" in fields for fields in statement.partial.values())


def _whole_units(statement: ReportContent) -> Iterator[tuple[str, Rows]]:
    """Give each unit of which every row could be read, with its rows."""
    in_part = {one.unit for ordinal, one in statement.rows() if ordinal in statement.partial}
    return ((unit, rows) for unit, rows in statement.by_unit.items() if unit not in in_part)


def _of_unit(
    catalogue: Catalogue, territory: Territory, unit: str, rows: Rows, period: Period
) -> Iterator[DerivedValues | Fault]:
    on = period.ends_on
    line = (unit, *(above.code for above in territory.ancestors(unit, on)))
    values = {code: one.value for code, (_, one) in rows.items()}
    for derivation in catalogue.derivation_rules:
        for it in derivation(ReportedUnit(unit, line, period), values):
            if isinstance(it, Fault):
                place = rows.get(it.pointer)
                at = "/observations" if place is None else f"/observations/{place[0]}/value"
                yield Fault(at, it.code, it.sentence)
                continue
            indicator = catalogue.find_indicator(it.indicator, on)
            if indicator is None:
                continue
            stated = rows.get(it.indicator)
            if stated is not None and stated[1].value != it.value:
                yield _contradicted(stated[0], stated[1], it)
                continue
            behind = [rows[each.indicator][1].status for each in it.grounds if each.indicator in rows]
            status: Status = min(behind, key=STATUSES.index, default="official")
            covers = max(1, len(find_expected_units(territory, unit, indicator, on)))
            yield DerivedValues(unit, it, status, covers, stated is not None)


def _contradicted(ordinal: int, stated: StatedValue, it: Derivation) -> Fault:
    said = {"value": to_canonical_text(stated.value), "derived": to_canonical_text(it.value)}
    made = Sentence(
        CONTRADICTED.vi.format(**said, why=it.why.vi), CONTRADICTED.en.format(**said, why=it.why.en)
    )
    return Fault(f"/observations/{ordinal}/value", "value_contradicted", made)
