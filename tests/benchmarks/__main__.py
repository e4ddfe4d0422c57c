"""`python -m tests.benchmarks`: what the product costs, as ratios within one run.

One table: each line begins with its name and ends in the ratio of the product to a limit that was measured in turn with it, in the
same run; medians. Reads are warm (given again while nothing changes), or cold (every one made anew). The limits are bare FastAPI
routes with the same document, of which one runs a trivial statement, asyncpg with orjson by hand on the same rows, and nginx in
front of the same service and PostGraphile on the same table where they are installed. Absolute numbers are this machine's; the ratios travel.

`--short` measures less, and returns 1 where a ratio fell by more than a third against `ratios.toml`.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import uvloop

from shared.local.stack import FACTORIES
from tests.benchmarks import postgraphile
from tests.benchmarks.bare import DATABASE_URL, DOCUMENTS
from tests.benchmarks.installation import Installation, fetch_token, running_installation, serve_app
from tests.benchmarks.load import per_second
from tests.benchmarks.nginx import serve_nginx
from tests.benchmarks.postgraphile import serve_postgraphile
from tests.benchmarks.ratio_table import RatioTable, read_committed
from tests.territory.shipped import shipped_territory

STATUS = "/v1/status?period=2023"
PROXIED = "/v1/poverty/indicators"
FIGURES = "/v1/poverty/progress?period=2023&unit=62"
OBSERVATIONS = "/v1/poverty/observations?period=2023&unit=62&limit=50"
FORESIGHT = "/v1/funding/foresight?year=2023"
READS = {
    "figures of the province": ("poverty", FIGURES),
    "map of 102 communes": (
        "poverty",
        "/v1/poverty/map?indicator=poverty_rate&period=2023&unit=62&level=commune",
    ),
    "series of five years": (
        "poverty",
        "/v1/poverty/series?indicator=poverty_rate&unit=62&from=2019&to=2023",
    ),
    "fifty observations": ("poverty", OBSERVATIONS),
    "movement of households": ("poverty", "/v1/poverty/household-movement?period=2023&unit=62"),
    "progress of money": ("funding", "/v1/funding/progress?year=2023"),
    "foresight of money": ("funding", FORESIGHT),
}
"""Readings of one process: its service and path."""
BARE = "tests.benchmarks.bare:create_app"
STATEMENT = "bare route with one trivial statement"
CONNECTIONS_OF_PROXY = 32
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


@dataclass(frozen=True)
class Effort:
    """How long is measured."""

    rounds: int
    seconds: float


async def compare_reading(
    first_url: str,
    second_url: str,
    effort: Effort,
    *,
    connections: int = 8,
    tag: str = "",
    second_body: bytes = b"",
) -> tuple[float, float]:
    """Reads a second of two addresses, measured in turn; the first gets If-None-Match with a tag, the second a body."""
    seconds = effort.seconds
    headers = {"If-None-Match": tag} if tag else {}

    async def measure_both(seconds: float) -> tuple[float, float]:
        return (
            await per_second(first_url, connections=connections, seconds=seconds, headers=headers),
            await per_second(second_url, connections=connections, seconds=seconds, body=second_body),
        )

    await measure_both(min(0.5, seconds))
    rates = [await measure_both(seconds) for _ in range(effort.rounds)]
    return statistics.median(first for first, _ in rates), statistics.median(second for _, second in rates)


async def compare_warm_reads(
    table: RatioTable, installation: Installation, bare: str, effort: Effort, tags: dict[str, str]
) -> None:
    """Compare reads that are given again with bare routes of the same documents."""
    status_url = f"{installation.address('gateway')}{STATUS}"
    table.add(
        "status of the province",
        *await compare_reading(status_url, f"{bare}/documents/status", effort),
        "bare FastAPI route, same document",
    )
    table.add(
        "status of the province, unchanged (304)",
        *await compare_reading(status_url, f"{bare}/documents/status", effort, tag=tags["status"]),
        "bare FastAPI route, same document",
    )
    for name, (service, path) in READS.items():
        url, theirs = f"{installation.address(service)}{path}", f"{bare}/statement/{to_file_name(name)}"
        table.add(name, *await compare_reading(url, theirs, effort), STATEMENT)
    table.add(
        "figures of the province, unchanged (304)",
        *await compare_reading(
            f"{installation.address('poverty')}{FIGURES}",
            f"{bare}/statement/{to_file_name('figures of the province')}",
            effort,
            tag=tags["figures of the province"],
        ),
        STATEMENT,
    )


async def compare_cold_reads(
    table: RatioTable, installation: Installation, bare: str, effort: Effort
) -> None:
    """Compare reads that are each made anew, by a second process of each service that keeps no answers."""
    async with serve_cold(installation, "poverty") as poverty, serve_cold(installation, "funding") as funding:
        table.add(
            "cold fifty observations",
            *await compare_reading(f"{poverty}{OBSERVATIONS}", f"{bare}/observations", effort),
            "asyncpg and orjson by hand, same rows",
        )
        name = "cold fifty observations, PostGraphile"
        async with serve_postgraphile(installation.database_url, "poverty") as url:
            if url is None:
                table.skip(name, "postgraphile is not installed, or does not start")
            else:
                table.add(
                    name,
                    *await compare_reading(
                        f"{poverty}{OBSERVATIONS}", url, effort, second_body=postgraphile.OBSERVATIONS
                    ),
                    "PostGraphile, same table",
                )
        for name, url in (
            ("figures of the province", f"{poverty}{FIGURES}"),
            ("foresight of money", f"{funding}{FORESIGHT}"),
        ):
            ours, theirs = await compare_reading(url, f"{bare}/statement/{to_file_name(name)}", effort)
            table.add(f"cold {name}", ours, theirs, STATEMENT)


async def compare_proxy(table: RatioTable, installation: Installation, effort: Effort) -> None:
    """Compare a read through the gateway with the same read at the service, and through nginx."""
    gateway, poverty = installation.address("gateway"), installation.address("poverty")
    name = "a read through the proxy"
    ours, theirs = await compare_reading(
        f"{gateway}{PROXIED}", f"{poverty}{PROXIED}", effort, connections=CONNECTIONS_OF_PROXY
    )
    table.add(name, ours, theirs, "the same at the service")
    async with serve_nginx(poverty, installation.folder) as nginx:
        if nginx is None:
            table.skip(f"{name}, nginx", "nginx is not installed")
            return
        ours, theirs = await compare_reading(
            f"{gateway}{PROXIED}", f"{nginx}{PROXIED}", effort, connections=CONNECTIONS_OF_PROXY
        )
        table.add(f"{name}, nginx", ours, theirs, "nginx in front of the service")


@asynccontextmanager
async def serve_cold(installation: Installation, service: str) -> AsyncIterator[str]:
    """Serve a second process of a service that keeps no answers."""
    environment = installation.make_environment(service)
    async with serve_app(
        FACTORIES[service], installation.folder, **environment, NTP_ANSWER_CACHE_BYTES="0"
    ) as url:
        yield url


async def save_documents(installation: Installation, http: httpx.AsyncClient) -> dict[str, str]:
    """Save what the product answers, for the bare routes; return the tags of the answers."""
    urls = {name: f"{installation.address(service)}{path}" for name, (service, path) in READS.items()}
    tags = {}
    for name, url in {"status": STATUS, **urls}.items():
        answer = (await http.get(url)).raise_for_status()
        (installation.folder / f"{to_file_name(name)}.json").write_text(json.dumps(answer.json()))
        tags[name] = answer.headers["etag"]
    return tags


def to_file_name(name: str) -> str:
    return name.replace(" ", "-")


async def measure(effort: Effort) -> RatioTable:
    """Start everything, fill it with the year of the demo, measure, print."""
    table = RatioTable()
    with running_installation() as installation:
        async with httpx.AsyncClient(base_url=installation.address("gateway"), timeout=30) as http:
            ours, theirs = await compare_writing(installation, http, effort.rounds * 4)
        table.add("observations in reports of 1,000, by the gateway", ours, theirs, "bare asyncpg upsert")
    with running_installation() as installation:
        gateway = installation.address("gateway")
        installation.run_file("examples/kontum-2023/demo.py", "--gateway", gateway)
        async with httpx.AsyncClient(base_url=gateway, timeout=30) as http:
            tags = await save_documents(installation, http)
        variables = {DOCUMENTS: str(installation.folder), DATABASE_URL: installation.database_url}
        async with serve_app(BARE, installation.folder, **variables) as bare:
            await compare_warm_reads(table, installation, bare, effort, tags)
            await compare_cold_reads(table, installation, bare, effort)
        await compare_proxy(table, installation, effort)
    return table


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side (default 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement of reads")
    parser.add_argument("--short", action="store_true", help="measure less, and compare with ratios.toml")
    arguments = parser.parse_args()
    effort = Effort(3, 0.7) if arguments.short else Effort(arguments.rounds, arguments.seconds)
    table = uvloop.run(measure(effort))
    falls = table.find_falls(read_committed()) if arguments.short else []
    for fall in falls:
        print(f"fell by more than a third: {fall}", file=sys.stderr)
    return int(bool(falls))


if __name__ == "__main__":
    sys.exit(main())
