"""Agencies and components in force on a day, and the faults of their codes. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import Fault, Sentence, make_fault

AGENCY_UNKNOWN = Sentence(
    "Không có cơ quan “{agency}”; xem /v1/oversight/agencies.",
    "There is no agency “{agency}”; see /v1/oversight/agencies.",
)
AGENCY_NOT_IN_FORCE = Sentence(
    "Cơ quan {agency} không có vào ngày {on}; cơ quan kế tục: {successor}.",
    "The agency {agency} does not exist on {on}; its successor: {successor}.",
)

COMPONENT_UNKNOWN = Sentence(
    "Không có thành phần “{component}”; xem /v1/funding/catalogue.",
    "There is no component “{component}”; see /v1/funding/catalogue.",
)
AGENCY_LEVEL = Sentence(
    "Cơ quan {agency} thuộc cấp {level}, cao hơn cấp của đơn vị ({unit_level}).",
    "The agency {agency} is of the level {level}, above that of the unit ({unit_level}).",
)
AGENCY_LEVELS = ("central", "province", "district", "commune", "village")
"""The levels of agencies, the highest first."""


@dataclass(frozen=True, slots=True)
class SteeringAgency(DatedFact):
    """An agency or an office: never a person."""

    code: str
    label: Sentence
    level: str
    """The level at which it issues: central, province, district, commune, village."""
    role: str
    steers: bool = False
    """Whether it is a steering committee of the programs."""
    succeeded_by: str | None = None
    """The agency that took over its work, where it ended."""


@dataclass(frozen=True, slots=True)
class SteeredComponent(DatedFact):
    """A project, sub-project or content of a program, by the code of the ledger."""

    code: str
    program: str
    label: Sentence


@dataclass(frozen=True, slots=True)
class AgencyDirectory:
    """All agencies of this installation, and the components of the programs."""

    agencies: tuple[SteeringAgency, ...]
    components: tuple[SteeredComponent, ...] = ()

    def in_force(self, on: date) -> list[SteeringAgency]:
        """Return the agencies in force on a day."""
        return select_in_force(self.agencies, on)

    def find(self, code: str, on: date) -> SteeringAgency | None:
        """Return the agency of a code on a day."""
        return next((agency for agency in self.in_force(on) if agency.code == code), None)

    def find_level(self, code: str) -> str | None:
        """Return the level of an agency, of any day; None for a code that no agency has."""
        return next((agency.level for agency in self.agencies if agency.code == code), None)

    def find_successor(self, code: str, on: date) -> str:
        """Return the code of the agency that does the work of an agency on a day; the code itself while it exists."""
        while self.find(code, on) is None:
            rows = [agency for agency in self.agencies if agency.code == code and agency.succeeded_by]
            if not rows:
                return code
            code = rows[-1].succeeded_by or code
        return code

    def find_faults(self, named: Iterable[tuple[str, str | None]], on: date | None) -> Iterator[Fault]:
        """Yield the faults of agencies that a body names, by JSON pointer; None names none.

        Without a day, an agency that exists on some day has no fault.
        """
        codes = {agency.code for agency in self.agencies}
        for pointer, code in named:
            if code is None:
                continue
            if code not in codes:
                yield make_fault(pointer, "agency_unknown", AGENCY_UNKNOWN, agency=code)
            elif on is not None and self.find(code, on) is None:
                successor = self.find_successor(code, on)
                yield make_fault(
                    pointer,
                    "agency_not_in_force",
                    AGENCY_NOT_IN_FORCE,
                    agency=code,
                    on=on,
                    successor="-" if successor == code else successor,
                )

    def find_component_faults(self, named: Iterable[tuple[str, str | None]]) -> Iterator[Fault]:
        """Yield the faults of components that a body names, by JSON pointer; None names none."""
        codes = {component.code for component in self.components}
        for pointer, code in named:
            if code is not None and code not in codes:
                yield make_fault(pointer, "component_unknown", COMPONENT_UNKNOWN, component=code)

    def find_level_faults(
        self, acting: Iterable[tuple[str, str | None]], unit_level: str, on: date, *, from_centre: bool
    ) -> Iterator[Fault]:
        """Yield the faults of agencies, by JSON pointer, that act for a unit of a lower level than their own.

        `from_centre`: whether a province may keep what a central agency did.
        """
        lowest = AGENCY_LEVELS.index(unit_level)
        for pointer, code in acting:
            agency = None if code is None else self.find(code, on)
            if agency is None or AGENCY_LEVELS.index(agency.level) >= lowest:
                continue
            if not (from_centre and agency.level == "central" and unit_level == "province"):
                yield make_fault(
                    pointer,
                    "agency_level_wrong",
                    AGENCY_LEVEL,
                    agency=agency.code,
                    level=agency.level,
                    unit_level=unit_level,
                )
