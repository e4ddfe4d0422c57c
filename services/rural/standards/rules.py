"""Whether a district or province meets its standard. Pure: its communes and their recognitions in, an answer out.

A condition that nothing here can answer stays unknown; a standard is met only when all conditions are known and met.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from shared.kit.problems import Sentence
from shared.reporting.dated import Dated, Row, dated, read_tables, refuse_two_at_once, sentence

STANDARDS_FILE = Path(__file__).with_name("standards.toml")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Condition(Dated):
    """One condition of a standard while it is in force."""

    code: str
    unit_level: str
    label: Sentence
    level: str | None
    least_percent: Decimal


@dataclass(frozen=True, slots=True)
class Judged:
    """How a unit stands against one condition; None where nothing here can tell."""

    condition: Condition
    having: int | None
    of: int | None
    needed: int | None
    """How many communes the condition asks for, rounded up."""
    lacking: tuple[str, ...]
    """The communes without that recognition, as long as more are needed."""

    @property
    def met(self) -> bool | None:
        """Whether it is met."""
        if self.having is None or self.needed is None:
            return None
        return bool(self.of) and self.having >= self.needed


def read_conditions(path: Path | None = None) -> tuple[Condition, ...]:
    """Read the conditions from their table."""
    conditions = tuple(_condition(row) for row in read_tables(path or STANDARDS_FILE)["condition"])
    refuse_two_at_once(conditions, lambda it: (it.unit_level, it.code))
    return conditions


def judge(
    conditions: Iterable[Condition],
    unit_level: str,
    on: date,
    communes: Collection[str],
    held: Mapping[str, Collection[str]],
) -> list[Judged]:
    """Judge a unit by the conditions in force; `held` are the levels in force, by commune."""
    found = []
    for condition in conditions:
        if condition.unit_level != unit_level or not condition.in_force(on):
            continue
        if condition.level is None:
            found.append(Judged(condition, None, None, None, ()))
            continue
        without = tuple(sorted(code for code in communes if condition.level not in held.get(code, ())))
        having = len(communes) - len(without)
        share = condition.least_percent * len(communes) / HUNDRED
        needed = int(share.to_integral_value(ROUND_CEILING))
        found.append(Judged(condition, having, len(communes), needed, without if having < needed else ()))
    return found


def standard_met(judged: Collection[Judged]) -> bool | None:
    """Tell whether a standard is met: no when a condition fails, unknown while one is unknown."""
    answers = [it.met for it in judged]
    if False in answers:
        return False
    return None if None in answers or not answers else True


def _condition(row: Row) -> Condition:
    return Condition(
        **dated(row),
        code=row["code"],
        unit_level=row["unit_level"],
        label=sentence(row),
        level=row.get("level"),
        least_percent=Decimal(str(row["least_percent"])),
    )
