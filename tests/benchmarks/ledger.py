"""What the ledger costs: single entries and batches over HTTP, each beside a bare asyncpg insert of the same rows.

    python -m tests.benchmarks.ledger                 # three rounds, about a minute
    python -m tests.benchmarks.ledger --rounds 1

The funding service runs in a process of its own over a PostgreSQL that is set and durable as the product's own; whoever
sends is in this process, on kept connections. Single payments go to many lots, then all to one; then whole batches. The
rows that the service kept are then inserted bare, into tables with the same columns, checks, indexes and foreign keys
of the same server: one transaction for each entry from as many connections, and a COPY for each batch. Medians of the
rounds are printed, the service's and the server's CPU for each entry, and ratios.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop

from services.funding.ledger import MEASURES
from shared.local.processes import find_processes_in_folder
from tests.benchmarks.installation import served
from tests.benchmarks.load import ask, posting
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase
from tests.territory.shipped import shipped_territory

YEAR = 2023
CPU = "process_cpu_seconds_total"
A_LONG_RUN = timedelta(hours=6)
ENOUGH_VND = 10**14
LINE = {"year": YEAR, "program": "poverty", "capital": "investment", "source": "central"}
LEFT_TO_THE_TABLE = {"sequence"}

BARE_TABLES = """
CREATE SCHEMA bench;
CREATE TABLE bench.entries (LIKE funding.entries INCLUDING ALL);
CREATE TABLE bench.postings (LIKE funding.postings INCLUDING ALL,
    FOREIGN KEY (year, entry_id) REFERENCES bench.entries (year, id),
    FOREIGN KEY (lot_id) REFERENCES funding.lots (id));
"""


@dataclass(frozen=True)
class Cost:
    """What a number of entries took: seconds on the wall, and of the processors."""

    entries: int
    seconds: float
    service: float = 0
    server: float = 0
    p95_ms: float = 0

    @property
    def per_second(self) -> float:
        return self.entries / self.seconds


@dataclass(frozen=True)
class Beside:
    """The service's cost and the bare one, of the same rows."""

    ours: Cost
    bare: Cost


class Bench:
    """A funding service over a database, and what is sent to it."""

    def __init__(self, origin: str, database: TestDatabase, token: str, data: Path) -> None:
        self.origin = origin
        self.database = database
        self.communes = [
            one.code
            for one in shipped_territory().descendants("62", date(YEAR, 12, 31))
            if one.level == "commune"
        ]
        self._bearer = {"authorization": f"Bearer {token}"}
        self._numbers = count(1)
        self._data = data

    def request(self, path: str, said: Mapping[str, Any]) -> bytes:
        """One POST with a key of its own."""
        headers = {**self._bearer, "idempotency-key": f"bench-{next(self._numbers)}"}
        return posting(f"{self.origin}/v1/funding/{path}", json.dumps(said).encode(), headers)

    def payment(self, unit: str) -> dict[str, Any]:
        """A payment under a voucher of its own."""
        number = next(self._numbers)
        voucher = {"source": "KBNN Kon Tum", "number": f"GRT-{number}"}
        return {**LINE, "unit": unit, "amount_vnd": 1_000_000 + number, "voucher": voucher}

    def batch(self, size: int) -> dict[str, Any]:
        """Commitments and payments of all communes."""
        units = self.communes
        kinds = ("disbursement", "disbursement", "commitment", "confirmation")
        entries = [{**self.payment(units[at % len(units)]), "kind": kinds[at % 4]} for at in range(size)]
        return {"mode": "best_effort", "entries": entries}

    async def allocate(self) -> None:
        """Give every commune money."""
        decision = {"number": "68/NQ-HĐND", "date": "2022-12-12"}
        said = [
            {**LINE, "unit": unit, "amount_vnd": ENOUGH_VND, "decision": decision} for unit in self.communes
        ]
        await ask(self.origin, [[self.request("allocations", each) for each in said]])

    async def send(self, connections: Sequence[Sequence[bytes]], entries_each: int = 1) -> Cost:
        """Send requests on as many connections and tell what it cost."""
        service, server = await self._service_cpu(), self._server_cpu()
        begun = time.perf_counter()
        tally = await ask(self.origin, connections)
        seconds = time.perf_counter() - begun
        slowest = sorted(tally.milliseconds)[int(len(tally.milliseconds) * 0.95)]
        return Cost(
            tally.answers * entries_each,
            seconds,
            await self._service_cpu() - service,
            self._server_cpu() - server,
            slowest,
        )

    async def _service_cpu(self) -> float:
        async with httpx.AsyncClient() as http:
            said = (await http.get(f"{self.origin}/metrics")).text
        return next(float(line.split()[1]) for line in said.splitlines() if line.startswith(CPU))

    def _server_cpu(self) -> float:
        """Seconds of all processes of the database server that are there."""
        ticks = 0
        for pid in find_processes_in_folder(self._data, "postgres"):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


class Bare:
    """The rows that the service kept, inserted again with nothing around it."""

    def __init__(self, database: TestDatabase) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Make tables with the same columns, checks, indexes and foreign keys."""
        async with self._connected() as connection:
            await connection.execute(BARE_TABLES)

    async def newest(self, count: int) -> list[tuple[asyncpg.Record, asyncpg.Record]]:
        """Read the entries that were kept last, each with its posting, in their order."""
        async with self._connected() as connection:
            entries = await connection.fetch(
                "SELECT * FROM funding.entries ORDER BY sequence DESC LIMIT $1", count
            )
            postings = await connection.fetch(
                "SELECT * FROM funding.postings WHERE year = $1 AND entry_id = ANY($2)",
                YEAR,
                [each["id"] for each in entries],
            )
            await connection.execute("TRUNCATE bench.entries, bench.postings")
        by_entry = {each["entry_id"]: each for each in postings}
        return [(each, by_entry[each["id"]]) for each in reversed(entries)]

    async def one_by_one(self, rows: Sequence[tuple[asyncpg.Record, asyncpg.Record]], senders: int) -> Cost:
        """Insert each entry with its posting in a transaction of its own, one statement long."""
        named, posted = _columns(rows)
        places = iter(range(1, len(named) + len(posted) + 1))
        statement = (
            f"WITH entry AS (INSERT INTO bench.entries ({', '.join(named)}) VALUES ({_places(named, places)}))"
            f" INSERT INTO bench.postings ({', '.join(posted)}) VALUES ({_places(posted, places)})"
        )

        async def insert(
            connection: asyncpg.Connection, share: Sequence[tuple[asyncpg.Record, asyncpg.Record]]
        ) -> None:
            prepared = await connection.prepare(statement)
            for entry, its in share:
                await prepared.fetch(*(entry[name] for name in named), *(its[name] for name in posted))

        connections = [await asyncpg.connect(self._database.admin_url) for _ in range(senders)]
        try:
            begun = time.perf_counter()
            await asyncio.gather(*(insert(one, rows[at::senders]) for at, one in enumerate(connections)))
            return Cost(len(rows), time.perf_counter() - begun)
        finally:
            for one in connections:
                await one.close()

    async def at_once(
        self, batches: Sequence[Sequence[tuple[asyncpg.Record, asyncpg.Record]]], senders: int
    ) -> Cost:
        """Copy each batch in a transaction of its own."""
        named, posted = _columns(batches[0])

        async def copy(
            connection: asyncpg.Connection, share: Sequence[Sequence[tuple[asyncpg.Record, asyncpg.Record]]]
        ) -> None:
            for rows in share:
                async with connection.transaction():
                    await connection.copy_records_to_table(
                        "entries",
                        schema_name="bench",
                        columns=named,
                        records=[[entry[name] for name in named] for entry, _ in rows],
                    )
                    await connection.copy_records_to_table(
                        "postings",
                        schema_name="bench",
                        columns=posted,
                        records=[[its[name] for name in posted] for _, its in rows],
                    )

        connections = [await asyncpg.connect(self._database.admin_url) for _ in range(senders)]
        try:
            begun = time.perf_counter()
            await asyncio.gather(*(copy(one, batches[at::senders]) for at, one in enumerate(connections)))
            return Cost(sum(map(len, batches)), time.perf_counter() - begun)
        finally:
            for one in connections:
                await one.close()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._database.admin_url)
        try:
            yield connection
        finally:
            await connection.close()


def _columns(rows: Sequence[tuple[asyncpg.Record, asyncpg.Record]]) -> tuple[list[str], list[str]]:
    """Give the columns to fill of an entry and of a posting."""
    named = [name for name, _ in rows[0][0].items() if name not in LEFT_TO_THE_TABLE]
    return named, ["year", "entry_id", "lot_id", *MEASURES]


def _places(names: Sequence[str], numbers: Iterator[int]) -> str:
    return ", ".join(f"${next(numbers)}" for _ in names)


async def singles(bench: Bench, bare: Bare, units: Sequence[str], senders: int, each: int) -> Beside:
    """Payments of so many senders, each one after another."""
    requests = [
        [
            bench.request("disbursements", bench.payment(units[(at + number) % len(units)]))
            for number in range(each)
        ]
        for at in range(senders)
    ]
    ours = await bench.send(requests)
    return Beside(ours, await bare.one_by_one(await bare.newest(senders * each), senders))


async def batches(bench: Bench, bare: Bare, size: int, senders: int, each: int) -> Beside:
    """Batches of so many senders, each one after another."""
    requests = [[bench.request("batches", bench.batch(size)) for _ in range(each)] for _ in range(senders)]
    ours = await bench.send(requests, size)
    rows = await bare.newest(size * senders * each)
    shares = [rows[at : at + size] for at in range(0, len(rows), size)]
    return Beside(ours, await bare.at_once(shares, senders))


def say(what: str, rounds: Sequence[Beside]) -> None:
    """Print the medians of the rounds."""

    def median(of: Callable[[Beside], float]) -> float:
        return statistics.median(of(one) for one in rounds)

    print(
        f"{what:<44} {median(lambda it: it.ours.per_second):>8,.0f}/s  "
        f"bare {median(lambda it: it.bare.per_second):>8,.0f}/s  "
        f"ratio {median(lambda it: it.ours.per_second / it.bare.per_second):5.3f}  "
        f"p95 {median(lambda it: it.ours.p95_ms):7.1f} ms  CPU for each: "
        f"service {median(lambda it: it.ours.service / it.ours.entries * 1e6):6.0f} µs, "
        f"server {median(lambda it: it.ours.server / it.ours.entries * 1e6):6.0f} µs",
        flush=True,
    )


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Bench, Bare]]:
    """The service over a server of its own, with money to spend."""
    issuer, server = Issuer(), Server(durable=True)
    try:
        database = server.clone()
        with tempfile.TemporaryDirectory(prefix="ntp-bench-") as name:
            folder = Path(name)
            (folder / "jwks.json").write_text(json.dumps(issuer.keys.as_dict(private=False)))
            told = {"NTP_DATABASE_URL": database.url("funding"), "NTP_STATE_DIR": name, "NTP_POOL_SIZE": "6"}
            token = issuer.token("bench", ["funding"], ["poverty"], ["62"], lives=A_LONG_RUN)
            async with served("services.funding.app:create_app", folder, **told) as origin:
                bench, bare = Bench(origin, database, token, server.data.resolve()), Bare(database)
                await bare.prepare()
                await bench.allocate()
                yield bench, bare
    finally:
        server.stop()


async def measure(rounds: int, senders: int, each: int, size: int) -> None:
    """Measure everything in turn, after a round that is not counted."""
    found: dict[str, list[Beside]] = {}
    async with serving() as (bench, bare):
        hot = bench.communes[:1]
        for number in range(-1, rounds):
            few = number < 0
            made = {
                f"payments on {len(bench.communes)} lots, {senders} senders": await singles(
                    bench, bare, bench.communes, senders, 3 if few else each
                ),
                f"payments on one lot, {senders} senders": await singles(
                    bench, bare, hot, senders, 3 if few else each
                ),
                "payments, one sender": await singles(bench, bare, bench.communes, 1, 20 if few else each),
                f"a batch of {size:,}, one sender": await batches(
                    bench, bare, 100 if few else size, 1, 1 if few else 3
                ),
                f"batches of {size:,}, two senders": await batches(
                    bench, bare, 100 if few else size, 2, 1 if few else 2
                ),
            }
            for what, beside in made.items():
                if not few:
                    found.setdefault(what, []).append(beside)
    for what, measured in found.items():
        say(what, measured)


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, after one to warm up")
    parser.add_argument("--senders", type=int, default=48, help="concurrent senders of single entries")
    parser.add_argument("--each", type=int, default=20, help="single entries of each sender")
    parser.add_argument("--size", type=int, default=2000, help="entries of a batch")
    given = parser.parse_args()
    uvloop.run(measure(given.rounds, given.senders, given.each, given.size))


if __name__ == "__main__":
    main()
