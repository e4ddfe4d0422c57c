"""The faults of single rows, and which units may state an indicator. Pure.

A rule looks at all rows before the next rule does, so that each costs little where nothing is wrong. A fault comes with
the ordinal of its row, and its pointer starts there; `merge_row_faults` puts all faults in the order of the body.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from operator import itemgetter
from typing import Literal

from shared.kit.problems import Fault, make_fault
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import (
    MAX_DECIMALS,
    Form,
    Indicator,
    ReportingLevel,
    WholeTable,
)
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.catalogue.formulas import CountUnits
from shared.reporting.report_content import KEY_FIELDS, NONE_UNREAD, ReportContent, to_canonical_text
from shared.reporting.reports.checking.sentences import (
    TABLE_INCOMPLETE,
    UNIT_BY_ITSELF,
    UNIT_KIND,
    UNIT_LEVEL,
    VALUE_OUT_OF_RANGE,
    VALUE_REPEATED,
    VALUE_STATED_ABOVE,
    VALUE_TOO_PRECISE,
)
from shared.territory.tree import Territory
from shared.territory.units import LEVEL_NAMES, Unit

SMALLEST_AMOUNT = tuple(Decimal(1).scaleb(-decimals) for decimals in range(MAX_DECIMALS + 1))
"""The smallest amount with so many decimal places: every amount with no more places is a multiple of it."""

RowFault = tuple[int, Fault]
"""The ordinal of a row, and a fault whose pointer starts at the row: `/unit`, or empty for the row itself."""


def merge_row_faults(content: ReportContent, *faults: Iterable[RowFault]) -> list[Fault]:
    """Return the faults in the order of their rows, without those of fields that were not read."""
    return [
        replace(fault, pointer=f"/observations/{ordinal}{fault.pointer}")
        for ordinal, fault in sorted(chain(*faults), key=itemgetter(0))
        if not fault.pointer or fault.pointer[1:] not in content.unread_fields.get(ordinal, NONE_UNREAD)
    ]


def find_repeated_rows(content: ReportContent) -> Iterator[RowFault]:
    """Return a fault for each row that states a unit and indicator of an earlier row again."""
    units, indicators, _ = content.columns
    if len(set(zip(units, indicators, strict=True))) == len(units):
        return
    first_ordinals: dict[tuple[str, str], int] = {}
    for ordinal, value in content.enumerate_values():
        if content.unread_fields.get(ordinal, NONE_UNREAD).isdisjoint(KEY_FIELDS):
            first = first_ordinals.setdefault((value.unit, value.indicator), ordinal)
            if first != ordinal:
                yield ordinal, make_fault("", "value_repeated", VALUE_REPEATED, first=first)


def find_code_faults(
    content: ReportContent, field: Literal["unit", "indicator"], fault_by_code: Mapping[str, Fault]
) -> Iterator[RowFault]:
    """Return, for each row, the fault of the unit or of the indicator that it names."""
    if fault_by_code:
        codes = content.columns.units if field == "unit" else content.columns.indicators
        for ordinal, code in zip(content.ordinals, codes, strict=True):
            fault = fault_by_code.get(code)
            if fault is not None:
                yield ordinal, fault


def find_limit_faults(content: ReportContent, indicators: Mapping[str, Indicator]) -> Iterator[RowFault]:
    """Return a fault for each amount below the minimum of its indicator, above the maximum, or with too many decimals."""
    _, codes, amounts = content.columns
    limits = {
        code: (indicator.minimum, indicator.maximum, SMALLEST_AMOUNT[indicator.decimals])
        for code, indicator in indicators.items()
    }
    for ordinal, code, amount in zip(content.ordinals, codes, amounts, strict=True):
        if code not in limits:
            continue
        minimum, maximum, smallest_amount = limits[code]
        in_range, too_precise = minimum <= amount <= maximum, amount % smallest_amount
        if (in_range and not too_precise) or ordinal in content.nil_ordinals:
            continue
        value = to_canonical_text(amount)
        if not in_range:
            shown = {"minimum": to_canonical_text(minimum), "maximum": to_canonical_text(maximum)}
            yield (
                ordinal,
                make_fault("/value", "value_out_of_range", VALUE_OUT_OF_RANGE, value=value, **shown),
            )
        if too_precise:
            decimals = str(indicators[code].decimals)
            yield (
                ordinal,
                make_fault("/value", "value_too_precise", VALUE_TOO_PRECISE, value=value, decimals=decimals),
            )


def find_lines(territory: Territory, units: Iterable[str], on: date) -> dict[str, tuple[str, ...]]:
    """Return the line of each unit of a day, itself first; the units above are found once for each parent."""
    lines: dict[str, tuple[str, ...]] = {}
    above: dict[str, tuple[str, ...]] = {}
    for code in units:
        parent = territory.unit(code, on).parent
        if parent is not None and parent not in above:
            above[parent] = territory.line(parent, on)
        lines[code] = (code,) if parent is None else (code, *above[parent])
    return lines


def find_rows_stated_above(content: ReportContent, territory: Territory, on: date) -> Iterator[RowFault]:
    """Return a fault for each value that the report states for a unit above as well, which includes it."""
    units = content.units
    lines = find_lines(territory, (unit for unit in units if territory.find(unit, on) is not None), on)
    above = {unit: [code for code in line[1:] if code in units] for unit, line in lines.items()}
    if not any(above.values()):
        return
    stated = {(value.unit, value.indicator) for value in content.values}
    for ordinal, value in content.enumerate_values():
        for code in above.get(value.unit, ()):
            if (code, value.indicator) in stated:
                shown = {"unit": value.unit, "above": code}
                yield ordinal, make_fault("", "value_stated_above", VALUE_STATED_ABOVE, **shown)
                break


def find_incomplete_tables(content: ReportContent, form: Form, valid: Collection[str]) -> Iterator[RowFault]:
    """Return a fault for each unit that states a part of a whole table, at the first row of the unit in that table.

    `valid` are the indicators in force. Where a row could not be read whole nothing is found: its code may be the missing one.
    """
    row_left_out = len(content.ordinals) > 0 and content.ordinals[-1] >= len(content.ordinals)
    if (
        not form.tables
        or row_left_out
        or any(fields & KEY_FIELDS for fields in content.unread_fields.values())
    ):
        return
    missing_by_columns: dict[frozenset[str], list[tuple[WholeTable, list[str]]]] = {}
    for unit, values in content.by_unit.items():
        stated = frozenset(values)
        if stated not in missing_by_columns:  # mostly all units state the same columns
            missing_by_columns[stated] = list(_find_missing_columns(form.tables, stated, valid))
        for table, missing in missing_by_columns[stated]:
            columns = {*table.columns, *table.opened_by}
            first = min(ordinal for code, (ordinal, _) in values.items() if code in columns)
            shown = {"unit": unit, "columns": ", ".join(missing), "table": table.label}
            yield first, make_fault("", "table_incomplete", TABLE_INCOMPLETE, **shown)


def _find_missing_columns(
    tables: Sequence[WholeTable], stated: Collection[str], valid: Collection[str]
) -> Iterator[tuple[WholeTable, list[str]]]:
    """Return the tables of which only a part is stated, with the columns in force that are missing."""
    for table in tables:
        elsewhere = frozenset(
            code
            for other in tables
            if other is not table and _is_stated_by_itself(other, tables, stated, valid)
            for code in other.columns
        )
        missing = [code for code in table.find_missing(stated, elsewhere) if code in valid]
        if missing:
            yield table, missing


def _is_stated_by_itself(
    table: WholeTable, tables: Iterable[WholeTable], stated: Collection[str], valid: Collection[str]
) -> bool:
    """Whether a table is stated whole, or a column of it that opens it and belongs to no other table."""
    if all(code in stated for code in table.columns if code in valid):
        return True
    others = frozenset(code for other in tables if other is not table for code in other.columns)
    return any(code in stated and code not in others for code in table.opened_by or table.columns)


@dataclass(frozen=True, slots=True, eq=False)
class Eligibility:
    """Whether a unit may state an indicator, and how many expected units its value covers."""

    covers: int
    faults: tuple[Fault, ...] = ()
    """Why it may not; empty where it may."""


UNCHECKED = Eligibility(1)
"""The eligibility of an unknown unit or indicator, which has a fault of its own."""

Requirement = tuple[ReportingLevel, frozenset[str] | None, bool]
"""The requirement of an indicator on a unit: its level, its kind, and whether each unit states it for itself alone."""


class _EligibilityByUnit(dict[str, Eligibility]):
    """The eligibility of units under one requirement, worked out when it is first looked up."""

    def __init__(
        self,
        indicator: Indicator,
        requirement: Requirement,
        units: Mapping[str, Unit],
        territory: Territory,
        on: date,
    ) -> None:
        super().__init__()
        self._indicator, self._requirement, self._units = indicator, requirement, units
        self._territory, self._on = territory, on

    def __missing__(self, code: str) -> Eligibility:
        unit, eligibility = self._units.get(code), UNCHECKED
        if unit is not None:
            expected = find_expected_units(self._territory, code, self._indicator, self._on)
            faults = _find_requirement_faults(unit, self._requirement, self._territory, self._on)
            eligibility = Eligibility(max(1, len(expected)), tuple(faults))
        self[code] = eligibility
        return eligibility


def check_eligibility(
    content: ReportContent,
    units: Mapping[str, Unit],
    indicators: Mapping[str, Indicator],
    catalogue: Catalogue,
    territory: Territory,
    on: date,
) -> list[Eligibility]:
    """Return the eligibility of each value, in the order of the values."""
    by_requirement: dict[Requirement, _EligibilityByUnit] = {}
    by_indicator: dict[str, dict[str, Eligibility]] = dict.fromkeys(
        content.indicators, dict.fromkeys(content.units, UNCHECKED)
    )
    for code, indicator in indicators.items():
        requirement = indicator.level, indicator.kinds, _is_stated_by_each_unit(indicator, catalogue)
        if requirement not in by_requirement:
            by_requirement[requirement] = _EligibilityByUnit(indicator, requirement, units, territory, on)
        by_indicator[code] = by_requirement[requirement]
    unit_codes, indicator_codes, _ = content.columns
    return [by_indicator[code][unit] for unit, code in zip(unit_codes, indicator_codes, strict=True)]


def find_ineligible_rows(content: ReportContent, eligibility: Collection[Eligibility]) -> Iterator[RowFault]:
    """Return why the unit of a row may not state its indicator."""
    if any(distinct.faults for distinct in set(eligibility)):
        for ordinal, of_row in zip(content.ordinals, eligibility, strict=True):
            for fault in of_row.faults:
                yield ordinal, fault


def _is_stated_by_each_unit(indicator: Indicator, catalogue: Catalogue) -> bool:
    """Whether no unit may state the indicator for units below: its values do not add up, or units are counted by it."""
    figures = catalogue.made_unit_by_unit.get(indicator.code, ())
    return not indicator.adds or any(isinstance(figure.formula, CountUnits) for figure in figures)


def _find_requirement_faults(
    unit: Unit, requirement: Requirement, territory: Territory, on: date
) -> Iterator[Fault]:
    required_level, required_kinds, by_itself = requirement
    in_district = territory.answering_unit(unit.code, on).level == "district"
    level: ReportingLevel = "district" if required_level == "district" and in_district else "commune"
    if unit.level == "village" or (unit.level == "commune" and level == "district"):
        shown = {"unit": unit.code, "level": LEVEL_NAMES[level]}
        yield make_fault("/unit", "unit_level_wrong", UNIT_LEVEL, **shown)
    elif by_itself and unit.level != level:
        shown = {"unit": unit.code, "level": LEVEL_NAMES[level]}
        yield make_fault("/unit", "unit_level_wrong", UNIT_BY_ITSELF, **shown)
    if required_kinds is not None and unit.level == "commune" and unit.kind not in required_kinds:
        kinds = ", ".join(sorted(required_kinds))
        yield make_fault("/unit", "unit_kind_wrong", UNIT_KIND, unit=unit.code, kind=unit.kind, kinds=kinds)
