"""The dated facts of the program, read from the file beside the code or from an installation's own."""

from pathlib import Path

from services.ethnic.classifications.rules import Consequence, Region, RegionFacts
from shared.dated_facts.loader import open_facts

REGIONS_FILE = Path(__file__).parent / "classifications" / "regions.toml"


def load_regions(path: Path | None = None) -> RegionFacts:
    """Return the regions and the consequences of a recognition; a file may have none of these."""
    with open_facts(path or REGIONS_FILE) as facts:
        return RegionFacts(
            regions=facts.rows("region", Region, one_in_force=["code"]),
            consequences=facts.rows(
                "consequence", Consequence, optional=True, one_in_force=["region", "level"]
            ),
        )
