"""What is true of poor and near-poor households. Pure: one unit's values in, faults out, each at its indicator.

The identities of the movement are those of the review forms (TT 07/2021/TT-BLĐTBXH, forms 2 and 3): the households at
the end of the period are those at its start, less those that left, plus those that came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.derivations import Values
from shared.reporting.report_content import to_canonical_text

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HouseholdMovement:
    """The columns of a movement table, as codes of indicators in the order of the form."""

    start: str
    leaving: tuple[str, ...]
    coming: tuple[str, ...]
    end: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return (self.start, *self.leaving, *self.coming, self.end)

    def compute_end(self, values: Values) -> Decimal | None:
        """Return the end computed from the other columns; None where one of them is not stated."""
        try:
            return values[self.start] - sum_columns(self.leaving, values) + sum_columns(self.coming, values)
        except KeyError:
            return None


POOR = HouseholdMovement(
    start="poor_households_start",
    leaving=("poor_to_near_poor", "poor_to_above_near_poor", "poor_other_decrease"),
    coming=("near_poor_to_poor", "returned_to_poverty", "newly_poor", "poor_other_increase"),
    end="poor_households",
)
"""Form 2: poor households."""

NEAR_POOR = HouseholdMovement(
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
"""Form 3: near-poor households. It shares two columns with form 2: the households that move between the two groups."""

POOR_PERSONS = HouseholdMovement(
    start="poor_persons_start",
    leaving=("poor_persons_to_near_poor", "poor_persons_to_above_near_poor", "poor_persons_other_decrease"),
    coming=(
        "near_poor_persons_to_poor",
        "persons_returned_to_poverty",
        "newly_poor_persons",
        "poor_persons_other_increase",
    ),
    end="poor_persons",
)
"""Form 2: persons in poor households."""

NEAR_POOR_PERSONS = HouseholdMovement(
    start="near_poor_persons_start",
    leaving=("near_poor_persons_to_poor", "near_poor_persons_to_above", "near_poor_persons_other_decrease"),
    coming=(
        "poor_persons_to_near_poor",
        "persons_returned_to_near_poverty",
        "newly_near_poor_persons",
        "near_poor_persons_other_increase",
    ),
    end="near_poor_persons",
)
"""Form 3: persons in near-poor households."""

MOVEMENTS = (POOR, NEAR_POOR, POOR_PERSONS, NEAR_POOR_PERSONS)

MOVEMENT_BROKEN = Sentence(
    "Cuối kỳ phải bằng đầu kỳ trừ giảm cộng tăng: {computed}, không phải {stated}.",
    "The end must be the start less those that left plus those that came: {computed}, not {stated}.",
)
MOVEMENT_EXCEEDS_START = Sentence(
    "Số giảm {left} nhiều hơn số đầu kỳ cộng số tăng {available}.",
    "Those that left ({left}) are more than those at the start plus those that came ({available}).",
)
POOR_EXCEED_HOUSEHOLDS = Sentence(
    "Hộ nghèo và cận nghèo ({poor}) nhiều hơn tổng số hộ ({households}).",
    "The poor and near-poor households ({poor}) are more than all households ({households}).",
)


def check_movement(values: Values) -> Iterator[Fault]:
    """Yield a fault for each movement table of which all columns are stated and that does not add up."""
    for movement in MOVEMENTS:
        computed, stated = movement.compute_end(values), values.get(movement.end)
        if computed is None or stated is None:
            continue
        if computed < ZERO:
            left = sum_columns(movement.leaving, values)
            yield _make_indicator_fault(
                movement.start,
                "movement_exceeds_start",
                MOVEMENT_EXCEEDS_START,
                left=left,
                available=computed + left,
            )
        elif computed != stated:
            yield _make_indicator_fault(
                movement.end, "movement_broken", MOVEMENT_BROKEN, computed=computed, stated=stated
            )


def check_poor_within_households(values: Values) -> Iterator[Fault]:
    """Yield a fault where poor and near-poor households together are more than all households."""
    households = values.get("households")
    poor = values.get("poor_households", ZERO) + values.get("near_poor_households", ZERO)
    if households is not None and poor > households:
        yield _make_indicator_fault(
            "households",
            "more_poor_than_households",
            POOR_EXCEED_HOUSEHOLDS,
            poor=poor,
            households=households,
        )


def sum_columns(codes: tuple[str, ...], values: Values) -> Decimal:
    """Return the sum of some columns, all of them stated."""
    return sum(map(values.__getitem__, codes), ZERO)


CHECKS = (check_movement, check_poor_within_households)


def _make_indicator_fault(indicator: str, code: str, sentence: Sentence, **facts: Decimal) -> Fault:
    texts = {name: to_canonical_text(value) for name, value in facts.items()}
    return make_fault(indicator, code, sentence, **texts)
