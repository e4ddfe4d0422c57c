"""The days on which units went live, and the units that owe nothing until a day is stated. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from shared.periods import Period, PeriodKind
from shared.territory.tree import Territory
from shared.territory.units import Unit, UnitKey

NEVER = date.max
"""The day of going live of a unit that has none, and whose land the installation was not made for."""


class LiveDay(NamedTuple):
    """The day from which a unit is judged for timeliness, as it was stated."""

    unit: str
    live_on: date


class LiveDays:
    """The days on which units went live, by the unit and not by its code alone: a code is given again to other units.

    A unit without a stated day has that of the nearest unit above it. A unit that came from others has the latest of their days,
    where all of them have one. Any other unit has the default, where its land is that of the installation's province on some day;
    land that joined the province later owes nothing until its day is stated.
    """

    def __init__(
        self,
        territory: Territory,
        stated: Iterable[LiveDay] = (),
        default: date | None = None,
        province: str | None = None,
    ) -> None:
        """`default`: None judges every period; `province`: None, or its code, makes the default that of all units or of its land."""
        self._territory, self._default, self._province = territory, default, province
        self._by_unit: dict[UnitKey, date] = {}
        self._own_land: dict[date, frozenset[str]] = {}
        for unit, live_on in stated:
            version = territory.find(unit, Period.from_day(live_on, PeriodKind.MONTH).ends_on)
            if version is not None:
                self._by_unit |= dict.fromkeys(territory.find_keys_of_land(version), live_on)

    def find(self, unit: Unit, on: date) -> date | None:
        """Return the day that a unit of a day went live; None: every period is judged; `NEVER`: none is."""
        stated = self._find_stated(unit, on) if self._by_unit else None
        if stated is not None:
            return stated
        return self._default if self._is_own_land(unit, on) else NEVER

    def _find_stated(self, unit: Unit, on: date) -> date | None:
        """Return the day that was stated for a unit, those above it, or all those that it came from."""
        for above in (unit, *self._territory.ancestors(unit.code, on)):
            if above.key in self._by_unit:
                return self._by_unit[above.key]
        earlier = [
            self._find_stated(predecessor, predecessor.valid_to or on)
            for predecessor in self._territory.predecessors(unit.code, on)
        ]
        days = [day for day in earlier if day is not None]
        return max(days) if days and len(days) == len(earlier) else None

    def _is_own_land(self, unit: Unit, on: date) -> bool:
        """Whether all land of a unit is that of the installation's province on some day.

        A district without communes (Lý Sơn, Côn Đảo) is as the unit above it.
        """
        if self._province is None:
            return True
        if on not in self._own_land:
            self._own_land[on] = self._find_own_communes(self._province, on)
        communes = (
            {unit.code}
            if unit.level == "commune"
            else {commune.code for commune in self._territory.communes(unit.code, on)}
        )
        above = self._territory.ancestors(unit.code, on)
        if not communes and above:
            return self._is_own_land(above[0], on)
        return communes <= self._own_land[on]

    def _find_own_communes(self, province: str, on: date) -> frozenset[str]:
        """Return the communes of a day that share land with the province of a code, as it is on any day."""
        communes = frozenset[str]()
        for version in self._territory.versions(province):
            if version.is_valid_on(on):
                communes |= {commune.code for commune in self._territory.communes(province, on)}
            else:
                day = version.valid_from if version.valid_from > on else version.valid_to or on
                communes |= self._territory.communes_sharing_land(province, day, on)
        return communes
