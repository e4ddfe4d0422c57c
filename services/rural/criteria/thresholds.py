"""Thresholds of indicators by region and assessment year, and which unit lies in which region. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Sentence


@dataclass(frozen=True, slots=True)
class ThresholdRegion:
    """A region by which thresholds differ."""

    code: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class RegionMember(DatedFact):
    """A unit, with everything below it, in a region while that holds; a lower unit's own row goes before."""

    unit: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The threshold of an indicator in the assessments of some years, in a region or in one unit."""

    indicator: str
    region: str | None = None
    unit: str | None = None
    """The unit that sets it for itself."""
    years: tuple[int, int]
    """The first and the last assessment year."""
    value: Decimal
    legal_basis: str
    confidence: str
    valid_from: date | None = None
    """The first day on which the code of its unit names that unit; None: every day."""
    valid_to: date | None = None
    """The last day on which it does; None: to this day."""

    def __post_init__(self) -> None:
        if (self.region is None) == (self.unit is None):
            raise ValueError("needs a region or a unit, and not both")

    @property
    def area(self) -> str:
        """Code of the region, or of the unit that sets it for itself."""
        return self.region or self.unit or ""

    @property
    def first_year(self) -> int:
        """The first assessment year."""
        return self.years[0]

    @property
    def last_year(self) -> int:
        """The last assessment year."""
        return self.years[1]

    def includes_year(self, year: int) -> bool:
        """Whether it is for the assessments of a year."""
        return self.first_year <= year <= self.last_year

    def is_of_unit(self, on: date) -> bool:
        """Whether the code of its unit names that unit on a day."""
        if self.valid_from is not None and on < self.valid_from:
            return False
        return self.valid_to is None or on <= self.valid_to

    def overlaps(self, other: "Threshold") -> bool:
        """Whether both are for the assessments of one year."""
        return self.first_year <= other.last_year and other.first_year <= self.last_year


@dataclass(frozen=True)
class Thresholds:
    """All thresholds, and the regions in which they hold."""

    regions: Mapping[str, Sentence]
    """Labels by code."""
    members: tuple[RegionMember, ...]
    by_indicator: Mapping[str, tuple[Threshold, ...]]

    def find_region(self, line: Sequence[str], on: date) -> str | None:
        """Return the region of a unit on a day; `line` is its code and those above it, the nearest first."""
        for code in line:
            for member in self.members:
                if member.unit == code and member.is_in_force(on):
                    return member.region
        return None

    def find(self, indicator: str, year: int, areas: Sequence[str], on: date) -> Threshold | None:
        """Return the threshold of an indicator for a year: that of the first of these areas which has one.

        The areas are units of a day, and their region.
        """
        rows = self.by_indicator.get(indicator, ())
        for area in areas:
            for row in rows:
                if row.area == area and row.includes_year(year) and row.is_of_unit(on):
                    return row
        return None


@dataclass
class ThresholdsInUse:
    """The thresholds by which verdicts are made now; they are replaced while the service runs."""

    current: Thresholds
