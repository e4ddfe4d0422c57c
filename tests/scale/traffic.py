"""Senders and readers of an installation, and the comparison of what was acknowledged with what the product shows."""

import contextlib
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

import httpx

from tests.running.installation import Installation
from tests.scale.report import PartReport

CLIENT = "traffic"
LINE = {"year": 2022, "program": "poverty", "capital": "investment", "source": "central", "unit": "610"}
READ_PATHS = (
    "/v1/status?period=2023",
    "/v1/poverty/progress?period=2023",
    "/v1/funding/status?year=2023",
    "/v1/rural/completeness?period=2023",
)
RENEW_AFTER_S = 300.0
PAUSE_S = 0.1
TIMEOUT_S = 60.0


def create_client(installation: Installation) -> str:
    """Create the client of the senders; return its secret."""
    created = installation.run_command(
        *("exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", "--id", CLIENT),
        *("--scope", "report", "funding", "read", "admin", "--program", "poverty", "--unit", "62"),
    )
    assert created.returncode == 0, created.stderr
    return str(json.loads(created.stdout)["client_secret"])


@dataclass
class Traffic:
    """Writes of allocations, each with an amount of its own, and reads; counted by their answers."""

    origin: str
    secret: str
    patient: bool
    """Whether a write is sent again, with the same key, until it is answered."""
    senders: int = 4
    readers: int = 3
    first_number: int = 1
    sent: set[int] = field(default_factory=set)
    """Amounts."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Amounts by the id of the entry."""
    acknowledged_at: list[float] = field(default_factory=list)
    writes: Counter[int] = field(default_factory=Counter)
    """Answers by status; 0 where there was none."""
    reads: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._numbers = count(self.first_number)
        self._token, self._renew_at = "", 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Send and read until the block ends."""
        threads = [threading.Thread(target=self._send_on) for _ in range(self.senders)]
        threads += [threading.Thread(target=self._read_on, args=(number,)) for number in range(self.readers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def find_longest_gap(self, since: float, until: float) -> float:
        """Return the longest time without an acknowledged write between two instants of the monotonic clock."""
        instants = [since, *sorted(at for at in self.acknowledged_at if since < at < until), until]
        return max(later - earlier for earlier, later in pairwise(instants))

    def find_token(self, http: httpx.Client) -> str:
        """Return a token, renewed in time."""
        with self._lock:
            while time.monotonic() > self._renew_at:
                with contextlib.suppress(httpx.TransportError):
                    response = http.post(
                        "/oauth/token", auth=(CLIENT, self.secret), data={"grant_type": "client_credentials"}
                    )
                    if response.is_success:
                        self._token = response.json()["access_token"]
                        self._renew_at = time.monotonic() + RENEW_AFTER_S
                        break
                    if not self.patient:
                        self.failures.append(f"token: {response.status_code} {response.text[:300]}")
                time.sleep(PAUSE_S)
            return self._token

    def _send_on(self) -> None:
        with httpx.Client(base_url=self.origin, timeout=TIMEOUT_S) as http:
            while not self._ended.is_set():
                number = next(self._numbers)
                body = {
                    **LINE,
                    "amount_vnd": 1_000_000 + number,
                    "decision": {"number": f"{number}/QĐ-UBND", "date": "2022-01-05"},
                }
                self.sent.add(1_000_000 + number)
                self._send(http, body, f"traffic-{number}-{random.getrandbits(64):x}")
                time.sleep(PAUSE_S)

    def _send(self, http: httpx.Client, body: dict[str, Any], key: str) -> None:
        while True:
            status, text = 0, ""
            try:
                headers = {"Idempotency-Key": key, "Authorization": f"Bearer {self.find_token(http)}"}
                response = http.post("/v1/funding/allocations", json=body, headers=headers)
                status, text = response.status_code, response.text
            except httpx.TransportError as error:
                text = repr(error)
            self.writes[status] += 1
            if status in {200, 201}:
                self.acknowledged[json.loads(text)["id"]] = body["amount_vnd"]
                self.acknowledged_at.append(time.monotonic())
                return
            self.failures.append(f"write: {status} {text[:300]}")
            if not self.patient:
                return
            time.sleep(PAUSE_S)

    def _read_on(self, number: int) -> None:
        paths = READ_PATHS[number % len(READ_PATHS) :] + READ_PATHS[: number % len(READ_PATHS)]
        with httpx.Client(base_url=self.origin, timeout=TIMEOUT_S) as http:
            while not self._ended.is_set():
                for path in paths:
                    status, text = 0, ""
                    try:
                        response = http.get(path)
                        status, text = response.status_code, response.text
                    except httpx.TransportError as error:
                        text = repr(error)
                    self.reads[status] += 1
                    if status != 200:
                        self.failures.append(f"read {path}: {status} {text[:300]}")
                    time.sleep(PAUSE_S)

    def compare(self, report: PartReport) -> None:
        """Compare what was acknowledged with the entries that the product shows."""
        with httpx.Client(base_url=self.origin, timeout=TIMEOUT_S) as http:
            shown = {entry["id"]: entry["amount_vnd"] for entry in self._read_entries(http)}
        lost = [entry for entry, amount in self.acknowledged.items() if shown.get(entry) != amount]
        amounts = Counter(amount for amount in shown.values() if amount in self.sent)
        doubled = [amount for amount, times in amounts.items() if times > 1]
        report.add("writes acknowledged", len(self.acknowledged))
        report.require("acknowledged writes lost or altered", not lost, len(lost))
        report.require("writes doubled", not doubled, len(doubled))

    def _read_entries(self, http: httpx.Client) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            parameters = {"kind": "allocation", "unit": "610", "year": "2022", "limit": "200"}
            response = http.get(
                "/v1/funding/entries",
                params={**parameters, **({"cursor": cursor} if cursor else {})},
                headers={"Authorization": f"Bearer {self.find_token(http)}"},
            )
            response.raise_for_status()
            yield from response.json()["items"]
            cursor = response.json().get("next") or ""
            if not cursor:
                return
