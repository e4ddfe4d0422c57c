"""The engine at the size of the country: 63 provinces, 10,395 communes, 120 indicators, months of them.

    python -m tests.benchmarks.national                     # 1 million observations against 20 million
    python -m tests.benchmarks.national --millions 1 2      # the quick one

A service in a process of its own over a PostgreSQL that is set and durable as the product's own; whoever sends is in
this process, by HTTP on kept connections. Measured in one run at both sizes: a report of 500 values alone, a status of
a province, six concurrent senders of such reports, and a bulk submission; the last two beside a bare asyncpg upsert of
as many rows from as many connections into the same server. Printed as medians, p95, the CPU that the service and the
database spend on each, and ratios: on a machine with other work to do, CPU tells more than the clock. The rows are made
up in the database itself; the server is removed at the end.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import asyncpg
import httpx
import structlog
import uvloop

from tests.benchmarks.filling import fill
from tests.benchmarks.installation import serve_app
from tests.benchmarks.load import make_get, make_post, send_requests
from tests.benchmarks.nation import (
    A_DAY,
    ALL_DISTRICTS,
    ALL_PROVINCES,
    COMMUNES,
    DISTRICTS,
    INDICATORS,
    PROVINCES,
    catalogue,
    create_app,
    territory,
)
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase
from tests.statements import sent_by

FILLED_MONTHS = range(1, 10)
"""The last three months of each year stay free for what is measured, in the same partition as what is there."""
REPORT_VALUES = 500
ALONE = 60
SENDERS = 6
SENT_BY_EACH = 60
BULK_LINES = 60
TOKEN_LIFETIME = timedelta(hours=6)
CPU = "process_cpu_seconds_total"

BARE_TABLE = """
DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench;
CREATE TABLE bench.observations (unit text, period text, indicator text, value numeric, status text,
                                 PRIMARY KEY (indicator, period, unit))
"""
BARE_UPSERT = """
INSERT INTO bench.observations SELECT unit, $5, indicator, value, status
FROM unnest($1::text[], $2::text[], $3::numeric[], $4::text[]) AS observation (unit, indicator, value, status)
ON CONFLICT (indicator, period, unit) DO UPDATE SET value = excluded.value, status = excluded.status
"""
Rows = list[tuple[str, str, int]]


@dataclass(frozen=True)
class SizeFigures:
    """The figures of one size, all in milliseconds."""

    report_alone: float
    report_service_cpu: float
    report_database_cpu: float
    status: float
    status_service_cpu: float
    status_database_cpu: float
    senders_median: float
    senders_p95: float
    senders_service_cpu: float
    senders_database_cpu: float
    senders_bare_median: float
    senders_bare_p95: float
    bulk_report: float
    bulk_service_cpu: float
    bulk_database_cpu: float
    bulk_bare_report: float
    bulk_bare_database_cpu: float


class CpuTimes(NamedTuple):
    """Milliseconds of CPU."""

    service: float
    database: float


class AnswerCosts(NamedTuple):
    """Milliseconds of each answer, and CPU of an answer on average."""

    milliseconds: list[float]
    cpu: CpuTimes


class ReportingClient:
    """The service over a filled database, and what is sent to it."""

    def __init__(self, origin: str, database: TestDatabase, reporter: str) -> None:
        self.origin = origin
        self.database = database
        self._reporter = {"authorization": f"Bearer {reporter}"}
        self._numbers = count()
        land = territory()
        self._communes = {code: [unit.code for unit in land.communes(code, A_DAY)] for code in ALL_DISTRICTS}
        self._indicators = list(catalogue().indicators)

    def make_rows(self, district: str) -> Rows:
        """Return 500 values, different ones at each call."""
        number = next(self._numbers)
        pairs = [(unit, code) for unit in self._communes[district] for code in self._indicators]
        return [(unit, code, number + ordinal) for ordinal, (unit, code) in enumerate(pairs[:REPORT_VALUES])]

    def _make_report(self, district: str, month: str) -> dict[str, object]:
        observations = [
            {"unit": unit, "indicator": code, "value": value}
            for unit, code, value in self.make_rows(district)
        ]
        return {"unit": district, "period": month, "observations": observations}

    def make_reports(self, districts: Sequence[str], month: str) -> list[bytes]:
        """Return a request for each district's report."""
        url = f"{self.origin}/v1/poverty/reports"
        return [
            make_post(
                url,
                json.dumps(self._make_report(district, month)).encode(),
                {**self._reporter, "idempotency-key": f"bench-{month}-{district}"},
            )
            for district in districts
        ]

    def make_bulk(self, districts: Sequence[str], month: str) -> bytes:
        """Return one request with a line for each district's report."""
        lines = [
            json.dumps(
                {"idempotency_key": f"bulk-{month}-{district}", "report": self._make_report(district, month)}
            )
            for district in districts
        ]
        headers = {**self._reporter, "content-type": "application/x-ndjson"}
        return make_post(f"{self.origin}/v1/poverty/reports/bulk", "\n".join(lines).encode(), headers)

    def make_status_reads(self, month: str, times: int) -> Iterator[bytes]:
        """Yield reads of the provinces' figures in turn."""
        for number in range(times):
            yield make_get(
                f"{self.origin}/v1/poverty/progress?period={month}&unit={ALL_PROVINCES[number % PROVINCES]}"
            )

    async def read_cpu(self) -> CpuTimes:
        """Return the CPU that the service's process has used, and the database for it."""
        async with httpx.AsyncClient() as http:
            metrics = (await http.get(f"{self.origin}/metrics")).text
        service = next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith(CPU))
        connection = await asyncpg.connect(self.database.admin_url)
        backends = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'poverty'"
        )
        await connection.close()
        return CpuTimes(service * 1000, sum(read_cpu_ms(backend["pid"]) for backend in backends))

    async def measure(self, connections: Sequence[Iterable[bytes]], *, per_request: int = 1) -> AnswerCosts:
        """Send requests, and return what an answer took; `per_request`: the number of reports in a request."""
        began = await self.read_cpu()
        tally = await send_requests(self.origin, connections)
        ended = await self.read_cpu()
        report_count = tally.answers * per_request
        return AnswerCosts(
            [milliseconds / per_request for milliseconds in tally.milliseconds],
            CpuTimes(
                (ended.service - began.service) / report_count,
                (ended.database - began.database) / report_count,
            ),
        )

    async def measure_bare(
        self, senders: int, districts: Sequence[str], month: str
    ) -> tuple[list[float], float]:
        """Upsert the same rows from so many connections, each district's in turn; milliseconds of each, and CPU."""

        async def send(share: Sequence[str]) -> tuple[list[float], float]:
            connection = await asyncpg.connect(self.database.admin_url)
            try:
                took = [await upsert(connection, self.make_rows(district), month) for district in share]
                return took, read_cpu_ms(connection.get_server_pid())
            finally:
                await connection.close()

        connection = await asyncpg.connect(self.database.admin_url)
        await connection.execute(BARE_TABLE)
        await connection.close()
        costs = await asyncio.gather(*(send(districts[sender::senders]) for sender in range(senders)))
        took = [milliseconds for times, _ in costs for milliseconds in times]
        return took, sum(cpu for _, cpu in costs) / len(took)


async def upsert(connection: asyncpg.Connection, rows: Rows, month: str) -> float:
    """Upsert rows as PostgreSQL takes them fastest; milliseconds."""
    begun = time.perf_counter()
    units, indicators, values = zip(*rows, strict=True)
    await connection.execute(
        BARE_UPSERT, units, indicators, [Decimal(value) for value in values], ["official"] * len(rows), month
    )
    return (time.perf_counter() - begun) * 1000


def read_cpu_ms(pid: int) -> float:
    """Return the CPU that a process of this machine has used, in milliseconds."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def compute_p95(milliseconds: Sequence[float]) -> float:
    return sorted(milliseconds)[int(len(milliseconds) * 0.95)]


async def measure(client: ReportingClient, filled: str, year: int) -> SizeFigures:
    """Measure everything, in months of a year that are still free."""
    warm, alone, together = (f"{year}-{month:02d}" for month in (10, 11, 12))
    await send_requests(
        client.origin,
        [client.make_reports(ALL_DISTRICTS[first : first + 10], warm) for first in range(0, 60, 10)],
    )
    await send_requests(client.origin, [client.make_status_reads(filled, 20)])

    send = await client.measure([client.make_reports(ALL_DISTRICTS[:ALONE], alone)])
    read = await client.measure([client.make_status_reads(filled, ALONE * 2)])

    shares = [ALL_DISTRICTS[sender * SENT_BY_EACH : (sender + 1) * SENT_BY_EACH] for sender in range(SENDERS)]
    crowd = await client.measure([client.make_reports(share, together) for share in shares])
    bare_crowd, _ = await client.measure_bare(SENDERS, ALL_DISTRICTS[: SENDERS * SENT_BY_EACH], together)

    lines = ALL_DISTRICTS[-BULK_LINES:]
    bulk = await client.measure([[client.make_bulk(lines, together)]], per_request=BULK_LINES)
    bare, bare_cpu = await client.measure_bare(1, lines, together)
    return SizeFigures(
        report_alone=statistics.median(send.milliseconds),
        report_service_cpu=send.cpu.service,
        report_database_cpu=send.cpu.database,
        status=statistics.median(read.milliseconds),
        status_service_cpu=read.cpu.service,
        status_database_cpu=read.cpu.database,
        senders_median=statistics.median(crowd.milliseconds),
        senders_p95=compute_p95(crowd.milliseconds),
        senders_service_cpu=crowd.cpu.service,
        senders_database_cpu=crowd.cpu.database,
        senders_bare_median=statistics.median(bare_crowd),
        senders_bare_p95=compute_p95(bare_crowd),
        bulk_report=statistics.mean(bulk.milliseconds),
        bulk_service_cpu=bulk.cpu.service,
        bulk_database_cpu=bulk.cpu.database,
        bulk_bare_report=statistics.mean(bare),
        bulk_bare_database_cpu=bare_cpu,
    )


async def count_status_statements(month: str) -> int:
    """Count the statements of one status read, by a service in this process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    app = create_app()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bench") as client,
    ):
        with sent_by(app) as sent:
            (await client.get(f"/v1/poverty/progress?period={month}&unit=07")).raise_for_status()
    return len(sent)


def print_sizes(small: int, low: SizeFigures, large: int, high: SizeFigures) -> None:
    """Print both sizes side by side."""
    print(f"{'':30} {small:>14,} {large:>14,}   ratio")
    for field in fields(SizeFigures):
        before, after = getattr(low, field.name), getattr(high, field.name)
        print(f"{field.name.replace('_', ' '):30} {before:14,.1f} {after:14,.1f}   {after / before:5.2f}")
    for size, figures in ((small, low), (large, high)):
        share = figures.bulk_bare_report / figures.bulk_report
        times = figures.senders_p95 / figures.senders_bare_p95
        print(
            f"at {size:,}: bulk {share:.2f} of a bare upsert; six senders' p95 {times:.1f} times a bare upsert's"
        )


async def run(millions: tuple[int, int]) -> None:
    """Measure at both sizes in one database, the smaller first."""
    per_month = PROVINCES * DISTRICTS * COMMUNES * INDICATORS
    months = [f"{year}-{month:02d}" for year in range(2017, 2024) for month in FILLED_MONTHS]
    small = max(1, round(millions[0] * 1_000_000 / per_month))
    large = max(small + 1, round(millions[1] * 1_000_000 / per_month))
    issuer, land, codes = Issuer(), territory(), list(catalogue().indicators)
    server = Server(durable=True)
    try:
        database = server.clone()
        with tempfile.TemporaryDirectory(prefix="ntp-bench-") as name:
            folder = Path(name)
            (folder / "jwks.json").write_text(json.dumps(issuer.keys.as_dict(private=False)))
            variables = {
                "NTP_DATABASE_URL": database.url("poverty"),
                "NTP_STATE_DIR": name,
                "NTP_MAX_TOKEN_SECONDS": str(TOKEN_LIFETIME // timedelta(seconds=1)),
            }
            first = await fill(database, land, codes, months[:small])
            async with serve_app("tests.benchmarks.nation:create_app", folder, **variables) as origin:
                client = ReportingClient(
                    origin,
                    database,
                    issuer.token("bench", ["report"], units=ALL_PROVINCES, lives=TOKEN_LIFETIME),
                )
                low = await measure(client, months[0], 2017)
                second = first + await fill(database, land, codes, months[small:large])
                high = await measure(client, months[0], 2018)
            with patch.dict(os.environ, variables):
                statements = await count_status_statements(months[0])
    finally:
        server.stop()
    print_sizes(first, low, second, high)
    print(f"statements of a status read: {statements}")


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", type=int, nargs=2, default=(1, 20), metavar=("SMALL", "LARGE"))
    uvloop.run(run(tuple(parser.parse_args().millions)))


if __name__ == "__main__":
    main()
