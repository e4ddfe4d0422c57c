"""A standby that lags: what it may answer, what goes to the primary, and a write that reaches it."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import httpx

from shared.local.postgres import EmbeddedPostgres
from shared.local.postgres_programs import find_programs
from shared.local.settings import InstallationSettings
from shared.local.stack import Stack
from tests.postgres import free_port
from tests.running.installation import Installation, temporary_installation
from tests.scale.programs import find_account, make_open_folder
from tests.scale.report import PartReport
from tests.scale.several_instances import fetch_token
from tests.scale.switch import Switch, running_switch
from tests.scale.traffic import CLIENT, LINE, TIMEOUT_S, create_client
from tests.waiting import wait_until

YEAR_PATH = "/v1/funding/status?year=2021"
ROUNDS = 20


@contextlib.contextmanager
def running_standby(installation: Installation, port: int) -> Iterator[str]:
    """Copy the embedded PostgreSQL of a running installation, and follow it until the block ends; yield an administrator's URL."""
    stack = Stack(InstallationSettings(var=installation.folder, postgres_port=installation.ports["postgres"]))
    admin = urlsplit(stack.admin_url)
    folder = make_open_folder(installation.folder.parent / "standby")
    data = folder / "data"
    subprocess.run(
        [
            str(find_programs(None) / "pg_basebackup"),
            *("--dbname", stack.admin_url, "--pgdata", str(data), "--wal-method=stream", "--checkpoint=fast"),
            "--write-recovery-conf",
        ],
        check=True, cwd="/", env={"PATH": os.defpath}, capture_output=True, **find_account(),
    )  # fmt: skip
    standby = EmbeddedPostgres(data, port=port, password=admin.password or "")
    standby.start()
    try:
        yield standby.admin_url
    finally:
        standby.stop()


def run_statement(url: str, statement: str) -> object:
    """Run one statement on a server, and return its only value."""

    async def fetch() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def measure_standby() -> PartReport:
    """Run the part."""
    report = PartReport("a standby that lags")
    with temporary_installation() as installation, running_switch(installation.ports["postgres"]) as switch:
        standby_port = free_port()
        installation.variables = {
            "NTP_READ_DATABASE_ADDRESS": f"127.0.0.1:{standby_port}",
            "NTP_DATABASE_ADDRESS": f"127.0.0.1:{switch.port}",
            "NTP_CLIENT_LIMIT": "",
            "NTP_ADDRESS_LIMIT": "",
            "NTP_ANSWER_CACHE_BYTES": "0",
        }
        installation.start()
        secret = create_client(installation)
        token = fetch_token(installation.gateway_url, CLIENT, secret)
        with running_standby(installation, standby_port) as standby_url, httpx.Client(
            base_url=installation.gateway_url, timeout=TIMEOUT_S
        ) as http:  # fmt: skip
            compare_readings(report, http, token, standby_url)
            write_to_standby(report, http, token, switch, installation.ports["postgres"], standby_port)
        report.require(
            "reads while the standby is away",
            http_status(installation.gateway_url + YEAR_PATH) == 200,
            http_status(installation.gateway_url + YEAR_PATH),
        )
    return report


def http_status(url: str) -> int:
    """Return the status of an answer."""
    return httpx.get(url, timeout=TIMEOUT_S).status_code


def allocate(http: httpx.Client, token: dict[str, str], number: int) -> httpx.Response:
    """Allocate an amount for 2021."""
    body = {
        **LINE,
        "year": 2021,
        "amount_vnd": 5_000_000 + number,
        "decision": {"number": f"{number}/QĐ-STANDBY", "date": "2021-01-05"},
    }
    return http.post(
        "/v1/funding/allocations", json=body, headers={**token, "Idempotency-Key": f"standby-{number}"}
    )


def read_allocated(http: httpx.Client, headers: dict[str, str], **query: str) -> int:
    """Return the money allocated for 2021."""
    response = http.get(YEAR_PATH, params={"year": "2021", **query}, headers=headers)
    response.raise_for_status()
    return int(response.json()["total"]["allocated_vnd"])


def compare_readings(report: PartReport, http: httpx.Client, token: dict[str, str], standby_url: str) -> None:
    """Pause the replay, write, and read in every way."""
    allocate(http, token, 0).raise_for_status()
    wait_until(lambda: read_allocated(http, {}) == 5_000_000)
    run_statement(standby_url, "SELECT pg_wal_replay_pause()")
    wait_until(lambda: run_statement(standby_url, "SELECT pg_get_wal_replay_pause_state()") == "paused")
    allocated, old, lagging = 5_000_000, 0, 0
    for number in range(1, ROUNDS + 1):
        response = allocate(http, token, number)
        response.raise_for_status()
        allocated += 5_000_000 + number
        place = {"NTP-After": response.headers["ntp-change"]}
        now = datetime.now(UTC).isoformat()
        readings = [
            read_allocated(http, place),
            read_allocated(http, token),
            read_allocated(http, {}, as_of=now),
        ]
        old += sum(reading != allocated for reading in readings)
        lagging += read_allocated(http, {}) == 5_000_000
    report.require("old values by NTP-After, with a token, and as_of", old == 0, f"{old} of {3 * ROUNDS}")
    report.require(
        "reads without NTP-After that the paused standby answered",
        lagging == ROUNDS,
        f"{lagging} of {ROUNDS}",
    )
    run_statement(standby_url, "SELECT pg_wal_replay_resume()")
    started_at = time.monotonic()
    wait_until(lambda: read_allocated(http, {}) == allocated)
    report.add("standby has all again after", f"{time.monotonic() - started_at:.2f} s")


def write_to_standby(
    report: PartReport,
    http: httpx.Client,
    token: dict[str, str],
    switch: Switch,
    primary: int,
    standby: int,
) -> None:
    """Lead the services to the standby, write, and lead them back."""
    switch.turn_to(standby)
    answers: list[httpx.Response] = []

    def is_refused() -> bool:
        answers.append(allocate(http, token, 1000))
        return answers[-1].status_code == 503 and answers[-1].json()["code"] == "database_read_only"

    wait_until(is_refused)
    report.require(
        "a write that reaches the standby",
        "retry-after" in answers[-1].headers,
        f"503 {answers[-1].json()['code']}, Retry-After {answers[-1].headers.get('retry-after')}",
    )
    failed = sum(answer.status_code == 500 for answer in answers)
    report.require("answers with 500 meanwhile", failed == 0, failed)
    switch.turn_to(primary)
    wait_until(lambda: allocate(http, token, 1000).is_success)
    report.add("the same request at the primary again", "accepted")
