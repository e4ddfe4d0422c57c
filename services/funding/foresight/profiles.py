"""How money is usually paid out, as shipped: dated data with its sources, and the numbers that the method turns on. Pure.

Shares and paces are whole billionths, so that all that is computed of them is whole and the same everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.funding.ledger import Capital

WHOLE = 1_000_000_000
"""The whole, in billionths."""
PERCENT = WHOLE // 100

MOST_PACE = 10 * WHOLE
"""Ten times as quick; a wider range says nothing."""
MOST_YEARS = 20
"""Four medium-term plans; older years were paid out under other laws."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """What share of the money that is left is paid in each month, in billionths."""

    capital: Capital
    valid_from: date
    shares: tuple[int, ...]
    """From January of the budget year on."""
    extended: int
    """In a month past these."""
    slow: int
    """The pace of what is still to be paid at the lower end of the range, in billionths of the likely one."""
    quick: int
    legal_basis: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Method:
    """The shipped profiles, and how much the ledger's own past and pace weigh beside them."""

    covers_percent: int
    past_years: int
    capital_weight: int
    line_weight: int
    profiles: tuple[Profile, ...]

    def profile(self, capital: Capital, year: int) -> Profile:
        """Give the profile of a capital kind that holds in a budget year; before the first, the first."""
        of = sorted((it for it in self.profiles if it.capital == capital), key=lambda each: each.valid_from)
        begun = [it for it in of if it.valid_from <= date(year, 12, 31)]
        return (begun or of[:1])[-1]


def shares_of(disbursed: Sequence[int]) -> tuple[int, ...]:
    """Turn what was paid by the end of each month, in billionths of the whole, into shares of what was left."""
    if len(disbursed) < MONTHS or any(later < earlier for earlier, later in pairwise(disbursed)):
        raise ValueError("disbursed_percent: twelve months or more are wanted, and none below the one before")
    return tuple(
        nearest((later - earlier) * WHOLE, WHOLE - earlier) if earlier < WHOLE else WHOLE
        for earlier, later in pairwise([0, *disbursed])
    )


def disbursed_of(shares: Sequence[int]) -> list[int]:
    """Turn shares of what was left back into what was paid by the end of each month, in billionths of the whole."""
    left, found = WHOLE, []
    for share in shares:
        left -= nearest(left * share, WHOLE)
        found.append(WHOLE - left)
    return found


def nearest(numerator: int, denominator: int) -> int:
    """Divide to the nearest whole number."""
    return (2 * numerator + denominator) // (2 * denominator)
