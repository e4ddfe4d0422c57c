"""What a clerk of the ledger has at hand: the catalogue, the territory, who acts and when; in a transaction, its session."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Self

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding import store
from services.funding.access import find_refusal
from services.funding.catalogue import FundingCatalogue
from services.funding.unit_versions import (
    UnitVersion,
    find_latest_unit,
    find_unit_of_year,
    unit_versions_below,
)
from shared.kit.clock import Clock, CurrentClock, Now
from shared.kit.identity import ANONYMOUS, Caller
from shared.kit.transactions import Session
from shared.periods import local_day
from shared.territory.current import CurrentTerritory
from shared.territory.tree import Territory
from shared.territory.units import Unit


@dataclass(frozen=True, slots=True)
class UnitScope:
    """Where money lies that a reader asks for; without a unit, everywhere."""

    unit: Unit | None = None
    places: Collection[UnitVersion] | None = None


@dataclass(frozen=True)
class LedgerContext:
    """What is known of a request before its transaction."""

    catalogue: FundingCatalogue
    territory: Territory
    now: datetime
    """The instant of the request."""
    clock: Clock
    """Asked again by whoever has waited for the write order."""
    caller: Caller = field(default=ANONYMOUS, kw_only=True)

    def of(self, caller: Caller) -> Self:
        """Seat the caller that the route's guard let in."""
        return replace(self, caller=caller)

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return local_day(self.now)

    def require(self, program: str, unit: str, on: date) -> None:
        """Refuse a program or a unit that the caller was not granted; rights follow the tree of the day."""
        refusal = find_refusal(self.caller, self.territory, program, unit, on)
        if refusal is not None:
            raise refusal


@dataclass(frozen=True)
class FundingContext(LedgerContext):
    """What every other action needs: a seat, and the session of the request's transaction."""

    session: AsyncSession

    async def scope(self, code: str | None, year: int | None, *, below: bool = True) -> UnitScope:
        """Tell where the money lies that a reader asks for: in a unit of a year, or everywhere."""
        if code is None:
            return UnitScope()
        if year is None:
            unit, on = find_latest_unit(self.territory, code, self.today)
        else:
            unit, on = find_unit_of_year(self.territory, code, year)
        known = await store.read_unit_versions(self.session, year)
        if not below:
            return UnitScope(unit, [place for place in known if place[0] == code])
        return UnitScope(unit, unit_versions_below(self.territory, unit, on, known))


async def _catalogue(request: Request) -> FundingCatalogue:
    catalogue: FundingCatalogue = request.app.state.catalogue
    return catalogue


CurrentCatalogue = Annotated[FundingCatalogue, Depends(_catalogue)]
"""The programs, components and sources of this installation."""


async def _seat(
    catalogue: CurrentCatalogue, territory: CurrentTerritory, now: Now, clock: CurrentClock
) -> LedgerContext:
    return LedgerContext(catalogue, territory, now, clock)


CurrentLedgerContext = Annotated[LedgerContext, Depends(_seat)]
"""Where an entry is handed in, not yet seated: `seat.of(caller)`."""


async def _desk(
    session: Session, catalogue: CurrentCatalogue, territory: CurrentTerritory, now: Now, clock: CurrentClock
) -> FundingContext:
    return FundingContext(catalogue, territory, now, clock, session)


CurrentFundingContext = Annotated[FundingContext, Depends(_desk)]
"""The desk of a request, not yet seated: `desk.of(caller)`."""
