"""Clients of a program's service in process, and the tables of the demo."""

import csv
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.kit.resources import get_resources
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.engine import ReportingEngine
from tests.in_process import ApplicationClient, open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase

DATA = Path(__file__).parents[1] / "examples" / "kontum-2023" / "data"


def read_table(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def to_observation(row: dict[str, str]) -> dict[str, object]:
    """Return an observation from a row of a table, whose indicator may be a series key of a level of training."""
    indicator, _, member = row["indicator"].partition(".")
    dimension = {"dimension": {"training_level": member}} if member else {}
    value = {"unit": row["unit"], "indicator": indicator, "value": int(row["value"])}
    return {**value, "status": row["status"], **dimension}


def to_decision(row: dict[str, str]) -> dict[str, str]:
    return {"number": row["decision_number"], "date": row["decision_date"]}


@dataclass(frozen=True)
class ProgramUnderTest:
    """A program's service, and the instant at which its tests happen."""

    name: str
    create_app: Callable[..., FastAPI]
    settings: Callable[..., Any]
    now: datetime

    def build_app(self, database: TestDatabase) -> FastAPI:
        settings = self.settings(database_url=database.url(self.name), catalogue_poll_seconds=3600)
        return self.create_app(settings, clock=lambda: self.now)

    def make_clients_fixture(self) -> Any:
        """Return the fixture `clients`, to be a name of the conftest module of the program."""

        @pytest.fixture
        async def clients(build: Callable[..., FastAPI], issuer: Issuer) -> AsyncIterator[Clients]:
            async with open_client(issuer.trust(build(self.build_app))) as http:
                yield Clients(http, issuer, self.name, self.now)

        return clients


class Clients:
    """The agency, the reviewer and the districts of a program; every POST has an idempotency key of its own."""

    def __init__(self, http: ApplicationClient, issuer: Issuer, program: str, now: datetime) -> None:
        self.http = http
        self.issuer = issuer
        self.program = program
        self.times: dict[str, Any] = {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 3600}

    @property
    def catalogue(self) -> Catalogue:
        return get_resources(self.http.app).get(ReportingEngine).catalogue

    def make_headers(
        self, *scopes: str, units: Any = ("62",), client_id: Any = "agency", programs: Any = None
    ) -> dict[str, str]:
        token = self.issuer.token(client_id, scopes, programs or (self.program,), units, **self.times)
        return {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(uuid.uuid4()),
            "Accept-Language": "en",
        }

    async def post(self, path: str, body: object, **caller: Any) -> httpx.Response:
        """Post a body to a register; `caller` are arguments of `make_headers`."""
        return await self.http.post(
            f"/v1/{self.program}/{path}", json=body, headers=self.make_headers("register", **caller)
        )

    async def create(self, path: str, body: object, **caller: Any) -> Any:
        """Post a body, and return what was created."""
        response = await self.post(path, body, **caller)
        assert response.status_code == 201, response.text
        return response.json()

    async def expect_problem(self, path: str, body: object, status: int, code: str, **caller: Any) -> Any:
        """Post a body that is refused, and return the problem."""
        response = await self.post(path, body, **caller)
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
        return response.json()

    async def list_faults(self, path: str, body: object, **caller: Any) -> dict[str, str]:
        """Post a body with faults, and return their codes by pointer."""
        problem = await self.expect_problem(path, body, 422, "invalid", **caller)
        return {fault["pointer"]: fault["code"] for fault in problem["errors"]}

    async def get(self, path: str, **query: Any) -> Any:
        response = await self.http.get(f"/v1/{self.program}/{path}", params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def list_all(self, address: str) -> list[dict[str, Any]]:
        """Return every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page_address = f"{address}&limit=50" + (f"&cursor={cursor}" if cursor else "")
            response = await self.http.get(page_address)
            assert response.status_code == 200, response.text
            items += response.json()["items"]
            cursor = response.json()["next"]
            if cursor is None:
                return items

    async def read_figures(
        self, period: str = "2023", unit: str = "62", **query: Any
    ) -> dict[str, dict[str, Any]]:
        """Return the figures of a unit and period by code."""
        progress = await self.get("progress", period=period, unit=unit, **query)
        return {figure["indicator"]: figure for figure in progress["figures"]}

    async def report_and_accept(
        self, form: str, rows: list[dict[str, str]], period: str = "2023", **fields: object
    ) -> None:
        """Post the rows of each district as a report on a form, and accept it; `fields` are more of its body."""
        for district in sorted({row["district"] for row in rows}):
            observations = [to_observation(row) for row in rows if row["district"] == district]
            body = {"unit": district, "period": period, "form": form, "observations": observations, **fields}
            headers = self.make_headers("report", units=(district,), client_id=f"district-{district}")
            submitted = await self.http.post(f"/v1/{self.program}/reports", json=body, headers=headers)
            assert submitted.status_code == 201, submitted.text
            report = submitted.json()
            accepted = await self.http.post(
                f"/v1/{self.program}/reports/{report['id']}/accept",
                json={"content_sha256": report["content_sha256"]},
                headers=self.make_headers("review", client_id="reviewer"),
            )
            assert accepted.status_code == 200, accepted.text
