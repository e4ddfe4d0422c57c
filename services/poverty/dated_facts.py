"""The dated facts of the program: its projects, and the poor districts. Read from the folder beside, or an installation's own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.dated_facts.loader import open_facts
from shared.kit.problems import Sentence

FACTS_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class PoorDistrict(DatedFact):
    """A district of the list of poor districts, while it is on it."""

    unit: str
    name: str


@dataclass(frozen=True, slots=True)
class ProgramProject(DatedFact):
    """A project or sub-project of the program, by the code that the ledger has."""

    component: str
    label: str
    name_vi: str
    name_en: str
    parent: str | None = None

    @property
    def name(self) -> Sentence:
        """Its number and name in both languages."""
        return Sentence(f"{self.label}: {self.name_vi}", self.name_en)


@dataclass(frozen=True, slots=True)
class PovertyFacts:
    """The projects of the program and the poor districts."""

    poor_districts: tuple[PoorDistrict, ...]
    projects: tuple[ProgramProject, ...]

    def is_poor_district(self, line: Collection[str], on: date) -> bool:
        """Whether a unit is, or lies in, a poor district on a day; `line` is the unit with those above it."""
        return any(district.unit in line for district in select_in_force(self.poor_districts, on))

    def list_projects(self, on: date) -> list[ProgramProject]:
        """Return the projects and sub-projects in force on a day, in the order of their codes."""
        return sorted(select_in_force(self.projects, on), key=lambda project: project.component)

    def find_project(self, component: str, on: date) -> ProgramProject | None:
        """Return the project of a code on a day, or None."""
        in_force = select_in_force(self.projects, on)
        return next((project for project in in_force if project.component == component), None)


def load_poverty_facts(folder: Path | None = None) -> PovertyFacts:
    """Return the facts of a folder of CSV files; raise `FaultyFactsError` with every fault."""
    with open_facts(folder or FACTS_FOLDER) as facts:
        return PovertyFacts(
            facts.rows("poor_districts", PoorDistrict, one_in_force=["unit"]),
            facts.rows("projects", ProgramProject, one_in_force=["component"]),
        )
