"""The engine as a program holds it: its catalogue, its registers, and the unit tree of the process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.catalogue import Catalogue, FromRegister


@dataclass(frozen=True, slots=True)
class Scope:
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
class Counted:
    """A register's count, with the address of what was counted, and what may be missing from it."""

    value: int
    lineage: str
    caveat: Caveat | None = None


Register = Callable[[AsyncSession, Scope], Awaitable[Mapping[str, Counted]]]
"""A register of the service: counts for a scope, by figure code."""


@dataclass(frozen=True)
class Engine:
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


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.reporting
    return engine


TheEngine = Annotated[Engine, Depends(_engine)]
