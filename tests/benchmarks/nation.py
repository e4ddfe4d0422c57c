"""A made-up program of a made-up country of Vietnam's size, as a service: 63 provinces, 10,395 communes, 120 indicators.

`python -m shared.kit.serve tests.benchmarks.nation:create_app` serves it over a filled database (`filling.py`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

from fastapi import FastAPI

from shared.kit.problems import Sentence
from shared.kit.resources import get_resources
from shared.periods import PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Form, Indicator
from shared.reporting.catalogue.formulas import Ratio, Sum
from shared.reporting.service import create_program
from shared.reporting.settings import ReportingSettings
from shared.territory.areas import NamedAreas
from shared.territory.tree import Territory
from tests.territory.country import country

PROVINCES, DISTRICTS, COMMUNES = 63, 11, 15
INDICATORS = 120
BEGIN = date(2016, 1, 1)
A_DAY = date(2020, 1, 1)
"""A day on which there are districts."""
NAME = Sentence("-", "-")
ALL_DISTRICTS = tuple(f"{number:03d}" for number in range(1, PROVINCES * DISTRICTS + 1))
ALL_PROVINCES = tuple(f"{number:02d}" for number in range(1, PROVINCES + 1))


def catalogue() -> Catalogue:
    """A program of 120 monthly flows, every third figure a plain sum and the others ratios."""
    form = Form(
        "monthly",
        NAME,
        frozenset([PeriodKind.MONTH]),
        "district",
        legal_basis="-",
        confidence="-",
        valid_from=BEGIN,
    )
    codes = [f"indicator_{number:03}" for number in range(INDICATORS)]
    indicators = {
        code: (Indicator(code, NAME, "monthly", "units", "commune", "-", valid_from=BEGIN, flow=True),)
        for code in codes
    }
    figures = {
        code: Figure(
            code,
            NAME,
            Ratio((code,), (codes[0],), Decimal(100)) if ordinal % 3 else Sum((code,)),
            "units",
            NAME,
            "-",
            valid_from=BEGIN,
        )
        for ordinal, code in enumerate(codes)
    }
    return Catalogue("poverty", {"monthly": form}, indicators, figures)


def territory() -> Territory:
    return Territory(*country(PROVINCES, DISTRICTS, COMMUNES, 3))


def create_app() -> FastAPI:
    app = create_program(catalogue=catalogue(), title="bench", description="", settings=ReportingSettings())
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with begin(app):
            get_resources(app).put(territory())
            get_resources(app).put(NamedAreas(()))  # those that are shipped have units of the real country
            yield

    app.router.lifespan_context = lifespan
    return app
