"""The tables of a catalogue that only its program reads, such as sets of criteria."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from shared.dated_facts.loader import FactsFile
from shared.reporting.catalogue.definitions import Indicator
from shared.reporting.catalogue.derivations import DerivationRule


@dataclass(frozen=True)
class ProgramPart:
    """What a program read from its own tables, and what follows from it for the catalogue."""

    content: object
    indicators: tuple[Indicator, ...] = ()
    derivation_rules: tuple[DerivationRule, ...] = ()


class RowsInUseFinder(Protocol):
    """Finds the rows of the program's tables that are removed and in use."""

    def __call__(
        self, session: AsyncSession, before: object, after: object, /
    ) -> Awaitable[Sequence[dict[str, str]]]:
        """Return the table and code of each row that a later version lacks and that is in use."""
        ...


@dataclass(frozen=True)
class ProgramTables:
    """How a program reads its own tables of a catalogue."""

    shipped: Mapping[str, Any]
    """The rows by table, which hold where a version states none of the table."""
    read: Callable[[FactsFile], ProgramPart]
    find_rows_in_use: RowsInUseFinder
