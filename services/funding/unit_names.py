"""The names of the units of rows: those of the day, or of the last day of a unit that ended before."""

from datetime import date
from typing import Any

from services.funding.ledger import Entry
from services.funding.units import UnitVersion, find_last_day, find_unit_of_year
from shared.territory.named_rows import find_unit_names
from shared.territory.tree import Territory


def find_names_of_version(territory: Territory, unit_version: UnitVersion, on: date) -> dict[str, Any]:
    """Return the members that name a unit on a day, or on its last day where it ended before.

    `unit_since` is the first day on which the code means its land, as in the lines of the ledger.
    """
    code, since = unit_version
    names = find_unit_names(territory, code, on)
    if not names or names["unit_since"] != since:
        names = find_unit_names(territory, code, max(since, find_last_day(territory, unit_version, on)))
    return {**names, "unit_since": since}


def find_names_of_year(territory: Territory, code: str, year: int) -> dict[str, Any]:
    """Return the members that name a unit at the end of a budget year, or on its last day in it."""
    _, day = find_unit_of_year(territory, code, year)
    return find_unit_names(territory, code, day)


def find_names_of_entry(territory: Territory, entry: Entry) -> dict[str, Any]:
    """Return the members that name the unit of an entry, and the one that its money moved to."""
    versions = {lot.line.unit: (lot.line.unit, lot.line.unit_since) for lot in reversed(entry.lots)}
    names = _find_names(territory, entry.unit, versions, entry.effective_on)
    if entry.to_unit is None:
        return names
    to_names = _find_names(territory, entry.to_unit, versions, entry.effective_on)
    return {**names, **{f"to_{name}": value for name, value in to_names.items()}}


def _find_names(
    territory: Territory, code: str, versions: dict[str, UnitVersion], on: date
) -> dict[str, Any]:
    version = versions.get(code)
    return find_names_of_version(territory, version, on) if version else find_unit_names(territory, code, on)
