"""The engine as a program holds it: its catalogue, its registers, and the unit tree of the process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Sentence
from shared.kit.resources import resource
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.formulas import FromRegister


@dataclass(frozen=True, slots=True)
class CountScope:
    """What a register is asked to count: below which unit, on which day, as known at which instant (None: now)."""

    root: str
    units: frozenset[str]
    """The root and everything below it on that day, villages left out: a village is in its commune's code."""
    period: Period
    on: date
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Caveat:
    """What a reader of a figure has to know: a stable code, and the sentence. It names no age, so it stands still."""

    code: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class RegisterCount:
    """A register's count, with the address of what was counted, and what may be missing from it."""

    value: int
    lineage: str
    caveat: Caveat | None = None


RegisterCounter = Callable[[AsyncSession, CountScope], Awaitable[Mapping[str, RegisterCount]]]
"""How a register counts in a scope, by figure code."""
EventData = Mapping[str, Any]
"""What a change of the feed says: `unit`, `decision` with its number and date, and whatever else."""


def _any_figure(_figure: str, _facts: EventData) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Register:
    """A register of the service: how it counts, and which changes of the feed tell its decisions."""

    count: RegisterCounter
    changes: frozenset[str]
    """Types of the changes."""
    moves: Callable[[str, EventData], bool] = _any_figure
    """Whether what a change says may move a figure's count."""


@dataclass(frozen=True)
class ReportingEngine:
    """What a program hands to the reporting engine."""

    catalogue: Catalogue
    registers: Mapping[str, Register] = field(default_factory=dict)
    live_on: date | None = None
    """The day this installation went live; what is posted for earlier periods is backfilled and not judged."""

    def __post_init__(self) -> None:
        for figure in self.catalogue.figures.values():
            if isinstance(figure.formula, FromRegister) and figure.formula.register not in self.registers:
                raise ValueError(f"figure {figure.code} wants an unknown register: {figure.formula.register}")

    @property
    def path(self) -> str:
        """Where the program is on the wire."""
        return f"/v1/{self.catalogue.program}"


CurrentEngine = Annotated[ReportingEngine, Depends(resource(ReportingEngine))]
"""The engine of the service, for a route that reads no database."""
