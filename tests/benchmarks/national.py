"""The engine at the size of the country: 63 provinces, 10,600 communes, 120 indicators, months of them.

    python -m tests.benchmarks.national                     # 1 million observations against 20 million
    python -m tests.benchmarks.national --millions 1 5

Prints medians in one run: what a report of 500 values costs and what a province's status costs when the tables hold
the smaller and the larger number of observations, the ratio of the two, p95 of six concurrent senders, and the
statements of a status read. The rows are made up in the database itself; the server is the tests' own and is removed.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal

import asyncpg
import httpx
import structlog
from fastapi import FastAPI
from sqlalchemy import event

from shared.kit.problems import Sentence
from shared.periods import PeriodKind
from shared.reporting.catalogue import Catalogue, Figure, Form, Indicator, Ratio, Sum
from shared.reporting.service import create_program
from shared.reporting.settings import ReportingSettings
from shared.territory.tree import Territory
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase
from tests.territory.country import country

PROVINCES, DISTRICTS, COMMUNES = 63, 11, 15
INDICATORS = 120
MONTHS_OF_A_YEAR = 12
FILLED_MONTHS = range(1, 10)
"""The last three months of each year stay free for what is measured, in the same partition as what is there."""
BEGIN = date(2016, 1, 1)
NAME = Sentence("-", "-")
REPORT_VALUES = 500
ROUNDS = 25
SENDERS = 6

FILL = """
WITH period AS (SELECT $1::smallint AS year, $2::text AS code, $3::bigint AS number),
made AS (
    INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                         receipt_code, nil, evidence, counts)
    SELECT lpad(to_hex(p.number * 100000 + d.place), 32, '0')::uuid, p.year, d.code, p.code, 'monthly', 'accepted', 'bench',
           now(), now(), repeat('0', 64), p.code || '-' || d.code, false, '[]', '{}'
    FROM period p, bench_district d
    RETURNING id, year, period, unit, form, received_at),
stood AS (
    INSERT INTO standings (basis, year, period, unit, form, report_id, nil, received_at, since)
    SELECT basis, year, period, unit, form, id, false, received_at, received_at
    FROM made, unnest(ARRAY['accepted', 'provisional']) AS basis)
INSERT INTO observations (year, period, unit, indicator, report_id, ordinal, value, status, covers)
SELECT m.year, m.period, c.code, i.code, m.id, i.place, (i.place * 7 + c.place) % 997, 2, 1
FROM made m JOIN bench_commune c ON c.district = m.unit CROSS JOIN bench_indicator i
ORDER BY m.unit, c.code, i.place
"""

ROLL_UP = """
INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
SELECT o.year, o.period, basis, c.district, o.indicator, sum(o.value), count(*), 2, now(), now()
FROM observations o JOIN bench_commune c ON c.code = o.unit, unnest(ARRAY['accepted', 'provisional']) AS basis
WHERE o.year = $1 AND o.period = $2
GROUP BY o.year, o.period, basis, c.district, o.indicator
"""


def catalogue() -> Catalogue:
    """A program of 120 monthly flows, every third figure a plain sum and the others ratios."""
    form = Form("monthly", NAME, frozenset([PeriodKind.MONTH]), "district", "-", "-", BEGIN)
    codes = [f"indicator_{number:03}" for number in range(INDICATORS)]
    indicators = {
        code: (Indicator(code, NAME, "monthly", "units", "commune", "-", BEGIN, flow=True),) for code in codes
    }
    figures = {
        code: Figure(
            code,
            NAME,
            Ratio((code,), (codes[0],), Decimal(100)) if place % 3 else Sum((code,)),
            "units",
            0,
            NAME,
            "-",
            BEGIN,
        )
        for place, code in enumerate(codes)
    }
    return Catalogue("poverty", {"monthly": form}, indicators, figures)


async def fill(database: TestDatabase, territory: Territory, codes: list[str], months: list[str]) -> int:
    """Make up everything that every commune of the country states for these months; returns how many values."""
    on = date(2020, 1, 1)
    communes = [
        (unit.code, unit.parent, place)
        for place, unit in enumerate(one for one in territory.units(on) if one.level == "commune")
    ]
    districts = sorted({district for _, district, _ in communes if district})
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(
        """
        SET search_path = poverty; SET synchronous_commit = off;
        CREATE TABLE IF NOT EXISTS bench_commune (code text PRIMARY KEY, district text, place int);
        CREATE TABLE IF NOT EXISTS bench_district (code text PRIMARY KEY, place int);
        CREATE TABLE IF NOT EXISTS bench_indicator (code text PRIMARY KEY, place int);
        TRUNCATE bench_commune, bench_district, bench_indicator;
        """
    )
    await connection.copy_records_to_table("bench_commune", records=communes)
    await connection.copy_records_to_table("bench_district", records=list(zip(districts, range(9999))))
    await connection.copy_records_to_table("bench_indicator", records=list(zip(codes, range(9999))))
    for month in months:
        year, number = int(month[:4]), int(month[:4]) * MONTHS_OF_A_YEAR + int(month[5:])
        await connection.execute(FILL, year, month, number)
        await connection.execute(ROLL_UP, year, month)
        print(f"  {month}: {len(communes) * len(codes):,} values", flush=True)
    await connection.execute("ANALYZE observations, standings, reports, roll_ups")
    await connection.close()
    return len(communes) * len(codes) * len(months)


async def timed(rounds: int, once: Callable[[int], Awaitable[None]]) -> list[float]:
    """Milliseconds of each round, in order of size."""
    taken = []
    for number in range(rounds):
        began = time.perf_counter()
        await once(number)
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


class Bench:
    """One service over the filled database, and what is measured through it."""

    def __init__(self, app: FastAPI, issuer: Issuer, client: httpx.AsyncClient, codes: list[str]) -> None:
        self.app, self.client, self.codes = app, client, codes
        self.reporter = issuer.token("bench-sender", ["report"], units=[f"{n:02d}" for n in range(1, 64)])
        self.sent = 0

    async def send(self, district: str, month: str) -> None:
        """Send one report of 500 values."""
        self.sent += 1
        communes = [one.code for one in self.app.state.territory.communes(district, date(2020, 1, 1))]
        pairs = [(unit, code) for unit in communes for code in self.codes][:REPORT_VALUES]
        values = [{"unit": unit, "indicator": code, "value": self.sent} for unit, code in pairs]
        answer = await self.client.post(
            "/v1/poverty/reports",
            content=json.dumps({"unit": district, "period": month, "observations": values}),
            headers={
                "Authorization": f"Bearer {self.reporter}",
                "Idempotency-Key": f"bench-{self.sent}",
                "Content-Type": "application/json",
            },
        )
        assert answer.status_code == 201, answer.text

    async def status(self, province: str, month: str) -> None:
        """Read one province's figures."""
        answer = await self.client.get(f"/v1/poverty/progress?period={month}&unit={province}")
        assert answer.json()["figures"][0]["value"] is not None

    async def statements(self, month: str) -> int:
        """Count the statements of one status read."""
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        engine = self.app.state.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        await self.status("07", month)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)


async def measure(bench: Bench, filled: str, year: int) -> tuple[float, float, float]:
    """Medians of a report and a status read, and p95 of six concurrent senders, in milliseconds."""
    districts = [f"{number:03d}" for number in range(1, PROVINCES * DISTRICTS + 1)]
    warm, alone, together = (f"{year}-{month:02d}" for month in (10, 11, 12))
    await timed(5, lambda n: bench.send(districts[n], warm))
    await timed(5, lambda n: bench.status(f"{n + 1:02d}", filled))
    send = await timed(ROUNDS, lambda n: bench.send(districts[n], alone))
    read = await timed(ROUNDS * 2, lambda n: bench.status(f"{n % PROVINCES + 1:02d}", filled))
    crowd = await asyncio.gather(
        *(
            timed(ROUNDS, lambda n, s=s: bench.send(districts[s * ROUNDS + n], together))
            for s in range(SENDERS)
        )
    )
    every = sorted(one for sender in crowd for one in sender)
    return statistics.median(send), statistics.median(read), every[int(len(every) * 0.95)]


async def run(millions: tuple[int, int]) -> None:
    """Measure at both sizes in one database, the smaller first."""
    per_month = PROVINCES * DISTRICTS * COMMUNES * INDICATORS
    months = [f"{year}-{month:02d}" for year in range(2017, 2024) for month in FILLED_MONTHS]
    small = max(1, round(millions[0] * 1_000_000 / per_month))
    large = max(small + 1, round(millions[1] * 1_000_000 / per_month))
    server = Server()
    database = server.clone()
    program = catalogue()
    app = create_program(
        catalogue=program,
        title="bench",
        description="",
        settings=ReportingSettings(database_url=database.url("poverty"), pool_size=SENDERS + 2),
    )
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    issuer = Issuer()
    issuer.trust(app)
    try:
        async with app.router.lifespan_context(app):
            units, links = country(PROVINCES, DISTRICTS, COMMUNES, 3)
            app.state.territory = territory = Territory(units, links)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=120) as client:
                bench = Bench(app, issuer, client, list(program.indicators))
                first = await fill(database, territory, bench.codes, months[:small])
                a = await measure(bench, months[0], 2017)
                second = first + await fill(database, territory, bench.codes, months[small:large])
                b = await measure(bench, months[0], 2018)
                statements = await bench.statements(months[0])
    finally:
        server.drop(database)
        server.stop()
    for name, low, high in zip(
        ("report of 500 values, median", "status of a province, median", "report, six senders, p95"),
        a,
        b,
        strict=True,
    ):
        print(
            f"{name:32} {low:7.1f} ms at {first:>12,}   {high:7.1f} ms at {second:>12,}   ratio {high / low:.2f}"
        )
    print(f"statements of a status read: {statements}")


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", type=int, nargs=2, default=(1, 20), metavar=("SMALL", "LARGE"))
    asyncio.run(run(tuple(parser.parse_args().millions)))


if __name__ == "__main__":
    main()
