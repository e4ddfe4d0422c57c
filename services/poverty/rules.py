"""What is true of poor and near-poor households. Pure: one unit's values in, faults out, each at its indicator.

The movement identities are those of the review forms (TT 07/2021/TT-BLĐTBXH, forms 2 and 3): what there is at the end
is what there was, less what left, plus what came.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.kit.problems import Fault, Sentence, make_fault

Values = Mapping[str, Decimal]
"""One unit's values by indicator."""

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """The columns of a movement table, in the order of the form: start, what leaves, what comes, end."""

    start: str
    leaving: tuple[str, ...]
    coming: tuple[str, ...]
    end: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return (self.start, *self.leaving, *self.coming, self.end)

    def end_of(self, values: Values) -> Decimal | None:
        """Compute the end from the other columns, or None when one of them is not stated."""
        needed = (self.start, *self.leaving, *self.coming)
        if any(code not in values for code in needed):
            return None
        left = sum((values[code] for code in self.leaving), NOTHING)
        came = sum((values[code] for code in self.coming), NOTHING)
        return values[self.start] - left + came


POOR = Movement(
    start="poor_households_start",
    leaving=("poor_to_near_poor", "poor_to_above_near_poor", "poor_other_decrease"),
    coming=("near_poor_to_poor", "returned_to_poverty", "newly_poor", "poor_other_increase"),
    end="poor_households",
)
"""Form 2: poor households."""

NEAR_POOR = Movement(
    start="near_poor_households_start",
    leaving=("near_poor_to_poor", "near_poor_to_above", "near_poor_other_decrease"),
    coming=(
        "poor_to_near_poor",
        "returned_to_near_poverty",
        "newly_near_poor",
        "near_poor_other_increase",
    ),
    end="near_poor_households",
)
"""Form 3: near-poor households. It shares two columns with form 2: who moves between the two groups."""

MOVEMENT_BROKEN = Sentence(
    "Cuối kỳ phải bằng đầu kỳ trừ giảm cộng tăng: {computed}, không phải {stated}.",
    "The end must be the start less what left plus what came: {computed}, not {stated}.",
)
MORE_THAN_THERE_WERE = Sentence(
    "Số hộ giảm {left} nhiều hơn số hộ đầu kỳ cộng số hộ tăng {available}.",
    "{left} households left, more than the {available} that there were and that came.",
)
MORE_THAN_ALL = Sentence(
    "Hộ nghèo và cận nghèo ({poor}) nhiều hơn tổng số hộ ({households}).",
    "Poor and near-poor households ({poor}) are more than all households ({households}).",
)


def movement_holds(values: Values) -> Iterator[Fault]:
    """Check that each movement table adds up, wherever all of its columns are stated."""
    for table in (POOR, NEAR_POOR):
        computed = table.end_of(values)
        stated = values.get(table.end)
        if computed is None or stated is None:
            continue
        if computed < NOTHING:
            left = sum((values[code] for code in table.leaving), NOTHING)
            yield _at(
                table.start,
                "movement_exceeds_start",
                MORE_THAN_THERE_WERE,
                left=left,
                available=computed + left,
            )
        elif computed != stated:
            yield _at(table.end, "movement_broken", MOVEMENT_BROKEN, computed=computed, stated=stated)


def no_more_than_all(values: Values) -> Iterator[Fault]:
    """Check that poor and near-poor households together are no more than all households."""
    households = values.get("households")
    poor = values.get("poor_households", NOTHING) + values.get("near_poor_households", NOTHING)
    if households is not None and poor > households:
        yield _at("households", "more_poor_than_households", MORE_THAN_ALL, poor=poor, households=households)


CHECKS = (movement_holds, no_more_than_all)


def _at(indicator: str, code: str, sentence: Sentence, **facts: Decimal) -> Fault:
    return make_fault(
        indicator, code, sentence, **{name: f"{value.normalize():f}" for name, value in facts.items()}
    )
