"""Facts that a decision can change, kept as tables of data: each row on its legal basis, with days of validity.

A table is a TOML file beside the code that reads it; an installation names another file in its settings to replace it
without a release. It is read and checked whole at start. Pure: the standard library only.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from shared.kit.problems import Sentence

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dated:
    """A row while it is in force, on its legal basis."""

    legal_basis: str
    confidence: str
    """How sure it is: sourced, from memory, unsure."""
    valid_from: date
    valid_to: date | None

    def in_force(self, on: date) -> bool:
        """Tell whether it holds on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


Rule = TypeVar("Rule", bound=Dated)


def read_tables(path: Path) -> Mapping[str, Sequence[Row]]:
    """Read a file of tables, each a list of rows."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def dated(row: Row) -> dict[str, Any]:
    """Give the basis and the days of a row, by the names that `Dated` has for them."""
    return {
        "legal_basis": row["legal_basis"],
        "confidence": row["confidence"],
        "valid_from": row["valid_from"],
        "valid_to": row.get("valid_to"),
    }


def sentence(row: Row, name: str = "label") -> Sentence:
    """Give what a row says in both languages."""
    return Sentence(row[name]["vi"], row[name]["en"])


def in_force(rules: Iterable[Rule], on: date) -> list[Rule]:
    """Give the rows that hold on a day."""
    return [rule for rule in rules if rule.in_force(on)]


def refuse_two_at_once(rules: Sequence[Rule], case: Callable[[Rule], object]) -> None:
    """Refuse a table in which two rows hold at once for one case."""
    for place, one in enumerate(rules):
        for two in rules[place + 1 :]:
            if case(one) == case(two) and (one.in_force(two.valid_from) or two.in_force(one.valid_from)):
                raise ValueError(f"two rows at once for {case(one)}: {one.valid_from} and {two.valid_from}")
