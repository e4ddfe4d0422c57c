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
from typing import Any, get_args

from services.funding.balances import CAPITALS, Capital
from services.funding.catalogue import DATA
from services.funding.lapses.rules import Money

WHOLE = 1_000_000_000
"""The whole, in billionths."""
PERCENT = WHOLE // 100

Kind = tuple[Capital, Money]
"""Money that is paid out alike: of one capital kind, and the year's own or carried into it."""
MONIES: tuple[Money, ...] = get_args(Money)
KINDS: tuple[Kind, ...] = tuple((capital, money) for capital in CAPITALS for money in MONIES)

MOST_PACE = 10 * WHOLE
"""Ten times as quick; a wider range says nothing."""
MOST_YEARS = 20
"""Four medium-term plans; older years were paid out under other laws."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """What share of the money that is left is paid in each month, in billionths."""

    kind: Kind
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
    class_weight: int
    line_weight: int
    profiles: tuple[Profile, ...]

    def profile(self, kind: Kind, year: int) -> Profile:
        """Give the profile of a kind that holds in a budget year; before the first, the first."""
        of = sorted((it for it in self.profiles if it.kind == kind), key=lambda each: each.valid_from)
        begun = [it for it in of if it.valid_from <= date(year, 12, 31)]
        return (begun or of[:1])[-1]


def read_method(folder: Path = DATA) -> Method:
    """Read the table; refuse one that leaves some money without a profile, or whose figures make no sense."""
    with (folder / "foresight.toml").open("rb") as file:
        said = tomllib.load(file, parse_float=Decimal)
    method = Method(
        covers_percent=_within("covers_percent", said["covers_percent"], 1, 99) // PERCENT,
        past_years=int(said["past_years"]),
        class_weight=_within("class_weight_percent", said["class_weight_percent"], 1, 1000),
        line_weight=_within("line_weight_percent", said["line_weight_percent"], 1, 1000),
        profiles=tuple(_profile(row) for row in said["profile"]),
    )
    if not 0 <= method.past_years <= MOST_YEARS:
        raise ValueError(f"past_years: {method.past_years} is none of 0 to {MOST_YEARS}")
    known = {it.kind for it in method.profiles}
    for kind in KINDS:
        if kind not in known:
            raise ValueError(f"no profile for {kind[1]} {kind[0]} money")
    return method


def _profile(row: Mapping[str, Any]) -> Profile:
    kind: Kind = (row["capital"], row["money"])
    where = f"{kind[1]} {kind[0]}"
    if kind not in KINDS:
        raise ValueError(f"{where}: no such money")
    return Profile(
        kind=kind,
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
        (later - earlier) * WHOLE // (WHOLE - earlier) if earlier < WHOLE else WHOLE
        for earlier, later in pairwise([0, *disbursed])
    )


def disbursed_of(shares: Sequence[int]) -> list[int]:
    """Turn shares of what was left back into what was paid by the end of each month, in billionths of the whole."""
    left, found = WHOLE, []
    for share in shares:
        left -= left * share // WHOLE
        found.append(WHOLE - left)
    return found


def _within(where: str, percent: Decimal | int, least: int, most: int) -> int:
    if not least <= percent <= most:
        raise ValueError(f"{where}: {percent} is none of {least} to {most}")
    return int(percent * PERCENT)
