"""Kills a service that records entries, repeatedly: every acknowledged entry must be recorded, once.

    python -m tests.funding.killing                 # a hundred kills
    python -m tests.funding.killing --kills 10

A funding service runs in a process of its own over a durable server. Senders post single payments, batches, and every other kind
of write; each is sent with the same key and the same body until it is answered. Meanwhile the service is killed (SIGKILL), or a
backend of the server, which restarts the whole server. At the end the journal is verified from the first entry on, every voucher
must have exactly one entry, the acknowledged one, and the rows of every table must be those that were acknowledged.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.funding.journal.verify import Findings, verify
from shared.kit.database import Database
from tests.funding.other_writes import ALLOCATED_UNITS, OtherWrites
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase, free_port

ROOT = Path(__file__).resolve().parents[2]
LINE = {"year": 2023, "program": "poverty", "capital": "investment", "source": "central"}
SENDERS, BATCHES_OF = 6, 150
TOKEN_LIFETIME = timedelta(hours=6)


@dataclass
class Outcome:
    """The kills, and what the verification found."""

    kills: int = 0
    in_flight: int = 0
    """Kills during an unanswered request."""
    acknowledged: int = 0
    other_writes: int = 0
    """Acknowledged writes other than payments."""
    repeats: int = 0
    """Requests that had to be sent again."""
    seconds: float = 0
    faults: list[str] = field(default_factory=list)


class Ledger:
    """The service that is killed and started again; its server recovers by itself."""

    def __init__(self, database: TestDatabase, folder: Path) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._database = database
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._next: subprocess.Popen[bytes] | None = None
        """Imported and waiting to serve, because most of a start is imports."""

    def start(self) -> None:
        """Start serving with the prepared process, and prepare the next one."""
        self._process, self._next = self._next or self._prepare(), self._prepare()
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.close()

    def kill(self) -> None:
        """Kill the service."""
        assert self._process is not None
        with self._process as process:
            process.send_signal(signal.SIGKILL)

    def end(self) -> None:
        """Kill the service and the prepared process."""
        self.kill()
        self._process = self._next
        self.kill()

    def _prepare(self) -> subprocess.Popen[bytes]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NTP_")},
            "NTP_DATABASE_URL": self._database.url("funding"),
            "NTP_STATE_DIR": str(self._folder),
            "NTP_SEAL_EVERY_SECONDS": "0.2",
            "NTP_MAX_TOKEN_SECONDS": str(TOKEN_LIFETIME // timedelta(seconds=1)),
        }
        app = "services.funding.app:create_app"
        with (self._folder / "service.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "shared.kit.serve", app, "--port", str(self.port), "--wait"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    async def wait_until_ready(self) -> None:
        """Wait until the service answers and reaches its database; raise where it ends by itself."""
        async with httpx.AsyncClient(verify=False) as http:
            while True:
                try:
                    if (await http.get(f"{self.origin}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    assert self._process is not None
                    if self._process.poll() is not None:
                        raise RuntimeError((self._folder / "service.log").read_text()[-5000:]) from None
                await asyncio.sleep(0.02)

    async def kill_a_backend(self, rng: random.Random) -> bool:
        """Kill a backend of the server that works for the service: the server ends all others and recovers."""
        try:
            admin = await asyncpg.connect(self._database.admin_url, timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            pids = await admin.fetch(
                "SELECT pid FROM pg_stat_activity WHERE usename = 'funding' AND backend_type = 'client backend'"
                " ORDER BY state = 'active' DESC, xact_start IS NULL"
            )
        finally:
            await admin.close()
        if not pids:
            return False
        os.kill(pids[0 if rng.random() < 0.8 else -1]["pid"], signal.SIGKILL)
        return True


class Senders:
    """Clients that repeat each request until it is answered, and remember what was acknowledged."""

    def __init__(self, origin: str, token: str, rng: random.Random) -> None:
        self._origin = origin
        self._token = token
        self._rng = rng
        self._numbers = count(1)
        self.acknowledged: dict[str, tuple[str, int]] = {}
        """Voucher to entry and amount."""
        self.repeats = 0
        self.unanswered = 0
        self.faults: list[str] = []
        self.stop = asyncio.Event()

    def payment(self) -> dict[str, Any]:
        """A payment under a voucher of its own."""
        number = next(self._numbers)
        voucher = {"source": "KBNN Kon Tum", "number": f"GRT-{number}"}
        return {**LINE, "unit": self._rng.choice(ALLOCATED_UNITS), "amount_vnd": number, "voucher": voucher}

    async def singles(self) -> None:
        """Post single payments; sometimes the same again with another key."""
        while not self.stop.is_set():
            body = self.payment()
            for _ in range(2 if self._rng.random() < 0.2 else 1):
                answer = await self.send_until_answered("disbursements", body)
                if answer is None:
                    return
                self.note(str(body["voucher"]["number"]), answer["id"], answer["amount_vnd"])

    async def batches(self) -> None:
        """Post batches, each twice with two keys, the second time in reverse order."""
        while not self.stop.is_set():
            entries = [{**self.payment(), "kind": "disbursement"} for _ in range(BATCHES_OF)]
            for order in (entries, entries[::-1]):
                answer = await self.send_until_answered(
                    "batches", {"mode": "all_or_nothing", "entries": order}
                )
                if answer is None:
                    return
                for entry, verdict in zip(order, answer["verdicts"], strict=True):
                    self.note(str(entry["voucher"]["number"]), verdict["entry"], entry["amount_vnd"])

    def note(self, voucher: str, entry: str, amount_vnd: int) -> None:
        """Remember what was acknowledged; a fault where it was acknowledged as another entry before."""
        first = self.acknowledged.setdefault(voucher, (entry, amount_vnd))
        if first != (entry, amount_vnd):
            self.faults.append(f"{voucher} was acknowledged as {first} and as {(entry, amount_vnd)}")

    async def send_until_answered(self, path: str, body: object) -> dict[str, Any] | None:
        """Send until it is answered; a killed service refuses the connection, a recovering server answers 503."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": uuid.uuid4().hex}
        self.unanswered += 1
        try:
            while True:
                try:
                    async with httpx.AsyncClient(timeout=30, verify=False) as http:  # no certificates to read
                        answer = await http.post(
                            f"{self._origin}/v1/funding/{path}", json=body, headers=headers
                        )
                except httpx.TransportError:
                    self.repeats += 1
                    await asyncio.sleep(0.05)
                    continue
                if answer.is_success:
                    return dict(answer.json())
                if answer.status_code != 503:
                    self.faults.append(f"{path}: {answer.status_code} {answer.text[:500]}")
                    return None
                self.repeats += 1
                await asyncio.sleep(0.05)
        finally:
            self.unanswered -= 1


async def kill_repeatedly(kills: int, seed: int = 0) -> Outcome:
    """Run everything; return the outcome."""
    begun, outcome, rng = time.monotonic(), Outcome(), random.Random(seed)
    server = Server(durable=True)
    try:
        database = server.clone()
        with tempfile.TemporaryDirectory(prefix="ntp-kill-") as name:
            issuer, folder = Issuer(), Path(name)
            (folder / "jwks.json").write_text(json.dumps(issuer.keys.as_dict(private=False)))
            programs = ["rural", "poverty", "ethnic"]
            token = issuer.token("killed", ["funding"], programs, ["62", "51"], lives=TOKEN_LIFETIME)
            ledger = Ledger(database, folder)
            senders = Senders(ledger.origin, token, rng)
            others = OtherWrites(senders.send_until_answered, senders.stop)
            ledger.start()
            try:
                await ledger.wait_until_ready()
                await others.allocate()
                await _kill_until_done(ledger, senders, others, outcome, kills, rng)
            finally:
                ledger.end()
            outcome.acknowledged, outcome.repeats = len(senders.acknowledged), senders.repeats
            outcome.other_writes = others.count()
            outcome.faults += senders.faults + await _find_faults(database, senders, others)
    finally:
        server.stop()
    outcome.seconds = time.monotonic() - begun
    return outcome


async def _kill_until_done(
    ledger: Ledger,
    senders: Senders,
    others: OtherWrites,
    outcome: Outcome,
    kills: int,
    rng: random.Random,
) -> None:
    work = [asyncio.create_task(senders.singles()) for _ in range(SENDERS)]
    work += [asyncio.create_task(senders.batches()) for _ in range(2)]
    work.append(asyncio.create_task(others.write()))
    while outcome.kills < kills:
        before = len(senders.acknowledged)
        while len(senders.acknowledged) == before:  # something gets through between two kills
            await asyncio.sleep(0.005)
            if any(task.done() for task in work):
                break
        await asyncio.sleep(rng.random() * 0.2)
        in_flight = senders.unanswered > 0
        if outcome.kills % 3 == 1:
            if not await ledger.kill_a_backend(rng):
                continue
        else:
            ledger.kill()
            ledger.start()
        outcome.kills += 1
        outcome.in_flight += in_flight
        await ledger.wait_until_ready()
    senders.stop.set()
    await asyncio.gather(*work)


async def _find_faults(database: TestDatabase, senders: Senders, others: OtherWrites) -> list[str]:
    """Compare what is recorded with what was acknowledged, and verify the journal."""
    admin = await asyncpg.connect(database.admin_url)
    try:
        rows = await admin.fetch(
            "SELECT voucher_number, array_agg(id::text) AS ids, array_agg(amount_vnd) AS amounts"
            " FROM funding.entries WHERE voucher_number LIKE 'GRT-%' GROUP BY voucher_number"
        )
        keys = await admin.fetchval("SELECT count(*) FROM funding.answered_requests WHERE status IS NULL")
    finally:
        await admin.close()
    recorded = {row["voucher_number"]: list(zip(row["ids"], row["amounts"], strict=True)) for row in rows}
    faults = [f"{number} stands for {entries}" for number, entries in recorded.items() if len(entries) != 1]
    faults += [
        f"{number} was acknowledged as {entry} and is {recorded.get(number)}"
        for number, entry in senders.acknowledged.items()
        if recorded.get(number) != [entry]
    ]
    faults += [f"{number} was never acknowledged" for number in recorded.keys() - senders.acknowledged.keys()]
    faults += [f"{keys} keys were recorded without an answer"] if keys else []
    faults += await others.find_faults(database, {entry for entry, _ in senders.acknowledged.values()})
    return faults + (await _verify_database(database)).faults


async def _verify_database(database: TestDatabase) -> Findings:
    ledger = Database(database.url("funding"), pool_size=1)
    try:
        async with ledger.reading() as session:
            return await verify(session)
    finally:
        await ledger.close()


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.funding.killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcome = asyncio.run(kill_repeatedly(options.kills, options.seed))
    print(json.dumps(outcome.__dict__, indent=1))
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
