"""The context of every action of the ledger: the catalogue, the territory, the caller and the instant; the unit of work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding import store
from services.funding.catalogue import FundingCatalogue
from services.funding.deadlines import Deadlines
from services.funding.units import (
    UnitVersion,
    find_latest_unit,
    find_refusal,
    find_refusal_for_version,
    find_unit_of_year,
    find_versions_below,
)
from shared.kit.clock import Clock
from shared.kit.database import UnitOfWork
from shared.kit.identity import Caller, Guard
from shared.kit.resources import CurrentResources, resource
from shared.kit.transactions import unit_of_work_for
from shared.periods import local_day
from shared.roles import FINANCE, PUBLIC, READ
from shared.territory.areas import NamedAreas
from shared.territory.tree import Territory
from shared.territory.units import Unit


@dataclass(frozen=True, slots=True)
class UnitScope:
    """The unit whose money is read, and its versions; None: all."""

    unit: Unit | None = None
    unit_versions: Collection[UnitVersion] | None = None
    map_day: date | None = None
    """The day on whose map the units lie below it."""


@dataclass(frozen=True)
class LedgerContext:
    """The facts about a request before its transaction, with the authenticated caller."""

    catalogue: FundingCatalogue
    territory: Territory
    now: datetime
    """The instant of the request."""
    clock: Clock
    """Read again by whoever has waited for the lock of the feed."""
    caller: Caller
    deadlines: Deadlines

    @property
    def today(self) -> date:
        """The day in Vietnam."""
        return local_day(self.now)

    def require(self, program: str, unit: str, on: date) -> None:
        """Refuse a program or a unit that the caller was not granted; rights follow the tree of the day."""
        refusal = find_refusal(self.caller, self.territory, program, unit, on)
        if refusal is not None:
            raise refusal

    def require_version(self, program: str, unit_version: UnitVersion, on: date) -> None:
        """Refuse what was not granted to the caller about a unit on a day; rights over an ended unit follow its land."""
        days = (on, self.today)
        refusal = find_refusal_for_version(self.caller, self.territory, program, unit_version, days)
        if refusal is not None:
            raise refusal


@dataclass(frozen=True)
class FundingContext(LedgerContext):
    """The context of an action in the transaction of its request: the same facts, and the unit of work."""

    unit_of_work: UnitOfWork

    @property
    def session(self) -> AsyncSession:
        """The session of the unit of work."""
        return self.unit_of_work.session

    async def scope(
        self, code: str | None, year: int | None, *, below: bool = True, since: date | None = None
    ) -> UnitScope:
        """Return the unit and the unit versions whose money is read; without a code, all.

        `since` is the first day of the unit that is read alone.
        """
        if code is None:
            return UnitScope()
        if year is None:
            unit, on = find_latest_unit(self.territory, code, self.today)
        else:
            unit, on = find_unit_of_year(self.territory, code, year)
        unit_versions = await store.read_unit_versions(self.session, year)
        if not below:
            return UnitScope(
                unit,
                [version for version in unit_versions if version[0] == code and since in {None, version[1]}],
                on,
            )
        return UnitScope(unit, find_versions_below(self.territory, unit, on, unit_versions), on)


CurrentFundingCatalogue = Annotated[FundingCatalogue, Depends(resource(FundingCatalogue))]
"""The programs, components and sources of this installation."""


def context_for(guard: Guard, *, areas: bool = False) -> Any:
    """Return the dependency that gives the context in a transaction, with the caller that a guard lets in.

    `areas`: with named areas beside the units.
    """

    async def context_of_caller(
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)], resources: CurrentResources
    ) -> FundingContext:
        territory = resources.get(Territory)
        if areas:
            territory = resources.get(NamedAreas).extend(territory)
        return FundingContext(
            resources.get(FundingCatalogue),
            territory,
            unit_of_work.now,
            unit_of_work.clock,
            unit_of_work.caller,
            resources.get(Deadlines),
            unit_of_work,
        )

    return Depends(context_of_caller)


async def _ledger_context(
    caller: Annotated[Caller, Depends(FINANCE)], resources: CurrentResources
) -> LedgerContext:
    return LedgerContext(
        resources.get(FundingCatalogue),
        resources.get(Territory),
        resources.clock(),
        resources.clock,
        caller,
        resources.get(Deadlines),
    )


LedgerWriterContext = Annotated[LedgerContext, Depends(_ledger_context)]
"""For a write that is submitted to the group commit, and so has no transaction of its own."""
FinanceContext = Annotated[FundingContext, context_for(FINANCE)]
FundingReaderContext = Annotated[FundingContext, context_for(READ)]
FundingPublicContext = Annotated[FundingContext, context_for(PUBLIC)]
FundingAreaContext = Annotated[FundingContext, context_for(PUBLIC, areas=True)]
"""For readings of sums, which take named areas as well."""
