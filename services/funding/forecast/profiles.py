"""Shipped payment profiles, and the weights of the forecast. Pure.

Shares and paces are whole numbers in parts per billion (ppb), so that every result is whole and the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from services.funding.ledger import Capital

WHOLE_PPB = 1_000_000_000
PERCENT_PPB = WHOLE_PPB // 100

MAX_PACE_PPB = 10 * WHOLE_PPB
"""Ten times the usual pace; a wider range tells a reader nothing."""
MAX_PAST_YEARS = 20
"""Four medium-term plans; earlier years were paid out under other laws."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class PaymentProfile:
    """The share of the remaining money that is paid in each month, as shipped."""

    capital: Capital
    valid_from: date
    shares_ppb: tuple[int, ...]
    """From January of the budget year on."""
    extended_share_ppb: int
    """In each later month, of money with an extended deadline."""
    slow_ppb: int
    """The pace of the remaining payments at the lower end of the range; the likely pace is a whole."""
    quick_ppb: int
    """The same at the upper end."""
    legal_basis: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class ForecastMethod:
    """The shipped profiles, and the weights of past years and of the pace so far."""

    covers_percent: int
    """Of a hundred units, how many are meant to end within their range."""
    past_years: int
    capital_weight_ppb: int
    line_weight_ppb: int
    profiles: tuple[PaymentProfile, ...]

    def find_profile(self, capital: Capital, year: int) -> PaymentProfile:
        """Return the profile of a capital kind that is in force in a budget year; before the first one, the first."""
        of_capital = sorted(
            (profile for profile in self.profiles if profile.capital == capital),
            key=lambda profile: profile.valid_from,
        )
        in_force = [profile for profile in of_capital if profile.valid_from <= date(year, 12, 31)]
        return (in_force or of_capital[:1])[-1]


def to_shares(disbursed_ppb: Sequence[int]) -> tuple[int, ...]:
    """Return the shares of the remaining money from what is disbursed by the end of each month; both in ppb."""
    if len(disbursed_ppb) < MONTHS or any(later < earlier for earlier, later in pairwise(disbursed_ppb)):
        raise ValueError("twelve months or more are required, and none below the one before")
    return tuple(
        divide_to_nearest((later - earlier) * WHOLE_PPB, WHOLE_PPB - earlier)
        if earlier < WHOLE_PPB
        else WHOLE_PPB
        for earlier, later in pairwise([0, *disbursed_ppb])
    )


def to_disbursed(shares_ppb: Sequence[int]) -> list[int]:
    """Return what is disbursed by the end of each month from the shares of the remaining money; both in ppb."""
    left, disbursed = WHOLE_PPB, []
    for share in shares_ppb:
        left -= divide_to_nearest(left * share, WHOLE_PPB)
        disbursed.append(WHOLE_PPB - left)
    return disbursed


def divide_to_nearest(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest whole number."""
    return (2 * numerator + denominator) // (2 * denominator)
