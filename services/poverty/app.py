"""The poverty service and its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.poverty import __doc__ as description
from services.poverty import api
from services.poverty.rules import CHECKS
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.service import create_program
from shared.reporting.settings import ReportingSettings


def create_app(settings: ReportingSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    return create_program(
        catalogue=CatalogueLoader(Path(__file__).with_name("catalogue.toml"), checks=CHECKS),
        title="Giảm nghèo bền vững / Sustainable poverty reduction",
        description=description or "",
        settings=settings or ReportingSettings(),
        routers=[api.router],
        clock=clock,
    )
