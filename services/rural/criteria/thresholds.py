"""Thresholds of indicators by region and assessment year, and which unit lies in which region: dated data, as sets are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from services.rural.criteria.sets import Sets
from shared.kit.problems import Sentence
from shared.reporting.dated import Dated, Row, dated, read_tables, refuse_two_at_once, sentence

THRESHOLDS_FILE = Path(__file__).with_name("thresholds.toml")


@dataclass(frozen=True, slots=True)
class Member(Dated):
    """A unit, with everything below it, in a region while that holds; a lower unit's own row goes before."""

    unit: str
    region: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """What an indicator is held to in the assessments of some years, in a region or in one unit."""

    indicator: str
    place: str
    """Code of the region, or of the unit that sets it for itself."""
    first_year: int
    last_year: int
    value: Decimal
    legal_basis: str
    confidence: str


@dataclass(frozen=True)
class Thresholds:
    """All thresholds, and the regions in which they hold."""

    regions: Mapping[str, Sentence]
    members: tuple[Member, ...]
    by_indicator: Mapping[str, tuple[Threshold, ...]]

    def region(self, line: Sequence[str], on: date) -> str | None:
        """Tell in which region a unit lies on a day; `line` is its code and those above it, the nearest first."""
        for code in line:
            for member in self.members:
                if member.unit == code and member.in_force(on):
                    return member.region
        return None

    def find(self, indicator: str, year: int, places: Sequence[str]) -> Threshold | None:
        """Give the threshold of an indicator for a year: that of the first of these places which has one."""
        rows = self.by_indicator.get(indicator, ())
        for place in places:
            for row in rows:
                if row.place == place and row.first_year <= year <= row.last_year:
                    return row
        return None


def read_thresholds(sets: Sets, path: Path | None = None) -> Thresholds:
    """Read the thresholds from their table; one of an unknown indicator or region, or two at once, are refused."""
    tables = read_tables(path or THRESHOLDS_FILE)
    regions = {row["code"]: sentence(row) for row in tables["region"]}
    members = tuple(
        Member(**dated(row), unit=row["unit"], region=row["region"]) for row in tables.get("member", ())
    )
    refuse_two_at_once(members, lambda member: member.unit)
    rows = [_threshold(row) for row in tables.get("threshold", ())]
    known = {one.code for it in sets.values() for one in it.indicators if not one.passes}
    for row in rows:
        if row.indicator not in known:
            raise ValueError(f"a threshold of an unknown indicator: {row.indicator}")
    named = {row["region"] for row in tables.get("threshold", ()) if "region" in row}
    if strange := (named | {member.region for member in members}) - regions.keys():
        raise ValueError(f"thresholds or members of unknown regions: {sorted(strange)}")
    _refuse_two_in_a_year(rows)
    by_indicator = {code: tuple(row for row in rows if row.indicator == code) for code in known}
    return Thresholds(regions, members, by_indicator)


def _threshold(row: Row) -> Threshold:
    first, last = row["years"]
    return Threshold(
        indicator=row["indicator"],
        place=row.get("region") or row["unit"],
        first_year=first,
        last_year=last,
        value=Decimal(str(row["value"])),
        legal_basis=row["legal_basis"],
        confidence=row["confidence"],
    )


def _refuse_two_in_a_year(rows: Sequence[Threshold]) -> None:
    seen: set[tuple[str, str, int]] = set()
    for row in rows:
        for year in range(row.first_year, row.last_year + 1):
            case = (row.indicator, row.place, year)
            if case in seen:
                raise ValueError(f"two thresholds at once for {case}")
            seen.add(case)
