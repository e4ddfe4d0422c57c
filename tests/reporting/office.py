"""A made-up program over HTTP on a database of its own: a catalogue with one of each kind, and the clients that use it."""

import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Database, UnitOfWork
from shared.kit.identity import ANONYMOUS
from shared.kit.problems import Sentence
from shared.kit.resources import get_resources
from shared.periods import PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import DueRule, Figure, Form, Indicator, ReviewStep, SeriesBreak
from shared.reporting.catalogue.dimensions import Dimension, DimensionIdentity, Member, expand_indicators
from shared.reporting.catalogue.formulas import Average, CountUnits, EndToEndChange, Ratio, Sum
from shared.reporting.catalogue.owing import with_owing_rules
from shared.reporting.catalogue.standards import Standard
from shared.reporting.context import ReportingContext
from shared.reporting.engine import ReportingEngine
from shared.reporting.service import create_program
from shared.reporting.settings import ReportingSettings
from shared.territory.tree import Territory
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase
from tests.waiting import poll_until

NAME = Sentence("tên", "name")
SINCE = date(2016, 1, 1)
BASIS: dict[str, Any] = {"legal_basis": "-", "confidence": "-", "valid_from": SINCE}
YEAR, HALF, QUARTER, MONTH = PeriodKind


def done(values):
    """Both criteria are met."""
    return values["criterion_a"] == 1 and values["criterion_b"] == 1


def catalogue() -> Catalogue:
    """A census by the year with groups and causes of the poor, results by the month, quarter or year, criteria of rural communes under two
    standards that were both in force in 2023, works to be certified,
    support that the commune certifies."""
    forms = [
        Form("census", NAME, frozenset({YEAR}), "district", **BASIS, due=(DueRule(-12, "Điều 7", "sourced", valid_from=SINCE),)),
        Form("results", NAME, frozenset({YEAR, QUARTER, MONTH}), "district", **BASIS, due=(DueRule(5, "Điều 8", "unsure", valid_from=SINCE),)),
        Form("criteria", NAME, frozenset({YEAR}), "district", **BASIS),
        Form("works", NAME, frozenset({YEAR}), "district", **BASIS, cut_off=(DueRule(400, "Điều 9", "-", valid_from=SINCE),), steps=(ReviewStep("certified", NAME, "-"), ReviewStep("checked", NAME, "-"))),
        Form("support", NAME, frozenset({HALF}), "commune", **BASIS, steps=(ReviewStep("certified", NAME, "-", "commune"),)),
    ]  # fmt: skip
    forms = [with_owing_rules(form) for form in forms]
    indicators = [
        Indicator("households", NAME, "census", "households", "commune", "-", valid_from=SINCE),
        Indicator("poor", NAME, "census", "households", "commune", "-", valid_from=SINCE),
        Indicator("jobs", NAME, "results", "workers", "district", "-", valid_from=SINCE, flow=True),
        Indicator("herd", NAME, "results", "heads", "commune", "-", valid_from=SINCE, decimals=6),
        Indicator("rain", NAME, "results", "mm", "commune", "-", valid_from=SINCE, decimals=2, flow=True, maximum=Decimal(10_000)),
        Indicator("criterion_a", NAME, "criteria", "met", "commune", "-", valid_from=SINCE, kinds=frozenset({"xa"}), maximum=Decimal(1)),
        Indicator("criterion_b", NAME, "criteria", "met", "commune", "-", valid_from=SINCE, kinds=frozenset({"xa"}), maximum=Decimal(1)),
        Indicator("supported", NAME, "support", "households", "commune", "-", valid_from=SINCE, flow=True),
        Indicator("works_done", NAME, "works", "works", "district", "-", valid_from=SINCE),
        Indicator("persons_by_group", NAME, "census", "persons", "commune", "-", valid_from=SINCE, dimension="group"),
        Indicator("poor_by_group", NAME, "census", "households", "commune", "-", valid_from=SINCE, dimension="group"),
        Indicator("poor_by_cause", NAME, "census", "households", "commune", "-", valid_from=SINCE, dimension="cause"),
        Indicator("poor_by_need", NAME, "census", "households", "commune", "-", valid_from=SINCE, dimension="cause"),
        Indicator("retired", NAME, "census", "-", "commune", "-", valid_from=SINCE, valid_to=date(2020, 12, 31)),
    ]  # fmt: skip
    dimensions = (
        Dimension("group", NAME, (Member("a", NAME, valid_from=SINCE), Member("b", NAME, valid_from=SINCE), Member("old", NAME, valid_from=SINCE, valid_to=date(2022, 12, 31))), **BASIS),
        Dimension("cause", NAME, (Member("x", NAME, valid_from=SINCE), Member("y", NAME, valid_from=SINCE)), **BASIS),
    )  # fmt: skip
    identities = (
        DimensionIdentity("sum_equals_total", "poor_by_group", "poor", **BASIS),
        DimensionIdentity("overlapping", "poor_by_cause", "poor", **BASIS),
        DimensionIdentity("each_at_most_total", "poor_by_need", "poor", **BASIS),
    )
    indicators = [*expand_indicators(indicators, dimensions)]
    figures = [
        Figure(indicator.code, NAME, Sum((indicator.code,)), indicator.unit_of_measure, NAME, "-", indicator.decimals, valid_from=SINCE, valid_to=indicator.valid_to)
        for indicator in indicators
    ]  # fmt: skip
    figures += [
        Figure("poverty_rate", NAME, Ratio(("poor",), ("households",), Decimal(100)), "percent", NAME, "-", 2, valid_from=SINCE, headline=True, better="lower", breaks=(SeriesBreak(date(2021, 12, 31), NAME),)),
        Figure("communes_done", NAME, CountUnits(("criterion_a", "criterion_b"), done), "communes", NAME, "-", valid_from=SINCE, headline=True, adds=False),
        Figure("poverty_rate_fall", NAME, EndToEndChange("poverty_rate", "fall"), "percentage points", NAME, "-", 2, valid_from=SINCE),
        Figure("communes_done_rise", NAME, EndToEndChange("communes_done", "rise"), "communes", NAME, "-", valid_from=SINCE),
        Figure("criteria_average", NAME, Average(("criterion_a", "criterion_b")), "criteria", NAME, "-", 1, valid_from=SINCE, adds=False),
    ]  # fmt: skip
    standards = (
        Standard("set_a", NAME, frozenset({"criteria"}), **BASIS, valid_to=date(2023, 12, 31)),
        Standard("set_b", NAME, frozenset({"criteria"}), **{**BASIS, "valid_from": date(2023, 1, 1)}),
    )
    return Catalogue(
        "poverty",
        {form.code: form for form in forms},
        {indicator.code: (indicator,) for indicator in indicators},
        {figure.code: figure for figure in figures},
        standards=standards,
        dimensions=dimensions,
        identities=identities,
    )


@dataclass
class Clock:
    """A clock that a test moves; every reading is a microsecond later than the one before."""

    at: datetime = datetime(2024, 1, 10, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Office:
    """The service and the clients that use it."""

    http: AsyncClient
    app: FastAPI
    issuer: Issuer
    clock: Clock
    keys: Iterator[int] = field(default_factory=itertools.count)

    def token(self, client: str, scopes, units) -> str:
        long_ago = int(datetime(2016, 1, 1, tzinfo=UTC).timestamp())
        return self.issuer.token(client, scopes, ["poverty"], units, lives=timedelta(days=3000), iat=long_ago)

    def district(self, code: str) -> str:
        return self.token(f"district-{code}", ["report"], [code])

    @property
    def reviewer(self) -> str:
        return self.token("reviewer", ["review"], ["62", "51"])

    @property
    def planner(self) -> str:
        return self.token("planner", ["target"], ["62", "51"])

    def communes(self, unit: str, on: date = date(2023, 12, 31), kinds=None) -> list[str]:
        return [unit.code for unit in get_resources(self.app).get(Territory).communes(unit, on, kinds)]

    async def post(self, path: str, body, token: str, *, key: str | None = None, **params) -> Response:
        headers = {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key or f"key-{next(self.keys)}",
            "Content-Type": "application/json",
            "Accept-Language": "en",
        }
        return await self.http.post(
            f"/v1/poverty/{path}", content=json.dumps(body), headers=headers, params=params
        )

    async def put(self, path: str, body, token: str, **headers: str) -> Response:
        all_headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en", **headers}
        return await self.http.put(f"/v1/poverty/{path}", json=body, headers=all_headers)

    async def get(self, path: str, token: str | None = None, **params) -> Response:
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return await self.http.get(f"/v1/poverty/{path}", params=params, headers=headers)

    async def submit(
        self, unit: str, period: str, form: str, values, *, token: str | None = None, **more
    ) -> Response:
        """Submit values given as (unit, indicator, value)."""
        rows = [{"unit": place, "indicator": code, "value": value} for place, code, value in values]
        body = {"unit": unit, "period": period, "form": form, "observations": rows, **more}
        return await self.post("reports", body, token or self.district(unit))

    async def verdict(self, report: dict[str, Any], what: str = "accept", **more) -> Response:
        """Accept or return what a submission answered."""
        body = {"content_sha256": report["content_sha256"], **more}
        return await self.post(f"reports/{report['id']}/{what}", body, self.reviewer)

    async def bulk(self, lines: Iterable[dict[str, Any]], token: str) -> Response:
        """Send many reports, a line each."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        body = "\n".join(json.dumps(line) for line in lines)
        return await self.http.post("/v1/poverty/reports/bulk", content=body, headers=headers)

    async def accepted(self, unit: str, period: str, form: str, values, **more) -> Any:
        """Submit and accept; the report."""
        answer = await self.submit(unit, period, form, values, **more)
        assert answer.status_code == 201, answer.text
        verdict = await self.verdict(answer.json())
        assert verdict.status_code == 200, verdict.text
        return answer.json()

    async def figure(
        self, code: str, period: str = "2023", unit: str = "62", token: str | None = None, **params
    ) -> dict[str, Any]:
        """Read one figure."""
        answer = await self.get("progress", token, period=period, unit=unit, **params)
        assert answer.status_code == 200, answer.text
        figures: list[dict[str, Any]] = answer.json()["figures"]
        return next(figure for figure in figures if figure["indicator"] == code)


def build_office(database: TestDatabase, **settings) -> tuple[FastAPI, Issuer, Clock]:
    """Build the service with an issuer that it trusts and a clock that a test can move."""
    clock, issuer = Clock(), Issuer()
    app = create_program(
        catalogue=catalogue(),
        title="office",
        description="",
        settings=ReportingSettings(
            database_url=database.url("poverty"), **{"catalogue_poll_seconds": 3600, **settings}
        ),
        clock=clock,
    )
    return issuer.trust(app), issuer, clock


@asynccontextmanager
async def staffed(app: FastAPI, issuer: Issuer, clock: Clock):
    """Open a built office for a test: on the morning of the same day, whatever a test before did to the clock."""
    clock.at = Clock.at
    async with open_client(app, raises=False, base_url="http://office") as http:
        yield Office(http, app, issuer, clock)


@asynccontextmanager
async def open_office(database: TestDatabase, **settings):
    """Build and open an office of its own for a test."""
    async with staffed(*build_office(database, **settings)) as office:
        yield office


async def wait_for_waiting(session: AsyncSession, number: int = 1) -> None:
    """Wait until so many transactions of this database wait for an advisory lock."""
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )

    async def are_waiting() -> bool:
        return int(await session.scalar(waiting)) >= number

    await poll_until(are_waiting)


@asynccontextmanager
async def open_context(office):
    """A context that reads, as a route of the office has it."""
    resources = get_resources(office.app)
    async with UnitOfWork.reading(resources.get(Database), office.clock, ANONYMOUS) as unit:
        yield ReportingContext(unit, resources.get(ReportingEngine), resources.get(Territory))
