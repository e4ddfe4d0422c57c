"""The programs, components, sources of money and agencies that entries name, each with its days and legal basis. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from services.funding.ledger import Capital
from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Fault, Sentence, make_fault

InRate = Literal["yes", "separate", "no"]
"""Whether a source counts in the disbursement rate, has a rate of its own, or none."""

MAX_RATIO_PERCENT = 1000
"""Ten times the central money; a ratio above it is a typing error."""

UNKNOWN = Sentence("Không có mã “{value}” trong danh mục.", "“{value}” is not in the catalogue.")
NOT_IN_FORCE = Sentence(
    "“{value}” không có hiệu lực trong năm {year} (hiệu lực {interval}).",
    "“{value}” is not in force in {year} (in force {interval}).",
)
FAULTS_OF_CODES: Mapping[str, tuple[tuple[str, Sentence], tuple[str, Sentence]]] = {
    "program": (("program_unknown", UNKNOWN), ("program_not_in_force", NOT_IN_FORCE)),
    "component": (("component_unknown", UNKNOWN), ("component_not_in_force", NOT_IN_FORCE)),
    "source": (("source_unknown", UNKNOWN), ("source_not_in_force", NOT_IN_FORCE)),
}
"""The fault of a code that is not in its table, and of one that is not in force, by what the code stands for."""

OF_ANOTHER_PROGRAM = Sentence(
    "Thành phần “{value}” thuộc chương trình “{owner}”.",
    "The component “{value}” belongs to the program “{owner}”.",
)


@dataclass(frozen=True, slots=True)
class DatedCode(DatedFact):
    """A code with its names and its days of validity."""

    code: str
    name_vi: str
    name_en: str

    def is_in_force_during(self, year: int) -> bool:
        """Whether it is in force on some day of a year."""
        return self.valid_from.year <= year and (self.valid_to is None or year <= self.valid_to.year)

    @property
    def interval(self) -> str:
        """Its days as an ISO 8601 interval, open while it is in force."""
        return f"{self.valid_from.isoformat()}/{self.valid_to.isoformat() if self.valid_to else '..'}"


@dataclass(frozen=True, slots=True)
class Program(DatedCode):
    """A national target program and its code in the budget classification."""

    budget_code: str


@dataclass(frozen=True, slots=True)
class Component(DatedCode):
    """A content, project or sub-project of a program."""

    program: str
    level: str
    label_vi: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Source(DatedCode):
    """A source of money. Sources of one group are shown together, as parts."""

    group: str
    kind: str
    in_rate: InRate
    counterpart: bool
    """Whether it counts towards the local counterpart that the central money requires."""
    official_codes: tuple[str, ...]
    legal_basis: str = field(default="", kw_only=True)
    """Empty where no document was found."""


@dataclass(frozen=True, slots=True)
class Agency(DatedCode):
    """An agency of a province or district that money is given to."""

    seat: str
    """The unit whose government it is of."""
    budget_chapter: str | None = None
    successor: str | None = None
    """The agency that took it over when it ended, if one did."""

    def __post_init__(self) -> None:
        if not self.code.startswith(f"{self.seat}."):
            raise ValueError(f"the code does not begin with its seat {self.seat}")


@dataclass(frozen=True, slots=True)
class CounterpartRatio(DatedFact):
    """The least local counterpart of a program, in percent of its central money; of one capital kind or of both.

    The council of a province decides it for its province.
    """

    program: str
    min_percent: Decimal
    capital: Capital | None = None
    """None: both kinds together, or the kind for which its province has no ratio of its own."""
    province: str | None = None
    """Code of the province; None: every province without a ratio of its own."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_percent <= MAX_RATIO_PERCENT:
            raise ValueError(f"min_percent: {self.min_percent} is none of 0 to {MAX_RATIO_PERCENT}")

    def is_in_force_at_end_of(self, year: int) -> bool:
        """Whether it is in force on the last day of a budget year."""
        return self.is_in_force(date(year, 12, 31))


@dataclass(frozen=True)
class FundingCatalogue:
    """The tables; programs, components, sources and agencies by code."""

    programs: Mapping[str, Program]
    components: Mapping[str, Component]
    sources: Mapping[str, Source]
    agencies: Mapping[str, Agency]
    ratios: tuple[CounterpartRatio, ...]

    @property
    def counted_sources(self) -> frozenset[str]:
        """The codes of sources that count in the disbursement rate."""
        return frozenset(code for code, source in self.sources.items() if source.in_rate == "yes")

    @property
    def rated_sources(self) -> frozenset[str]:
        """The codes of sources that have a disbursement rate, be it one of their own."""
        return frozenset(code for code, source in self.sources.items() if source.in_rate != "no")

    @property
    def non_state_sources(self) -> frozenset[str]:
        """The codes of sources that may contribute labour, land or goods."""
        return frozenset(code for code, source in self.sources.items() if source.kind == "non-state")

    def find_code_faults(
        self, *, program: str | None, component: str | None, source: str | None, year: int | None
    ) -> Iterator[Fault]:
        """Yield the faults of the codes of an entry. Each must be in force in the year; None: the year does not matter."""
        yield from _find_code_fault("/program", program, self.programs, year)
        yield from _find_code_fault("/component", component, self.components, year)
        yield from _find_code_fault("/source", source, self.sources, year)
        yield from self._find_program_fault("/component", program, component)

    def find_component_faults(
        self, pointer: str, program: str | None, component: str | None
    ) -> Iterator[Fault]:
        """Yield the faults of the component that receives money."""
        yield from _find_code_fault(pointer, component, self.components, None)
        yield from self._find_program_fault(pointer, program, component)

    def _find_program_fault(
        self, pointer: str, program: str | None, component: str | None
    ) -> Iterator[Fault]:
        row = self.components.get(component or "")
        if row is not None and program in self.programs and row.program != program:
            yield make_fault(
                pointer, "component_of_another_program", OF_ANOTHER_PROGRAM, value=row.code, owner=row.program
            )  # fmt: skip


def _find_code_fault(
    pointer: str, code: str | None, table: Mapping[str, DatedCode], year: int | None
) -> Iterator[Fault]:
    if code is None:
        return
    noun, row = pointer.removeprefix("/").removeprefix("to_"), table.get(code)
    unknown, not_in_force = FAULTS_OF_CODES[noun]
    if row is None:
        yield make_fault(pointer, *unknown, value=code[:40])
    elif year is not None and not row.is_in_force_during(year):
        yield make_fault(pointer, *not_in_force, value=code, year=year, interval=row.interval)
