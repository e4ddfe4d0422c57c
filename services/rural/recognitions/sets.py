"""Criteria sets as dated data with a legal basis: what each recognizes, for which years, by whom, on which conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from shared.kit.problems import Sentence
from shared.reporting.dated import Row, read_tables, sentence

SETS_FILE = Path(__file__).with_name("criteria_sets.toml")

RecognitionLevel = Literal["meets", "advanced", "model"]
"""From the lowest to the highest."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who recognizes, while that holds."""

    name: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """A set of criteria: what it recognizes, for which years, by whom."""

    code: str
    label: Sentence
    unit_level: str
    unit_kinds: frozenset[str] | None
    level: RecognitionLevel
    first_year: int
    last_year: int
    authorities: tuple[Authority, ...]
    legal_basis: str
    confidence: str
    needs: RecognitionLevel | None
    needs_clause: str
    fields: tuple[str, ...]
    field_clause: str
    assessed_by: str | None
    assessment_clause: str

    def authority(self, on: date) -> str | None:
        """Tell who recognizes under the set on a day."""
        for each in self.authorities:
            if each.valid_from <= on and (each.valid_to is None or on <= each.valid_to):
                return each.name
        return None


Sets = Mapping[str, CriteriaSet]


def read_sets(path: Path | None = None) -> Sets:
    """Read the criteria sets from their table."""
    return {row["code"]: _set(row) for row in read_tables(path or SETS_FILE)["set"]}


def _set(row: Row) -> CriteriaSet:
    first, last = row["years"]
    return CriteriaSet(
        code=row["code"],
        label=sentence(row),
        unit_level=row["unit_level"],
        unit_kinds=frozenset(row["unit_kinds"]) if "unit_kinds" in row else None,
        level=row["level"],
        first_year=first,
        last_year=last,
        authorities=tuple(
            Authority(it["name"], it["valid_from"], it.get("valid_to")) for it in row["authority"]
        ),
        legal_basis=row["legal_basis"],
        confidence=row["confidence"],
        needs=row.get("needs"),
        needs_clause=row.get("needs_clause", ""),
        fields=tuple(row.get("fields", ())),
        field_clause=row.get("field_clause", ""),
        assessed_by=row.get("assessed_by"),
        assessment_clause=row.get("assessment_clause", ""),
    )
