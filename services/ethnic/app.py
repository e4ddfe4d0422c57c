"""The ethnic service, by its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.ethnic import __doc__ as description
from services.ethnic.classifications import api as classifications
from services.ethnic.classifications.rules import ClassificationExists, read_regions
from services.ethnic.classifications.store import count_left
from services.ethnic.rules import CHECKS
from services.ethnic.settings import EthnicSettings
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue_file import load_catalogue
from shared.reporting.service import create_program


def create_app(settings: EthnicSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Build the service from the environment, or from the settings given."""
    settings = settings or EthnicSettings()
    app = create_program(
        catalogue=load_catalogue(Path(__file__).with_name("catalogue.toml"), checks=CHECKS),
        title="Vùng đồng bào dân tộc thiểu số và miền núi / Ethnic-minority and mountainous areas",
        description=description or "",
        settings=settings,
        registers={"classifications": count_left},
        routers=[classifications.router],
        violations={"uq_classifications_decision": lambda: ClassificationExists(classification=None)},
        clock=clock,
    )
    app.state.regions = read_regions(settings.regions_file)
    return app
