"""Which changes a caller or a subscription asks for: by their types, and by a unit with what lies below it."""

from collections.abc import Callable, Collection

from gateway.changes.rules import TYPE_PREFIX, ChangeDocument, list_units
from shared.territory.tree import Territory
from shared.territory.units import UnknownUnit


def make_change_filter(
    territory: Territory, unit: str | None, types: Collection[str] | None
) -> Callable[[ChangeDocument], bool]:
    """Return whether a change is of the types and the unit of the filters."""
    short_types = None if types is None else {name.removeprefix(TYPE_PREFIX) for name in types}
    within: dict[str, bool] = {}

    def is_within(code: str) -> bool:
        if code not in within:
            within[code] = unit is not None and _lay_within(territory, code, unit)
        return within[code]

    def is_wanted(change: ChangeDocument) -> bool:
        if short_types is not None and change["type"] not in short_types:
            return False
        return unit is None or any(map(is_within, list_units(change)))

    return is_wanted


def _lay_within(territory: Territory, code: str, root: str) -> bool:
    """Whether a unit of a code was the root, or lay below it, on the first or the last day of one of its versions."""
    try:
        versions = territory.versions(code)
    except UnknownUnit:
        return False
    days = {day for version in versions for day in (version.valid_from, version.valid_to) if day is not None}
    return any(territory.is_within(code, root, day) for day in days)
