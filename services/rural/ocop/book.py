"""The rules of the OCOP program as dated data with a legal basis: bands, grantors, validity, parts of a score, groups."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from shared.kit.problems import Sentence
from shared.reporting.dated import Dated, dated, in_force, read_tables, refuse_two_at_once, sentence

RULES_FILE = Path(__file__).with_name("ocop.toml")


@dataclass(frozen=True, slots=True)
class Band(Dated):
    """Which scores give how many stars: from `low`, up to but not including `high` (100 is in the highest band)."""

    stars: int
    low: Decimal
    high: Decimal
    certified: bool
    """Whether so many stars give a certificate at all."""


@dataclass(frozen=True, slots=True)
class Grantor(Dated):
    """Who grants so many stars."""

    stars: int
    code: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class Validity(Dated):
    """How many calendar months a certificate is valid from its decision."""

    months: int


@dataclass(frozen=True, slots=True)
class Part(Dated):
    """A part of the score and its most points."""

    code: str
    points: Decimal
    label: Sentence


@dataclass(frozen=True, slots=True)
class Group(Dated):
    """A group of products."""

    number: int
    label: Sentence


@dataclass(frozen=True)
class Book:
    """All rules of the program; a decision is judged by those of its own date."""

    bands: tuple[Band, ...]
    grantors: tuple[Grantor, ...]
    validities: tuple[Validity, ...]
    parts: tuple[Part, ...]
    groups: tuple[Group, ...]

    def band_of(self, score: Decimal, on: date) -> Band | None:
        """Give the band that a score falls into."""
        bands = in_force(self.bands, on)
        top = max((band.high for band in bands), default=Decimal(0))
        for band in bands:
            if band.low <= score and (score < band.high or score == band.high == top):
                return band
        return None

    def highest(self, on: date) -> Band | None:
        """Give the band of the most stars."""
        return max(in_force(self.bands, on), key=lambda band: band.stars, default=None)

    def grantor(self, stars: int, on: date) -> Grantor | None:
        """Tell who grants so many stars."""
        return next((it for it in in_force(self.grantors, on) if it.stars == stars), None)

    def ends_on(self, decided_on: date) -> date | None:
        """Give the first day on which a certificate of that date is no longer valid."""
        rule = self.validity(decided_on)
        return add_months(decided_on, rule.months) if rule else None

    def valid(self, decided_on: date, on: date) -> bool:
        """Tell whether a certificate of a date is valid on a day."""
        ends_on = self.ends_on(decided_on)
        return ends_on is not None and decided_on <= on < ends_on

    def validity(self, decided_on: date) -> Validity | None:
        """Give the rule by which a certificate of that date is valid."""
        return next(iter(in_force(self.validities, decided_on)), None)

    def parts_on(self, on: date) -> list[Part]:
        """Give the parts of a score in their order; none where no rule divides it."""
        return in_force(self.parts, on)

    def groups_on(self, on: date) -> dict[int, Group]:
        """Give the groups by number."""
        return {it.number: it for it in in_force(self.groups, on)}


def add_months(day: date, months: int) -> date:
    """Give the same day so many calendar months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def read_book(path: Path | None = None) -> Book:
    """Read the rules from their table; a table in which two bands or validities hold at once for one case is refused."""
    tables = read_tables(path or RULES_FILE)
    book = Book(
        bands=tuple(
            Band(
                **dated(row),
                stars=row["stars"],
                low=Decimal(row["from"]),
                high=Decimal(row["to"]),
                certified=row["certified"],
            )
            for row in tables["band"]
        ),
        grantors=tuple(
            Grantor(**dated(row), stars=row["stars"], code=row["code"], label=sentence(row))
            for row in tables["grantor"]
        ),
        validities=tuple(Validity(**dated(row), months=row["months"]) for row in tables["validity"]),
        parts=tuple(
            Part(**dated(row), code=row["code"], points=Decimal(row["points"]), label=sentence(row))
            for row in tables["part"]
        ),
        groups=tuple(
            Group(**dated(row), number=row["number"], label=sentence(row)) for row in tables["group"]
        ),
    )
    refuse_two_at_once(book.bands, lambda band: band.stars)
    refuse_two_at_once(book.grantors, lambda grantor: grantor.stars)
    refuse_two_at_once(book.validities, lambda _: "validity")
    return book
