"""The rows that a closing freezes, their differences from later readings, and the reasons why a year cannot be closed. Pure.

Problem
└── Conflict
    └── YearAlreadyClosed      year_already_closed      the year is closed, and no entry changed it since
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from services.funding.closed_years.rules import Closing
from services.funding.ledger import AMOUNT_NAMES, Amounts
from services.funding.progress.rules import LotSum
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

GROUP = ("program", "capital", "source")
"""The keys of a frozen row."""
LINE = ("program", "component", "capital", "source", "unit", "origin_year")
"""The keys over which the hash is made."""

NOT_OVER = Sentence(
    "Năm {year} chưa kết thúc; chỉ khóa sổ từ ngày {first}.",
    "The year {year} is not over; it can be closed from {first} on.",
)
NOT_A_PROVINCE = Sentence(
    "{unit} không phải là tỉnh; năm ngân sách được khóa sổ cho cả tỉnh.",
    "{unit} is not a province; a budget year is closed for a whole province.",
)


class YearAlreadyClosed(Conflict):
    """The year is closed already, and no entry changed it since."""

    code = "year_already_closed"
    title = Sentence("Năm ngân sách đã khóa sổ", "The budget year is closed already")
    detail = Sentence(
        "Năm {year} của đơn vị {unit} đã khóa sổ ngày {closed_on} và không có bút toán nào sau đó.",
        "The year {year} of the unit {unit} was closed on {closed_on}, and no entry changed it since.",
    )

    def __init__(self, closing: Closing) -> None:
        super().__init__(
            closing=str(closing.id),
            year=closing.year,
            unit=closing.unit,
            closed_on=closing.closed_on.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """The amounts of one program, capital kind and source when the year was closed."""

    program: str
    capital: str
    source: str
    amounts: Amounts

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the row."""
        return self.program, self.capital, self.source

    def to_dict(self) -> dict[str, object]:
        """Return the row as it is stored."""
        return {
            "program": self.program,
            "capital": self.capital,
            "source": self.source,
            **asdict(self.amounts),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, object]) -> "FrozenRow":
        """Return the row that was stored; a measure that the ledger did not have then is 0."""
        values = {name: int(str(row.get(name, 0))) for name in AMOUNT_NAMES}
        return cls(str(row["program"]), str(row["capital"]), str(row["source"]), Amounts(**values))


@dataclass(frozen=True, slots=True)
class FrozenDifference:
    """A measure in which the present differs from what was frozen."""

    program: str
    capital: str
    source: str
    measure: str
    frozen_vnd: int
    present_vnd: int


def freeze(sums: Iterable[LotSum]) -> list[FrozenRow]:
    """Return the rows that a closing freezes, of sums by program, capital kind and source."""
    rows: dict[tuple[str, str, str], Amounts] = {}
    for lot_sum in sums:
        key = (str(lot_sum.keys["program"]), str(lot_sum.keys["capital"]), lot_sum.source)
        rows[key] = rows.get(key, Amounts()) + lot_sum.amounts
    return [FrozenRow(*key, amounts) for key, amounts in sorted(rows.items())]


def calculate_sha256(sums: Iterable[LotSum]) -> str:
    """Return the hash of the amounts by line and year of origin; equal ledgers give equal hashes. Lines without money do not count."""
    rows = sorted(
        [*(str(lot_sum.keys[name]) for name in LINE), _to_texts(lot_sum.amounts)]
        for lot_sum in sums
        if lot_sum.amounts != Amounts()
    )
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _to_texts(amounts: Amounts) -> str:
    return " ".join(f"{name}={value}" for name, value in asdict(amounts).items() if value)


def find_differences(frozen: Iterable[FrozenRow], present: Iterable[FrozenRow]) -> Iterator[FrozenDifference]:
    """Yield the measures that differ, by program, capital kind and source."""
    before = {row.key: row.amounts for row in frozen}
    after = {row.key: row.amounts for row in present}
    for key in sorted(before.keys() | after.keys()):
        values = zip(
            AMOUNT_NAMES,
            before.get(key, Amounts()).to_values(),
            after.get(key, Amounts()).to_values(),
            strict=True,
        )
        yield from (FrozenDifference(*key, name, old, new) for name, old, new in values if old != new)


def find_closing_faults(year: int | None, closed_on: date | None, today: date) -> Iterator[Fault]:
    """Yield that the year is not over, or that the day is none on which it can be closed."""
    if year is None:
        return
    first = date(year + 1, 1, 1)
    if today < first:
        yield make_fault("/year", "year_not_over", NOT_OVER, year=year, first=first.isoformat())
    elif closed_on is not None and closed_on < first:
        yield make_fault("/closed_on", "year_not_over", NOT_OVER, year=year, first=first.isoformat())


def require_changed(closings: Sequence[Closing], unit: str, entries_since: int) -> None:
    """Raise `YearAlreadyClosed` where the latest closing of a unit is not followed by an entry."""
    latest = [closing for closing in closings if closing.unit == unit][-1:]
    if latest and not entries_since:
        raise YearAlreadyClosed(latest[0])
