"""Measure what the ledger costs: single entries and batches over HTTP, each beside a bare asyncpg insert of the same rows.

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

from services.funding.ledger import AMOUNT_NAMES
from shared.local.processes import find_processes_in_folder
from tests.benchmarks.installation import serve_app
from tests.benchmarks.load import make_post, send_requests
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase
from tests.territory.shipped import shipped_territory

YEAR = 2023
CPU = "process_cpu_seconds_total"
TOKEN_LIFETIME = timedelta(hours=6)
ENOUGH_VND = 10**14
LINE = {"year": YEAR, "program": "poverty", "capital": "investment", "source": "central"}
DEFAULT_COLUMNS = {"sequence"}

BARE_TABLES = """
CREATE SCHEMA bench;
CREATE TABLE bench.entries (LIKE funding.entries INCLUDING ALL);
CREATE TABLE bench.postings (LIKE funding.postings INCLUDING ALL,
    FOREIGN KEY (year, entry_id) REFERENCES bench.entries (year, id),
    FOREIGN KEY (lot_id) REFERENCES funding.lots (id));
"""


@dataclass(frozen=True)
class EntryCost:
    """The cost of a number of entries: seconds on the wall, and of the processors."""

    entries: int
    seconds: float
    service: float = 0
    server: float = 0
    p95_ms: float = 0

    @property
    def per_second(self) -> float:
        return self.entries / self.seconds


@dataclass(frozen=True)
class CostComparison:
    """The service's cost and the bare one, of the same rows."""

    ours: EntryCost
    bare: EntryCost


class LedgerClient:
    """A funding service over a database, and what is sent to it."""

    def __init__(self, origin: str, database: TestDatabase, token: str, data: Path) -> None:
        self.origin = origin
        self.database = database
        self.communes = [
            unit.code
            for unit in shipped_territory().descendants("62", date(YEAR, 12, 31))
            if unit.level == "commune"
        ]
        self._bearer = {"authorization": f"Bearer {token}"}
        self._numbers = count(1)
        self._data = data

    def make_request(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Return a POST with an idempotency key of its own."""
        headers = {**self._bearer, "idempotency-key": f"bench-{next(self._numbers)}"}
        return make_post(f"{self.origin}/v1/funding/{path}", json.dumps(body).encode(), headers)

    def make_payment(self, unit: str) -> dict[str, Any]:
        """Return a payment under a voucher of its own."""
        number = next(self._numbers)
        voucher = {"source": "KBNN Kon Tum", "number": f"GRT-{number}"}
        return {**LINE, "unit": unit, "amount_vnd": 1_000_000 + number, "voucher": voucher}

    def make_batch(self, size: int) -> dict[str, Any]:
        """Return a batch of commitments and payments of all communes."""
        units = self.communes
        kinds = ("disbursement", "disbursement", "commitment", "confirmation")
        entries = [
            {**self.make_payment(units[ordinal % len(units)]), "kind": kinds[ordinal % 4]}
            for ordinal in range(size)
        ]
        return {"mode": "best_effort", "entries": entries}

    async def allocate(self) -> None:
        """Allocate money to every commune."""
        decision = {"number": "68/NQ-HĐND", "date": "2022-12-12"}
        bodies = [
            {**LINE, "unit": unit, "amount_vnd": ENOUGH_VND, "decision": decision} for unit in self.communes
        ]
        await send_requests(self.origin, [[self.make_request("allocations", body) for body in bodies]])

    async def send(self, connections: Sequence[Sequence[bytes]], entries_per_request: int = 1) -> EntryCost:
        """Send requests on as many connections, and return what it cost."""
        service, server = await self._service_cpu(), self._server_cpu()
        begun = time.perf_counter()
        tally = await send_requests(self.origin, connections)
        seconds = time.perf_counter() - begun
        slowest = sorted(tally.milliseconds)[int(len(tally.milliseconds) * 0.95)]
        return EntryCost(
            tally.answers * entries_per_request,
            seconds,
            await self._service_cpu() - service,
            self._server_cpu() - server,
            slowest,
        )

    async def _service_cpu(self) -> float:
        async with httpx.AsyncClient() as http:
            metrics = (await http.get(f"{self.origin}/metrics")).text
        return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith(CPU))

    def _server_cpu(self) -> float:
        """Return the CPU seconds of all running processes of the database server."""
        ticks = 0
        for pid in find_processes_in_folder(self._data, "postgres"):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


class BareLedger:
    """The rows that the service kept, inserted again with nothing around it."""

    def __init__(self, database: TestDatabase) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Create tables with the same columns, checks, indexes and foreign keys."""
        async with self._connected() as connection:
            await connection.execute(BARE_TABLES)

    async def read_newest(self, count: int) -> list[tuple[asyncpg.Record, asyncpg.Record]]:
        """Read the entries that were kept last, each with its posting, in their order."""
        async with self._connected() as connection:
            entries = await connection.fetch(
                "SELECT * FROM funding.entries ORDER BY sequence DESC LIMIT $1", count
            )
            postings = await connection.fetch(
                "SELECT * FROM funding.postings WHERE year = $1 AND entry_id = ANY($2)",
                YEAR,
                [entry["id"] for entry in entries],
            )
            await connection.execute("TRUNCATE bench.entries, bench.postings")
        by_entry = {posting["entry_id"]: posting for posting in postings}
        return [(entry, by_entry[entry["id"]]) for entry in reversed(entries)]

    async def insert_singly(
        self, rows: Sequence[tuple[asyncpg.Record, asyncpg.Record]], senders: int
    ) -> EntryCost:
        """Insert each entry with its posting in a transaction of its own, one statement long."""
        entry_columns, posting_columns = _list_columns(rows)
        numbers = iter(range(1, len(entry_columns) + len(posting_columns) + 1))
        statement = (
            f"WITH entry AS (INSERT INTO bench.entries ({', '.join(entry_columns)}) VALUES ({_number_parameters(entry_columns, numbers)}))"
            f" INSERT INTO bench.postings ({', '.join(posting_columns)}) VALUES ({_number_parameters(posting_columns, numbers)})"
        )

        async def insert(
            connection: asyncpg.Connection, share: Sequence[tuple[asyncpg.Record, asyncpg.Record]]
        ) -> None:
            prepared = await connection.prepare(statement)
            for entry, posting in share:
                await prepared.fetch(
                    *(entry[name] for name in entry_columns), *(posting[name] for name in posting_columns)
                )

        connections = [await asyncpg.connect(self._database.admin_url) for _ in range(senders)]
        try:
            begun = time.perf_counter()
            await asyncio.gather(
                *(insert(connection, rows[sender::senders]) for sender, connection in enumerate(connections))
            )
            return EntryCost(len(rows), time.perf_counter() - begun)
        finally:
            for connection in connections:
                await connection.close()

    async def copy_batches(
        self, batches: Sequence[Sequence[tuple[asyncpg.Record, asyncpg.Record]]], senders: int
    ) -> EntryCost:
        """Copy each batch in a transaction of its own."""
        entry_columns, posting_columns = _list_columns(batches[0])

        async def copy(
            connection: asyncpg.Connection, share: Sequence[Sequence[tuple[asyncpg.Record, asyncpg.Record]]]
        ) -> None:
            for rows in share:
                async with connection.transaction():
                    await connection.copy_records_to_table(
                        "entries",
                        schema_name="bench",
                        columns=entry_columns,
                        records=[[entry[name] for name in entry_columns] for entry, _ in rows],
                    )
                    await connection.copy_records_to_table(
                        "postings",
                        schema_name="bench",
                        columns=posting_columns,
                        records=[[posting[name] for name in posting_columns] for _, posting in rows],
                    )

        connections = [await asyncpg.connect(self._database.admin_url) for _ in range(senders)]
        try:
            begun = time.perf_counter()
            await asyncio.gather(
                *(copy(connection, batches[sender::senders]) for sender, connection in enumerate(connections))
            )
            return EntryCost(sum(map(len, batches)), time.perf_counter() - begun)
        finally:
            for connection in connections:
                await connection.close()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._database.admin_url)
        try:
            yield connection
        finally:
            await connection.close()


def _list_columns(rows: Sequence[tuple[asyncpg.Record, asyncpg.Record]]) -> tuple[list[str], list[str]]:
    """Return the columns to fill of an entry and of a posting."""
    entry_columns = [name for name, _ in rows[0][0].items() if name not in DEFAULT_COLUMNS]
    return entry_columns, ["year", "entry_id", "lot_id", *AMOUNT_NAMES]


def _number_parameters(names: Sequence[str], numbers: Iterator[int]) -> str:
    return ", ".join(f"${next(numbers)}" for _ in names)


async def measure_payments(
    client: LedgerClient, bare: BareLedger, units: Sequence[str], senders: int, entries_per_sender: int
) -> CostComparison:
    """Measure the payments of a number of senders, each one after another."""
    requests = [
        [
            client.make_request("disbursements", client.make_payment(units[(sender + number) % len(units)]))
            for number in range(entries_per_sender)
        ]
        for sender in range(senders)
    ]
    ours = await client.send(requests)
    return CostComparison(
        ours, await bare.insert_singly(await bare.read_newest(senders * entries_per_sender), senders)
    )


async def measure_batches(
    client: LedgerClient, bare: BareLedger, size: int, senders: int, batches_per_sender: int
) -> CostComparison:
    """Measure the batches of a number of senders, each one after another."""
    requests = [
        [client.make_request("batches", client.make_batch(size)) for _ in range(batches_per_sender)]
        for _ in range(senders)
    ]
    ours = await client.send(requests, size)
    rows = await bare.read_newest(size * senders * batches_per_sender)
    shares = [rows[first : first + size] for first in range(0, len(rows), size)]
    return CostComparison(ours, await bare.copy_batches(shares, senders))


def print_medians(name: str, rounds: Sequence[CostComparison]) -> None:
    """Print the medians of the rounds."""

    def median(measure: Callable[[CostComparison], float]) -> float:
        return statistics.median(measure(comparison) for comparison in rounds)

    print(
        f"{name:<44} {median(lambda pair: pair.ours.per_second):>8,.0f}/s  "
        f"bare {median(lambda pair: pair.bare.per_second):>8,.0f}/s  "
        f"ratio {median(lambda pair: pair.ours.per_second / pair.bare.per_second):5.3f}  "
        f"p95 {median(lambda pair: pair.ours.p95_ms):7.1f} ms  CPU for each: "
        f"service {median(lambda pair: pair.ours.service / pair.ours.entries * 1e6):6.0f} µs, "
        f"server {median(lambda pair: pair.ours.server / pair.ours.entries * 1e6):6.0f} µs",
        flush=True,
    )


@asynccontextmanager
async def serve_ledger() -> AsyncIterator[tuple[LedgerClient, BareLedger]]:
    """The service over a server of its own, with money to spend."""
    issuer, server = Issuer(), Server(durable=True)
    try:
        database = server.clone()
        with tempfile.TemporaryDirectory(prefix="ntp-bench-") as name:
            folder = Path(name)
            (folder / "jwks.json").write_text(json.dumps(issuer.keys.as_dict(private=False)))
            variables = {
                "NTP_DATABASE_URL": database.url("funding"),
                "NTP_STATE_DIR": name,
                "NTP_POOL_SIZE": "6",
                "NTP_MAX_TOKEN_SECONDS": str(TOKEN_LIFETIME // timedelta(seconds=1)),
            }
            token = issuer.token("bench", ["funding"], ["poverty"], ["62"], lives=TOKEN_LIFETIME)
            async with serve_app("services.funding.app:create_app", folder, **variables) as origin:
                client, bare = (
                    LedgerClient(origin, database, token, server.data.resolve()),
                    BareLedger(database),
                )
                await bare.prepare()
                await client.allocate()
                yield client, bare
    finally:
        server.stop()


async def measure(rounds: int, senders: int, entries_per_sender: int, size: int) -> None:
    """Measure everything in turn, after a round that is not counted."""
    comparisons_by_name: dict[str, list[CostComparison]] = {}
    async with serve_ledger() as (client, bare):
        one_commune = client.communes[:1]
        for number in range(-1, rounds):
            is_warm_up = number < 0
            comparisons = {
                f"payments on {len(client.communes)} lots, {senders} senders": await measure_payments(
                    client, bare, client.communes, senders, 3 if is_warm_up else entries_per_sender
                ),
                f"payments on one lot, {senders} senders": await measure_payments(
                    client, bare, one_commune, senders, 3 if is_warm_up else entries_per_sender
                ),
                "payments, one sender": await measure_payments(
                    client, bare, client.communes, 1, 20 if is_warm_up else entries_per_sender
                ),
                f"a batch of {size:,}, one sender": await measure_batches(
                    client, bare, 100 if is_warm_up else size, 1, 1 if is_warm_up else 3
                ),
                f"batches of {size:,}, two senders": await measure_batches(
                    client, bare, 100 if is_warm_up else size, 2, 1 if is_warm_up else 2
                ),
            }
            for name, comparison in comparisons.items():
                if not is_warm_up:
                    comparisons_by_name.setdefault(name, []).append(comparison)
    for name, rounds_of_name in comparisons_by_name.items():
        print_medians(name, rounds_of_name)


def main() -> None:
    """Read the sizes and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, after one to warm up")
    parser.add_argument("--senders", type=int, default=48, help="concurrent senders of single entries")
    parser.add_argument("--each", type=int, default=20, help="single entries of each sender")
    parser.add_argument("--size", type=int, default=2000, help="entries of a batch")
    arguments = parser.parse_args()
    uvloop.run(measure(arguments.rounds, arguments.senders, arguments.each, arguments.size))


if __name__ == "__main__":
    main()
