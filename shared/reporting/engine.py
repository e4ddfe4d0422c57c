"""The reporting engine of a program: its catalogue and its registers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Sentence
from shared.kit.resources import resource
from shared.periods import Period, PeriodWindow
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.formulas import FromRegister


@dataclass(frozen=True, slots=True)
class CountScope:
    """The scope of a register's count: below a unit, on a day, as known at an instant (None: now)."""

    root: str
    units: frozenset[str]
    """The root and all units below it on that day, without villages, whose codes contain that of their commune."""
    period: Period
    on: date
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Caveat:
    """A warning about a figure: a stable code, and a sentence that does not change with time."""

    code: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class RegisterCount:
    """A count by a register, with the path of what was counted, and a warning if something may be missing."""

    value: int
    lineage: str
    caveat: Caveat | None = None


RegisterCounter = Callable[[AsyncSession, CountScope], Awaitable[Mapping[str, RegisterCount]]]
"""Counts in a scope; returns the counts by the code of the figure."""
ScopesCounter = Callable[
    [AsyncSession, Sequence[CountScope]], Awaitable[Sequence[Mapping[str, RegisterCount]]]
]
"""Counts in many scopes of one period at once; returns the counts of each in their order."""
EventData = Mapping[str, Any]
"""The data of an event of the change feed: `unit`, `decision` with its number and date, and other facts."""


def _affects_every_figure(_figure: str, _data: EventData) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Register:
    """A register of the service: how it counts, and which events of the change feed record its decisions."""

    count: RegisterCounter
    event_types: frozenset[str]
    affects: Callable[[str, EventData], bool] = _affects_every_figure
    """Whether an event may change the count of a figure, by the code of the figure and the data of the event."""
    count_scopes: ScopesCounter | None = None
    """Counts in many scopes at less cost than one after the other; None: it cannot."""
    counts_villages: bool = False
    """Whether a scope may be a village alone."""


@dataclass(frozen=True)
class ReportingEngine:
    """A program as the reporting engine knows it."""

    catalogue: Catalogue
    registers: Mapping[str, Register] = field(default_factory=dict)
    live_on: date | None = None
    """The day this installation went live; reports for earlier periods are backfilled, and their timeliness is not judged."""
    province: str | None = None
    """The code of the province whose land owes reports before a day of going live is stated for it; None: all land."""
    windows: tuple[PeriodWindow, ...] = ()
    """The days from which to which the law counts facts in a period."""
    withheld_below: int = 0
    """Numbers of members of a dimension under this are withheld from public reads, where the catalogue has a rule; 0: none."""
    path: str = field(init=False)
    """The path under which the program is reached."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", f"/v1/{self.catalogue.program}")
        for figure in self.catalogue.figures.values():
            if isinstance(figure.formula, FromRegister) and figure.formula.register not in self.registers:
                raise ValueError(
                    f"figure {figure.code} counts in an unknown register: {figure.formula.register}"
                )


CurrentEngine = Annotated[ReportingEngine, Depends(resource(ReportingEngine))]
"""The engine of the service, for a route that reads no database."""
