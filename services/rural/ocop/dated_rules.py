"""The rules of the OCOP program as dated facts: bands, grantors, validity, parts of a score, groups. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Sentence


@dataclass(frozen=True, slots=True)
class StarBand(DatedFact):
    """The scores that give a number of stars: from `low` to below `high`; the highest band includes its `high`."""

    stars: int
    low: Decimal
    high: Decimal
    certified: bool
    """Whether this number of stars gives a certificate."""


@dataclass(frozen=True, slots=True)
class Grantor(DatedFact):
    """The authority that grants a number of stars."""

    stars: int
    code: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class CertificateValidity(DatedFact):
    """The number of calendar months for which a certificate is valid from its decision."""

    months: int


@dataclass(frozen=True, slots=True)
class ScorePart(DatedFact):
    """A part of the score, with the maximum of its points."""

    code: str
    points: Decimal
    label: Sentence


@dataclass(frozen=True, slots=True)
class ProductGroup(DatedFact):
    """A group of products."""

    number: int
    label: Sentence


@dataclass(frozen=True)
class OcopRules:
    """All rules of the program; a decision follows those of its own date."""

    bands: tuple[StarBand, ...]
    grantors: tuple[Grantor, ...]
    validities: tuple[CertificateValidity, ...]
    parts: tuple[ScorePart, ...]
    groups: tuple[ProductGroup, ...]

    def find_band(self, score: Decimal, on: date) -> StarBand | None:
        """Return the band of a score; the highest score belongs to the highest band."""
        bands = select_in_force(self.bands, on)
        top = max((band.high for band in bands), default=Decimal(0))
        for band in bands:
            if band.low <= score and (score < band.high or score == band.high == top):
                return band
        return None

    def find_highest_band(self, on: date) -> StarBand | None:
        """Return the band of the most stars."""
        return max(select_in_force(self.bands, on), key=lambda band: band.stars, default=None)

    def find_grantor(self, stars: int, on: date) -> Grantor | None:
        """Return the authority that grants a number of stars."""
        return next((row for row in select_in_force(self.grantors, on) if row.stars == stars), None)

    def find_end(self, decided_on: date) -> date | None:
        """Return the first day on which a certificate of that date is no longer valid."""
        rule = self.find_validity(decided_on)
        return add_months(decided_on, rule.months) if rule else None

    def is_valid(self, decided_on: date, on: date) -> bool:
        """Whether a certificate of a date is valid on a day."""
        ends_on = self.find_end(decided_on)
        return ends_on is not None and decided_on <= on < ends_on

    def find_validity(self, decided_on: date) -> CertificateValidity | None:
        """Return the rule by which a certificate of that date is valid."""
        return next(iter(select_in_force(self.validities, decided_on)), None)

    def select_parts(self, on: date) -> list[ScorePart]:
        """Return the parts of a score in their order; none where no rule names any."""
        return select_in_force(self.parts, on)

    def find_group(self, number: int, on: date) -> ProductGroup | None:
        """Return the group of a number on a day."""
        return self.map_groups(on).get(number)

    def map_groups(self, on: date) -> dict[int, ProductGroup]:
        """Return the groups by number."""
        return {group.number: group for group in select_in_force(self.groups, on)}


def add_months(day: date, months: int) -> date:
    """Return the same day a number of calendar months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
