"""The context of every action of the reporting engine, with the authenticated client."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import Clock
from shared.kit.concurrency import PipelinePosition
from shared.kit.database import UnitOfWork
from shared.kit.identity import Caller, Guard
from shared.kit.resources import CurrentResources
from shared.kit.transactions import unit_of_work_for
from shared.periods import Period, local_day
from shared.reporting.engine import ReportingEngine
from shared.roles import ADMINISTER, PLAN, PUBLIC, READ, REGISTER, REPORT, REVIEW, SEND_FILES, WITHDRAW
from shared.territory.areas import NamedAreas
from shared.territory.rights import is_granted, make_refusal, parse_grants
from shared.territory.tree import Territory
from shared.territory.units import UnknownUnit

SCOPES_SEEING_ALL_REPORTS = frozenset({"read", "review", "target", "register", "oversight", "admin"})
"""Scopes that see every report of the program; `report` alone sees those of its own units."""


@dataclass
class SharedLocks:
    """The locks of lines that share a transaction: of the rows of all lines, taken before, and of the change feed."""

    feed_at: datetime | None = None
    """The instant of the change feed, once it is locked."""


@dataclass(frozen=True)
class ReportingContext:
    """The unit of work of a request, the engine of its program, and the territory."""

    unit_of_work: UnitOfWork
    engine: ReportingEngine
    territory: Territory
    position: PipelinePosition = field(default_factory=PipelinePosition)
    """Its position among the lines of a bulk submission."""
    shared_locks: SharedLocks | None = None
    """None: the context takes its locks itself."""

    @property
    def session(self) -> AsyncSession:
        """The session of the unit of work."""
        return self.unit_of_work.session

    @property
    def now(self) -> datetime:
        """The instant of the request."""
        return self.unit_of_work.now

    @property
    def clock(self) -> Clock:
        """Read again by whoever has waited for the lock of the feed."""
        return self.unit_of_work.clock

    @property
    def caller(self) -> Caller:
        """The authenticated client."""
        return self.unit_of_work.caller

    def is_granted(self, unit: str, period: Period) -> bool:
        """Whether a unit lies in what the caller was granted, on the period's last day."""
        on = period.ends_on
        if self.territory.find(unit, on) is None:
            return False
        return is_granted(self.territory, self.territory.line(unit, on), on, self.caller.units)

    def require_unit(self, unit: str, period: Period) -> None:
        """Raise `UnitNotGranted` for a unit that the caller was not granted."""
        if not self.is_granted(unit, period):
            on = period.ends_on
            line = self.territory.line(unit, on) if self.territory.find(unit, on) else ()
            raise make_refusal(self.territory, unit, line, on, self.caller.units)

    def require_province(self, province: str) -> None:
        """Raise `UnitNotGranted` unless the caller was granted the province of the installation, or who answers for its land today.

        What holds for all of an installation is not changed by the administrator of a district.
        """
        today, last_day = local_day(self.now), self._last_seen(province)
        successor = self.territory.unit_or_successor(province, today).code
        for code, on in ((successor, today), (province, last_day)):
            if is_granted(self.territory, (code,), on, self.caller.units):
                return
        raise make_refusal(self.territory, successor, (successor,), today, self.caller.units)

    def may_read(self, unit: str, period: Period) -> bool:
        """Whether the caller may read what this unit reported."""
        return bool(self.caller.scopes & SCOPES_SEEING_ALL_REPORTS) or self.is_granted(unit, period)

    def below(self, root: str, period: Period | None) -> Collection[str]:
        """Return a unit and everything below it: on the last day of a period; else today, or on the unit's own last day."""
        on = period.ends_on if period else self._last_seen(root)
        return [root, *(unit.code for unit in self.territory.descendants(root, on))]

    def visible_units(self, root: str | None, period: Period | None) -> Collection[str] | None:
        """Return the units below a root whose reports the caller may list; None means all."""
        if self.caller.scopes & SCOPES_SEEING_ALL_REPORTS:
            return None if root is None else self.below(root, period)
        codes = parse_grants(self.caller.units).keys()
        days = {code: period.ends_on if period else self._last_seen(code) for code in codes}
        own = set(codes).union(
            *(
                self.below(code, period)
                for code, on in days.items()
                if self.territory.find(code, on)
                and is_granted(self.territory, (code,), on, self.caller.units)
            )
        )
        return own if root is None else own.intersection(self.below(root, period))

    def _last_seen(self, unit: str) -> date:
        """Return today, or the last day of a unit that is gone."""
        today = local_day(self.now)
        if self.territory.find(unit, today) is not None:
            return today
        try:
            versions = self.territory.versions(unit)
        except UnknownUnit:
            return today
        return max((version.valid_to for version in versions if version.valid_to), default=today)


def context_for(guard: Guard, *, areas: bool = False) -> Any:
    """Return the dependency that gives the context, with the caller that a guard lets in; `areas`: also with named areas."""

    async def context_of_caller(
        unit_of_work: Annotated[UnitOfWork, unit_of_work_for(guard)], resources: CurrentResources
    ) -> ReportingContext:
        territory = resources.get(Territory)
        if areas:
            territory = resources.get(NamedAreas).extend(territory)
        return ReportingContext(unit_of_work, resources.get(ReportingEngine), territory)

    return Depends(context_of_caller)


ReporterContext = Annotated[ReportingContext, context_for(REPORT)]
SenderContext = Annotated[ReportingContext, context_for(SEND_FILES)]
"""For files: of a client that reports, or that keeps the records of oversight."""
ReviewerContext = Annotated[ReportingContext, context_for(REVIEW)]
WithdrawerContext = Annotated[ReportingContext, context_for(WITHDRAW)]
PlannerContext = Annotated[ReportingContext, context_for(PLAN)]
RegistrarContext = Annotated[ReportingContext, context_for(REGISTER)]
ReaderContext = Annotated[ReportingContext, context_for(READ)]
AdministratorContext = Annotated[ReportingContext, context_for(ADMINISTER)]
PublicContext = Annotated[ReportingContext, context_for(PUBLIC)]
AreaContext = Annotated[ReportingContext, context_for(PUBLIC, areas=True)]
"""For readings of figures, which take named areas as well."""
