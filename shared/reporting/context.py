"""Where an action happens: the session, the engine, the tree, who acts, and when."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Self

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock, CurrentClock, Now
from shared.kit.cooperative import Turn
from shared.kit.identity import ANONYMOUS, Caller
from shared.kit.problems import Forbidden, Sentence
from shared.kit.transactions import Session
from shared.periods import Period, local_day
from shared.reporting.engine import CurrentEngine, ReportingEngine
from shared.territory.current import CurrentTerritory
from shared.territory.tree import Territory
from shared.territory.units import UnknownUnit

SCOPES_SEEING_ALL_REPORTS = frozenset({"read", "review", "target", "register", "admin"})
"""Scopes that see every report of the program; `report` alone sees those of its own units."""


class UnitNotGranted(Forbidden):
    """The unit is outside what the client was granted."""

    code = "unit_not_granted"
    detail = Sentence(
        "Ứng dụng không được giao đơn vị {unit}.", "The client was not granted the unit {unit}."
    )


@dataclass(frozen=True)
class ReportingContext:
    """What every action needs."""

    session: AsyncSession
    engine: ReportingEngine
    territory: Territory
    now: datetime
    """The instant of the request."""
    clock: Clock
    """Asked again by whoever has waited for the write order."""
    caller: Caller = ANONYMOUS
    turn: Turn = field(default_factory=Turn)
    """Its place among those that came with it."""

    def of(self, caller: Caller) -> Self:
        """Seat the caller that the route's guard let in."""
        return replace(self, caller=caller)

    def granted(self, unit: str, period: Period) -> bool:
        """Tell whether a unit lies in what the caller was granted, on the period's last day."""
        on = period.ends_on
        return self.territory.find(unit, on) is not None and any(
            self.territory.is_within(unit, root, on) for root in self.caller.units
        )

    def require_unit(self, unit: str, period: Period) -> None:
        """Refuse a unit that the caller was not granted."""
        if not self.granted(unit, period):
            raise UnitNotGranted(unit=unit)

    def sees(self, unit: str, period: Period) -> bool:
        """Tell whether the caller may read what this unit reported."""
        return bool(self.caller.scopes & SCOPES_SEEING_ALL_REPORTS) or self.granted(unit, period)

    def below(self, root: str, period: Period | None) -> Collection[str]:
        """Give a unit and everything below it: on the last day of a period; else today, or on the unit's own last day."""
        on = period.ends_on if period else self._last_seen(root)
        return [root, *(unit.code for unit in self.territory.descendants(root, on))]

    def visible_units(self, root: str | None, period: Period | None) -> Collection[str] | None:
        """Give the units whose reports the caller may list below a root; None means all."""
        if self.caller.scopes & SCOPES_SEEING_ALL_REPORTS:
            return None if root is None else self.below(root, period)
        own = {
            code
            for grant in self.caller.units
            if self.territory.find(grant, period.ends_on if period else self._last_seen(grant))
            for code in self.below(grant, period)
        } | set(self.caller.units)
        return own if root is None else own.intersection(self.below(root, period))

    def _last_seen(self, unit: str) -> date:
        """Give today, or the last day of a unit that is gone."""
        today = local_day(self.now)
        if self.territory.find(unit, today) is not None:
            return today
        try:
            versions = self.territory.versions(unit)
        except UnknownUnit:
            return today
        return max((it.valid_to for it in versions if it.valid_to), default=today)


async def _desk(
    session: Session, engine: CurrentEngine, territory: CurrentTerritory, now: Now, clock: CurrentClock
) -> ReportingContext:
    return ReportingContext(session, engine, territory, now, clock)


CurrentContext = Annotated[ReportingContext, Depends(_desk)]
"""The desk of a request, not yet seated: `desk.of(caller)`."""
