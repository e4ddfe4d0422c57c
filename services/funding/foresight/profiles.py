"""How money is usually paid out, as shipped: dated data with its sources, and the numbers that the method turns on. Pure.

Shares and paces are whole billionths, so that all that is computed of them is whole and the same everywhere.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from services.funding.catalogue import DATA
from services.funding.ledger import CAPITALS, Capital

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


def read_method(folder: Path = DATA) -> Method:
    """Read the table; refuse one that leaves some money without a profile, or whose figures make no sense."""
    with (folder / "foresight.toml").open("rb") as file:
        said = tomllib.load(file, parse_float=Decimal)
    method = Method(
        covers_percent=_within("covers_percent", said["covers_percent"], 1, 99) // PERCENT,
        past_years=int(said["past_years"]),
        capital_weight=_within("capital_weight_percent", said["capital_weight_percent"], 1, 1000),
        line_weight=_within("line_weight_percent", said["line_weight_percent"], 1, 1000),
        profiles=tuple(_profile(row) for row in said["profile"]),
    )
    if not 0 <= method.past_years <= MOST_YEARS:
        raise ValueError(f"past_years: {method.past_years} is none of 0 to {MOST_YEARS}")
    known = {it.capital for it in method.profiles}
    for capital in CAPITALS:
        if capital not in known:
            raise ValueError(f"no profile for {capital} money")
    return method


def _profile(row: Mapping[str, Any]) -> Profile:
    where = row["capital"]
    if where not in CAPITALS:
        raise ValueError(f"{where}: no such capital kind")
    return Profile(
        capital=where,
        valid_from=row["valid_from"],
        shares=shares_of(
            [_within(f"disbursed_percent of {where}", it, 0, 100) for it in row["disbursed_percent"]]
        ),
        extended=_within(f"extended_percent of {where}", row["extended_percent"], 0, 100),
        slow=_within(f"slow_percent of {where}", row["slow_percent"], 0, 100),
        quick=_within(f"quick_percent of {where}", row["quick_percent"], 100, MOST_PACE // PERCENT),
        legal_basis=row["legal_basis"],
        source=row["source"],
        confidence=row["confidence"],
    )


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


def _within(where: str, percent: Decimal | int, least: int, most: int) -> int:
    if not least <= percent <= most:
        raise ValueError(f"{where}: {percent} is none of {least} to {most}")
    return int(percent * PERCENT)
