"""The dated facts of the program, read from the files beside the code or from an installation's own."""

from pathlib import Path

from services.ethnic.area_laws import AreaCriterion, AreaFacts, AreaLaw, KindOfList, VillageConsequence
from services.ethnic.classifications.rules import Consequence, Region, RegionFacts
from services.ethnic.projects.rules import CompletionDeadline, ProgramComponent, ProjectFacts
from shared.dated_facts.loader import open_facts

REGIONS_FILE = Path(__file__).parent / "classifications" / "regions.toml"
AREA_LAWS_FILE = Path(__file__).parent / "area_laws.toml"


DATA_FOLDER = Path(__file__).parent / "data"


def load_project_facts(path: Path | None = None) -> ProjectFacts:
    """Return the components of the program and the deadlines of completion reports."""
    with open_facts(path or DATA_FOLDER) as facts:
        return ProjectFacts(
            components=facts.rows("components", ProgramComponent, one_in_force=["code"]),
            deadlines=facts.rows("completion_deadlines", CompletionDeadline, one_in_force=[]),
        )


def load_regions(path: Path | None = None) -> RegionFacts:
    """Return the regions and the consequences of a recognition; a file may have none of these."""
    with open_facts(path or REGIONS_FILE) as facts:
        return RegionFacts(
            regions=facts.rows("region", Region, one_in_force=["code"]),
            consequences=facts.rows(
                "consequence", Consequence, optional=True, one_in_force=["region", "level"]
            ),
        )


def load_area_facts(path: Path | None = None) -> AreaFacts:
    """Return the kinds of lists, their laws and criteria, and the consequences of recognitions for villages."""
    with open_facts(path or AREA_LAWS_FILE) as facts:
        return AreaFacts(
            kinds=facts.rows("kind", KindOfList, one_in_force=["code"]),
            laws=facts.rows("law", AreaLaw, one_in_force=["code"]),
            criteria=facts.rows("criterion", AreaCriterion, optional=True, one_in_force=["law", "kind"]),
            village_consequences=facts.rows(
                "village_consequence", VillageConsequence, optional=True, one_in_force=["of", "level"]
            ),
        )
