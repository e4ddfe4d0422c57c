"""Kills and stops every process of an installation under writers of several kinds, and compares what is left with a log on disk.

    python -m tests.running.storm                 # thirty events
    python -m tests.running.storm --events 100

Writers allocate money, submit reports and register clients through the gateway; each request is sent with the same key and the
same body until it is answered. Before it is sent, and when it is answered, a line is written to a log of their own and down to
the disk. Meanwhile each process in turn, PostgreSQL too, is killed (SIGKILL) or stopped for a while (SIGSTOP). At the end what
the product shows must be what was acknowledged: nothing lost, doubled or altered; and no answer may be a bare 500.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any

import httpx

from tests.running.installation import Installation, temporary_installation
from tests.waiting import PATIENCE_SECONDS

WRITERS_OF_A_KIND = 4
STOPPED_SECONDS = 3.0
UNITS = ("610", "611", "612", "613", "614", "615", "616", "617")
RETRY_SECONDS = 0.2
LINE = {"year": 2023, "program": "poverty", "capital": "investment", "source": "central", "unit": "610"}
PROBLEM = "application/problem+json"


@dataclass
class Outcome:
    """What happened, and what the comparison found."""

    events: Counter[str] = field(default_factory=Counter)
    """Kills and stops by process."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    longest_heal_seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    bare_errors: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.altered, *self.bare_errors]


@dataclass
class WriterLog:
    """Lines on the disk, written by the writers alone."""

    path: Path

    def write(self, **line: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self, step: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.path.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["step"] == step]


def list_allocations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and body of allocations: each has an amount and a decision of its own."""
    for number in count(1):
        decision = {"number": f"{number}/QĐ-UBND", "date": "2023-01-05"}
        yield "/v1/funding/allocations", {**LINE, "amount_vnd": 1_000_000 + number, "decision": decision}


def list_reports() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and body of reports: each of a district and year of its own."""
    for number, (year, unit) in enumerate(product(range(2016, 2025), UNITS)):
        observation = {"unit": unit, "indicator": "jobs_created", "value": number + 1, "status": "official"}
        yield (
            "/v1/poverty/reports",
            {"unit": unit, "period": str(year), "form": "annual_results", "observations": [observation]},
        )


def list_clients() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and body of clients, each with a name of its own."""
    for number in count(1):
        body = {"client_id": f"storm-{number}", "scopes": ["read"], "programs": ["poverty"], "units": []}
        yield "/v1/clients", body


KINDS = {"allocation": list_allocations, "report": list_reports, "client": list_clients}


class Storm:
    """One installation under writers and events."""

    def __init__(self, installation: Installation, log: WriterLog, seed: int) -> None:
        self.installation, self.log, self.outcome = installation, log, Outcome()
        self.random = random.Random(seed)
        self.stop = asyncio.Event()
        self.http = httpx.AsyncClient(base_url=installation.gateway_url, timeout=60)
        self._secret = ""
        self._token, self._renew_at = "", 0.0

    async def run(self, events: int) -> Outcome:
        created = self.installation.run_command(
            *("exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", "--id", "storm"),
            *("--scope", "report", "funding", "read", "admin", "--program", "poverty", "--unit", "62"),
        )
        self._secret = json.loads(created.stdout)["client_secret"]
        async with self.http:
            sources = {kind: make() for kind, make in KINDS.items()}
            writers = [
                asyncio.create_task(self._write(kind, source))
                for kind, source in sources.items()
                for _ in range(WRITERS_OF_A_KIND)
            ]
            names = [*self.installation.ports]
            self.random.shuffle(names)
            for number in range(events):
                await asyncio.sleep(self.random.uniform(0.5, 2))
                await self._strike(names[number % len(names)], kills=self.random.random() < 0.7)
            self.stop.set()
            await asyncio.gather(*writers)
            await self._compare()
        return self.outcome

    async def _strike(self, name: str, *, kills: bool) -> None:
        """Kill or stop a process, and wait until it and the gateway are ready again."""
        child = self.installation.find_child(name)
        if child is None:
            return
        self.outcome.events[f"{'kill' if kills else 'stop'} {name}"] += 1
        if kills:
            child.send_signal(signal.SIGKILL)
        else:
            child.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STOPPED_SECONDS)
            child.send_signal(signal.SIGCONT)
        struck_at = time.monotonic()
        while not await asyncio.to_thread(self._is_ready, name, child.pid if kills else None):
            if time.monotonic() - struck_at > PATIENCE_SECONDS:
                raise RuntimeError(f"{name} is not ready again: {self.installation.log.read_text()[-3000:]}")
            await asyncio.sleep(0.05)
        self.outcome.longest_heal_seconds = max(
            self.outcome.longest_heal_seconds, time.monotonic() - struck_at
        )

    def _is_ready(self, name: str, killed: int | None) -> bool:
        child = self.installation.find_child(name)
        if child is None or child.pid == killed or not child.ready:
            return False
        services = ["funding", "poverty", "gateway"] if name == "postgres" else [name]
        return all(self.installation.get_status(service, "/readyz") == 200 for service in services)

    async def _write(self, kind: str, source: Iterator[tuple[str, dict[str, Any]]]) -> None:
        for path, body in source:
            if self.stop.is_set():
                return
            key = f"{kind}-{self.random.getrandbits(64):x}"
            self.log.write(step="sent", kind=kind, key=key, body=body)
            answer = await self._send_until_answered(path, body, key)
            self.log.write(step="acknowledged", kind=kind, key=key, body=body, answer=answer)
            self.outcome.acknowledged[kind] += 1

    async def _send_until_answered(self, path: str, body: dict[str, Any], key: str) -> Any:
        while True:
            response = await self._request("POST", path, json=body, headers={"Idempotency-Key": key})
            if response is not None and response.is_success:
                return response.json()
            if response is not None and response.is_client_error and response.status_code not in {401, 429}:
                raise RuntimeError(f"{path} {body}: {response.status_code} {response.text}")
            self.outcome.repeats += 1
            await asyncio.sleep(RETRY_SECONDS)

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response | None:
        """Send a request once; None where nobody answered. A 5xx has to be a problem that says when to come again."""
        try:
            headers = {**options.pop("headers", {}), "Authorization": f"Bearer {await self._fetch_token()}"}
            response = await self.http.request(method, path, headers=headers, **options)
        except httpx.TransportError:
            return None
        self.outcome.statuses[response.status_code] += 1
        if response.status_code == 401:
            self._renew_at = 0.0
        if response.is_server_error and (
            response.status_code == 500
            or response.headers.get("content-type") != PROBLEM
            or "retry-after" not in response.headers
        ):
            self.outcome.bare_errors.append(f"{method} {path}: {response.status_code} {response.text[:300]}")
        return response

    async def _fetch_token(self) -> str:
        while time.monotonic() > self._renew_at:
            try:
                response = await self.http.post(
                    "/oauth/token", auth=("storm", self._secret), data={"grant_type": "client_credentials"}
                )
                if response.is_success:
                    self._token, self._renew_at = response.json()["access_token"], time.monotonic() + 300
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(RETRY_SECONDS)
        return self._token

    async def _compare(self) -> None:
        """Compare what the product shows with the log on disk."""
        sent = Counter(line["kind"] for line in self.log.read("sent"))
        acknowledged: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        for line in self.log.read("acknowledged"):
            acknowledged[line["kind"]].append(line)
        entries = await self._read_all("/v1/funding/entries", kind="allocation", unit="610")
        self._match("allocation", acknowledged["allocation"], entries, "id", "amount_vnd", sent)
        clients = await self._read_all("/v1/clients")
        shown = [client for client in clients if client["client_id"].startswith("storm-")]
        self._match("client", acknowledged["client"], shown, "client_id", "client_id", sent)
        for line in acknowledged["report"]:
            response = await self._request("GET", f"/v1/poverty/reports/{line['answer']['id']}")
            if response is None or response.status_code != 200:
                self.outcome.lost.append(f"report {line['answer']['id']}")
            elif (response.json()["unit"], response.json()["period"]) != (
                line["body"]["unit"],
                line["body"]["period"],
            ):
                self.outcome.altered.append(f"report {line['answer']['id']}")

    def _match(
        self,
        kind: str,
        acknowledged: list[dict[str, Any]],
        shown: list[dict[str, Any]],
        identity: str,
        content: str,
        sent: Counter[str],
    ) -> None:
        by_id = {row[identity]: row for row in shown}
        for line in acknowledged:
            row = by_id.get(line["answer"][identity])
            if row is None:
                self.outcome.lost.append(f"{kind} {line['answer'][identity]}")
            elif row[content] != line["body"][content]:
                self.outcome.altered.append(f"{kind} {row}")
        contents = Counter(row[content] for row in shown)
        self.outcome.doubled += [
            f"{kind} {content} {value}" for value, times in contents.items() if times > 1
        ]
        if len(shown) > sent[kind]:
            self.outcome.doubled.append(f"{kind}: {len(shown)} shown, {sent[kind]} sent")

    async def _read_all(self, path: str, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            response = await self._request(
                "GET", path, params={**query, "limit": "200", **({"cursor": cursor} if cursor else {})}
            )
            if response is None or not response.is_success:
                raise RuntimeError(f"{path}: {response.text if response else 'no answer'}")
            rows += response.json()["items"]
            cursor = response.json().get("next") or ""
            if not cursor:
                return rows


async def run_storm(events: int, seed: int = 22) -> Outcome:
    """Start an installation, run the storm over it, and return what was found."""
    with temporary_installation() as installation:
        installation.start()
        log = WriterLog(installation.folder.parent / "storm.jsonl")
        return await Storm(installation, log, seed).run(events)


def main() -> int:
    """Run the command line; return 1 where something is lost, doubled or altered, or an error was bare."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.storm", description="A storm of kills.")
    parser.add_argument("--events", type=int, default=30)
    parser.add_argument("--seed", type=int, default=22)
    options = parser.parse_args()
    outcome = asyncio.run(run_storm(options.events, options.seed))
    print(f"events {sum(outcome.events.values())}: {dict(outcome.events)}")
    print(
        f"acknowledged {dict(outcome.acknowledged)}, repeats {outcome.repeats}, statuses {dict(outcome.statuses)}"
    )
    print(f"longest heal {outcome.longest_heal_seconds:.1f} s")
    print(f"lost {len(outcome.lost)}, doubled {len(outcome.doubled)}, altered {len(outcome.altered)}")
    print(f"bare errors {len(outcome.bare_errors)}")
    for fault in outcome.faults[:20]:
        print(fault)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
