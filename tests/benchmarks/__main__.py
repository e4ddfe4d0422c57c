"""`python -m tests.benchmarks`: what the product costs, as ratios within one run.

Five comparisons, each side measured in turn, the medians printed: reports of about 1,000 observations through the
gateway against a bare asyncpg upsert of the same rows into the same server; the province-wide status against a bare
FastAPI route that answers the same document; a read through the proxy against the same read at the service; a map of 102
communes, and a series of five years, against the figures of one unit (less than 2 and 3 times their cost are wanted). Absolute
numbers are this machine's; the ratios travel.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import uvloop

from tests.benchmarks.bare import DOCUMENT
from tests.benchmarks.installation import Installation, fetch_token, running_installation, serve_app
from tests.benchmarks.load import per_second
from tests.territory.shipped import shipped_territory

STATUS = "/v1/status?period=2023"
PROXIED = "/v1/poverty/indicators"
FIGURES = "/v1/poverty/progress?period=2023&unit=62"
MAP = "/v1/poverty/map?indicator=poverty_rate&period=2023&unit=62&level=commune"
SERIES = "/v1/poverty/series?indicator=poverty_rate&unit=62&from=2019&to=2023"
VALUES = {
    "households": 100, "near_poor_households": 10, "poor_households_start": 50, "poor_to_near_poor": 5,
    "poor_to_above_near_poor": 4, "poor_other_decrease": 1, "near_poor_to_poor": 2, "returned_to_poverty": 1,
    "newly_poor": 1, "poor_other_increase": 0, "poor_households": 44,
}  # fmt: skip
"""A movement of poor households that adds up."""


def make_observations(shift: int) -> list[dict[str, Any]]:
    """About 1,000 values: every indicator of the yearly review for enough communes, changed a little each time."""
    communes = [
        unit.code
        for unit in shipped_territory().descendants("62", date(2023, 12, 31))
        if unit.level == "commune"
    ]
    changed = {**VALUES, "households": VALUES["households"] + shift}
    return [
        {"unit": unit, "indicator": indicator, "value": value, "status": "official"}
        for unit in communes[:91]
        for indicator, value in changed.items()
    ]


class BareObservations:
    """The same rows, as PostgreSQL takes them fastest: one upsert of arrays."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        await self._connection.execute(
            "CREATE SCHEMA bench; CREATE TABLE bench.observations (unit text, period text, indicator text, "
            "value numeric, status text, PRIMARY KEY (indicator, period, unit))"
        )

    async def upsert(self, rows: list[dict[str, Any]]) -> None:
        await self._connection.execute(
            "INSERT INTO bench.observations SELECT unit, '2023', indicator, value, status "
            "FROM unnest($1::text[], $2::text[], $3::numeric[], $4::text[]) AS observation (unit, indicator, value, status) "
            "ON CONFLICT (indicator, period, unit) DO UPDATE SET value = excluded.value, status = excluded.status",
            [row["unit"] for row in rows],
            [row["indicator"] for row in rows],
            [Decimal(row["value"]) for row in rows],
            [row["status"] for row in rows],
        )


class ReportClient:
    """Reports of one unit, each withdrawn before the next, so that every one is made from nothing."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def submit(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        body = {"unit": "62", "period": "2023", "form": "annual_review", "observations": rows}
        return await self._post("/v1/poverty/reports", body)

    async def withdraw(self, report: dict[str, Any]) -> None:
        seen = {"content_sha256": report["content_sha256"]}
        await self._post(f"/v1/poverty/reports/{report['id']}/withdraw", seen)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {**self._headers, "Idempotency-Key": uuid4().hex}
        answer = await self._http.post(path, json=body, headers=headers)
        if not answer.is_success:
            raise SystemExit(f"{path} was refused: {answer.text[:2000]}")
        return dict(answer.json())


async def compare_writing(
    installation: Installation, http: httpx.AsyncClient, rounds: int
) -> tuple[float, float]:
    """Observations a second: through the gateway, and bare."""
    reports = ReportClient(http, await fetch_token(installation, http, "bench-reporter", "report"))
    connection = await asyncpg.connect(installation.database_url)
    try:
        bare = BareObservations(connection)
        await bare.prepare()
        service_rates, bare_rates = [], []
        for number in range(-3, rounds):
            rows = make_observations(number % 7)
            begun = time.perf_counter()
            report = await reports.submit(rows)
            submitted = time.perf_counter()
            await bare.upsert(rows)
            upserted = time.perf_counter()
            await reports.withdraw(report)
            if number >= 0:
                service_rates.append(len(rows) / (submitted - begun))
                bare_rates.append(len(rows) / (upserted - submitted))
    finally:
        await connection.close()
    return statistics.median(service_rates), statistics.median(bare_rates)


async def compare_reading(
    first_url: str, second_url: str, rounds: int, seconds: float
) -> tuple[float, float]:
    """Reads a second of two addresses, measured in turn."""
    await per_second(first_url, seconds=0.5)
    await per_second(second_url, seconds=0.5)
    rates = [
        (await per_second(first_url, seconds=seconds), await per_second(second_url, seconds=seconds))
        for _ in range(rounds)
    ]
    return statistics.median(first for first, _ in rates), statistics.median(second for _, second in rates)


def print_ratio(name: str, ours: float, theirs: float, against: str) -> None:
    print(f"{name:<46} {ours:>10,.0f}/s   {against:<34} {theirs:>10,.0f}/s   ratio {ours / theirs:.2f}")


async def measure(rounds: int, seconds: float) -> None:
    """Start everything, measure, print."""
    with running_installation() as installation:
        gateway, poverty = installation.address("gateway"), installation.address("poverty")
        async with httpx.AsyncClient(base_url=gateway, timeout=30) as http:
            ours, theirs = await compare_writing(installation, http, rounds * 4)
            print_ratio(
                "observations in reports of 1,000, by the gateway", ours, theirs, "bare asyncpg upsert"
            )
            document = installation.folder / "status.json"
            document.write_text(json.dumps((await http.get(STATUS)).raise_for_status().json()))
        async with serve_app(
            "tests.benchmarks.bare:create_app", installation.folder, **{DOCUMENT: str(document)}
        ) as bare:
            ours, theirs = await compare_reading(f"{gateway}{STATUS}", f"{bare}/status", rounds, seconds)
        print_ratio("status of the province", ours, theirs, "bare FastAPI route, same document")
        ours, theirs = await compare_reading(f"{gateway}{PROXIED}", f"{poverty}{PROXIED}", rounds, seconds)
        print_ratio("a read through the proxy", ours, theirs, "the same at the service")
        for name, path in (("map of 102 communes", MAP), ("series of five years", SERIES)):
            ours, theirs = await compare_reading(f"{poverty}{path}", f"{poverty}{FIGURES}", rounds, seconds)
            print_ratio(name, ours, theirs, "figures of one unit")
            print(f"{name:<46} costs {theirs / ours:.2f} times the figures of one unit")


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side (default 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement of reads")
    arguments = parser.parse_args()
    uvloop.run(measure(arguments.rounds, arguments.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
