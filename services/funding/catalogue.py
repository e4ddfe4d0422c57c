"""Which programs, components, sources of money and agencies there are, from when to when and by which document. Pure.

They are tables (`data/*.csv`), because they change by decision and not by release; another folder may be named by a
setting. Each row says its legal basis and how sure we are of it.
"""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

from services.funding.ledger import CAPITALS, Capital
from shared.kit.problems import Fault, Sentence, make_fault

DATA = Path(__file__).with_name("data")

InRate = Literal["yes", "separate", "no"]
"""Whether a source counts in the disbursement rate, has a rate of its own, or none."""

MOST_PERCENT = 1000
"""Ten times the central money; a ratio above it is a typing error."""

UNKNOWN = Sentence("Không có mã “{value}” trong danh mục.", "“{value}” is not in the catalogue.")
NOT_IN_FORCE = Sentence(
    "“{value}” không có hiệu lực trong năm {year} (hiệu lực {interval}).",
    "“{value}” is not in force in {year} (in force {interval}).",
)
OF_ANOTHER_PROGRAM = Sentence(
    "Thành phần “{value}” thuộc chương trình “{owner}”.",
    "The component “{value}” is of the program “{owner}”.",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What every row of the catalogue says."""

    code: str
    name_vi: str
    name_en: str
    valid_from: date
    valid_to: date | None
    legal_basis: str
    confidence: str

    def in_force_during(self, year: int) -> bool:
        """Tell whether it holds on some day of a year."""
        return self.valid_from.year <= year and (self.valid_to is None or year <= self.valid_to.year)

    @property
    def interval(self) -> str:
        """Say the validity as an ISO 8601 interval, open when it still holds."""
        return f"{self.valid_from.isoformat()}/{self.valid_to.isoformat() if self.valid_to else '..'}"


@dataclass(frozen=True, slots=True)
class Program(Listed):
    """A national target program and its code in the budget classification."""

    budget_code: str


@dataclass(frozen=True, slots=True)
class Component(Listed):
    """A content, project or sub-project of a program."""

    program: str
    level: str
    parent: str | None
    label_vi: str


@dataclass(frozen=True, slots=True)
class Source(Listed):
    """Where money comes from. Sources of one group are shown together, as parts."""

    group: str
    kind: str
    in_rate: InRate
    counterpart: bool
    """Whether it counts towards the local counterpart that the central money demands."""
    official_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agency(Listed):
    """An agency of a province or district that money is given to."""

    seat: str
    """The unit whose government it is of."""
    budget_chapter: str | None
    successor: str | None
    """The agency that took it over when it ended, if one did."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The least local counterpart of a program, in percent of its central money; of one capital kind or of both."""

    program: str
    capital: Capital | None
    min_percent: Decimal
    valid_from: date
    valid_to: date | None
    legal_basis: str
    confidence: str

    def in_force_during(self, year: int) -> bool:
        """Tell whether it holds at the end of a budget year."""
        last = date(year, 12, 31)
        return self.valid_from <= last and (self.valid_to is None or last <= self.valid_to)


@dataclass(frozen=True)
class Catalogue:
    """The tables; programs, components, sources and agencies by code."""

    programs: Mapping[str, Program]
    components: Mapping[str, Component]
    sources: Mapping[str, Source]
    agencies: Mapping[str, Agency]
    ratios: tuple[Ratio, ...]

    @property
    def counted(self) -> frozenset[str]:
        """The sources that count in the disbursement rate."""
        return frozenset(code for code, source in self.sources.items() if source.in_rate == "yes")

    @property
    def non_state(self) -> frozenset[str]:
        """The sources that may give labour, land or goods instead of money."""
        return frozenset(code for code, source in self.sources.items() if source.kind == "non-state")

    @property
    def with_a_rate(self) -> frozenset[str]:
        """The sources that have a rate when they stand alone."""
        return frozenset(code for code, source in self.sources.items() if source.in_rate != "no")

    def faults_of(
        self, *, program: str | None, component: str | None, source: str | None, funded_in: int | None
    ) -> Iterator[Fault]:
        """Name what is wrong with the codes of an entry; `funded_in` is the year whose money it brings, if it does."""
        yield from _listed("/program", program, self.programs, funded_in)
        yield from _listed("/component", component, self.components, funded_in)
        yield from _listed("/source", source, self.sources, funded_in)
        yield from self._of_another_program("/component", program, component)

    def faults_of_component(
        self, pointer: str, program: str | None, component: str | None
    ) -> Iterator[Fault]:
        """Name what is wrong with a component that money is moved to."""
        yield from _listed(pointer, component, self.components, None)
        yield from self._of_another_program(pointer, program, component)

    def _of_another_program(
        self, pointer: str, program: str | None, component: str | None
    ) -> Iterator[Fault]:
        known = self.components.get(component or "")
        if known is not None and program in self.programs and known.program != program:
            yield make_fault(
                pointer, "component_of_another_program", OF_ANOTHER_PROGRAM, value=known.code, owner=known.program
            )  # fmt: skip


def _listed(pointer: str, code: str | None, table: Mapping[str, Listed], year: int | None) -> Iterator[Fault]:
    if code is None:
        return
    noun, found = pointer.removeprefix("/").removeprefix("to_"), table.get(code)
    if found is None:
        yield make_fault(pointer, f"{noun}_unknown", UNKNOWN, value=code[:40])
    elif year is not None and not found.in_force_during(year):
        yield make_fault(
            pointer, f"{noun}_not_in_force", NOT_IN_FORCE, value=code, year=year, interval=found.interval
        )


def read_catalogue(folder: Path = DATA) -> Catalogue:
    """Read the tables; refuse those that contradict each other."""
    catalogue = Catalogue(
        programs={row["code"]: Program(*_listing(row), row["budget_code"]) for row in _rows(folder, "programs")},
        components={
            row["code"]: Component(
                *_listing(row), row["program"], row["level"], row["parent"] or None, row["label_vi"]
            )
            for row in _rows(folder, "components")
        },
        sources={
            row["code"]: Source(
                *_listing(row),
                row["group"],
                row["kind"],
                cast("InRate", row["in_disbursement_rate"]),
                row["counterpart"] == "yes",
                tuple(row["official_codes"].split()),
            )
            for row in _rows(folder, "sources")
        },
        agencies={
            row["code"]: Agency(
                *_listing(row), row["seat"], row["budget_chapter"] or None, row["successor"] or None
            )
            for row in _rows(folder, "agencies")
        },
        ratios=tuple(
            Ratio(
                row["program"],
                cast("Capital | None", row["capital"] or None),
                Decimal(row["min_percent"]),
                *_validity(row),
                row["legal_basis"],
                row["confidence"],
            )
            for row in _rows(folder, "counterpart_ratios")
        ),
    )  # fmt: skip
    _check(catalogue)
    return catalogue


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _listing(row: Mapping[str, str]) -> tuple[str, str, str, date, date | None, str, str]:
    return (
        row["code"],
        row["name_vi"],
        row["name_en"],
        *_validity(row),
        row["legal_basis"],
        row["confidence"],
    )


def _validity(row: Mapping[str, str]) -> tuple[date, date | None]:
    return (
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def _check(catalogue: Catalogue) -> None:
    def must_be(value: str, known: Collection[str], where: str) -> None:
        if value not in known:
            raise ValueError(f"{where}: {value!r} is none of {', '.join(sorted(known))}")

    for component in catalogue.components.values():
        must_be(component.program, catalogue.programs, f"program of component {component.code}")
        must_be(component.parent or component.code, catalogue.components, f"parent of {component.code}")
    for source in catalogue.sources.values():
        must_be(source.in_rate, ("yes", "separate", "no"), f"in_disbursement_rate of source {source.code}")
    for ratio in catalogue.ratios:
        must_be(ratio.program, catalogue.programs, "program of a counterpart ratio")
        must_be(ratio.capital or CAPITALS[0], CAPITALS, "capital of a counterpart ratio")
        if not 0 <= ratio.min_percent <= MOST_PERCENT:
            raise ValueError(
                f"counterpart ratio of {ratio.program}: {ratio.min_percent} is none of 0 to {MOST_PERCENT}"
            )
    if not catalogue.counted:
        raise ValueError("no source counts in the disbursement rate")
    for agency in catalogue.agencies.values():
        _check_agency(agency, catalogue.agencies)


def _check_agency(agency: Agency, agencies: Mapping[str, Agency]) -> None:
    if not agency.code.startswith(f"{agency.seat}."):
        raise ValueError(f"agency {agency.code}: the code does not begin with its seat {agency.seat}")
    if agency.successor is None:
        return
    following = agencies.get(agency.successor)
    stands = following and agency.valid_to and following.valid_from <= agency.valid_to + timedelta(days=1)
    if not stands:
        raise ValueError(f"agency {agency.code}: {agency.successor} is not there when it ends")
