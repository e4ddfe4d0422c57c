"""`python -m tests.architecture.write_path [--list]`: how many files of ours one write enters, from request to answer.

Each application runs in this process on a database of its own, as its own role. One request goes first, so that what is
loaded or cached once does not count; during the next one, every file is recorded in which a function begins.
It is a report: it never fails a build. `--list` names the files.
"""

import asyncio
import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from fastapi import FastAPI

from tests.contracts.documents import GATEWAY_ENVIRONMENT, build_app
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = tuple(f"{ROOT / folder}{os.sep}" for folder in ("services", "shared", "gateway"))
HOUR_S = "3600"
"""Longer than the measurement, so that no periodic task runs during it."""

REPORTS = "/v1/poverty/reports"
ALLOCATIONS = "/v1/funding/allocations"


@dataclass
class Recorder:
    """Records the files of ours in which a function begins, on every thread that starts during `watch`."""

    files: set[str] = field(default_factory=set)
    recording: bool = False

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            yield
        finally:
            threading.setprofile(None)
            sys.setprofile(None)

    @contextlib.contextmanager
    def record(self) -> Iterator[set[str]]:
        self.files, self.recording = set(), True
        try:
            yield self.files
        finally:
            self.recording = False

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if self.recording and event == "call" and frame.f_code.co_filename.startswith(FOLDERS):
            self.files.add(str(Path(frame.f_code.co_filename).relative_to(ROOT)))


def make_report(unit: str) -> dict[str, Any]:
    observations = [
        {"unit": unit, "indicator": "jobs_created", "value": 731, "status": "preliminary"},
        {"unit": unit, "indicator": "persons_trained", "value": 655, "status": "preliminary"},
    ]
    return {"unit": unit, "period": "2024", "form": "annual_results", "observations": observations}


def make_allocation(unit: str) -> dict[str, Any]:
    return {
        "program": "poverty",
        "capital": "investment",
        "source": "central",
        "unit": unit,
        "amount_vnd": 52_310_000_000,
        "year": 2024,
        "decision": {"number": "68/NQ-HĐND", "date": "2023-12-12"},
    }


BODIES = {REPORTS: make_report, ALLOCATIONS: make_allocation}


Sign = Callable[[FastAPI, httpx.AsyncClient], Awaitable[str]]
"""Returns a token that an application accepts."""


async def record_post(
    recorder: Recorder, name: str, path: str, database: TestDatabase, sign: Sign, **environment: str
) -> set[str]:
    """Return the files that one POST enters in an application; raise when the answer is not 201."""
    app = build_app(name, NTP_DATABASE_URL=database.url(name), **environment)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        client.headers["Authorization"] = f"Bearer {await sign(app, client)}"
        await post(client, path, "610")
        with recorder.record() as files:
            await post(client, path, "611")
    return files


async def sign_as_issuer(app: FastAPI, _client: httpx.AsyncClient) -> str:
    """Let the tests' issuer sign, and the application trust it."""
    issuer = Issuer()
    issuer.trust(app)
    return issuer.token("measurement", ("report", "funding"), units=("62",))


def sign_as_gateway(secret: str) -> Sign:
    """Let the gateway sign for its client `measurement`."""

    async def sign(_app: FastAPI, client: httpx.AsyncClient) -> str:
        form = {"grant_type": "client_credentials"}
        response = await client.post("/oauth/token", data=form, auth=("measurement", secret))
        return str(response.json()["access_token"])

    return sign


async def create_client(database: TestDatabase) -> str:
    """Register the client `measurement` at the command line; return its secret."""
    arguments = [
        "create-client",
        "--id",
        "measurement",
        "--scope",
        "report",
        "--program",
        "poverty",
        "--unit",
        "62",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NTP_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *arguments),
        cwd=ROOT,
        env={**environment, **GATEWAY_ENVIRONMENT, "NTP_DATABASE_URL": database.url("gateway")},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return str(json.loads(output)["client_secret"])


async def post(client: httpx.AsyncClient, path: str, unit: str) -> None:
    response = await client.post(path, json=BODIES[path](unit), headers={"Idempotency-Key": f"post-{unit}"})
    if response.status_code != httpx.codes.CREATED:
        raise RuntimeError(f"{path} answered {response.status_code}: {response.text}")


@contextlib.asynccontextmanager
async def serve_201() -> AsyncIterator[str]:
    """Stand in for a service behind the gateway: answer 201 to every request. Yield its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := (await reader.readuntil(b"\r\n\r\n")).lower():
                lengths = [
                    int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")
                ]
                await reader.readexactly(sum(lengths))
                writer.write(
                    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                )
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def measure(database: TestDatabase) -> dict[str, set[str]]:
    """Return the files that each measured request enters."""
    recorder = Recorder()
    with recorder.watch():
        service = await record_post(recorder, "poverty", REPORTS, database, sign_as_issuer)
        ledger = await record_post(
            recorder, "funding", ALLOCATIONS, database, sign_as_issuer, NTP_SEAL_EVERY_SECONDS=HOUR_S
        )
        async with serve_201() as address:
            sign = sign_as_gateway(await create_client(database))
            upstreams = json.dumps({"poverty": address})
            gateway = await record_post(recorder, "gateway", REPORTS, database, sign, NTP_UPSTREAMS=upstreams)
    return {"report, service": service, "report, gateway": gateway, "ledger entry": ledger}


def main() -> int:
    """Measure and print; return 1 when the measurement failed."""
    output = io.StringIO()
    server = None
    try:
        with contextlib.redirect_stdout(output):
            server = Server()
            measured = asyncio.run(measure(server.clone()))
    except Exception as error:  # noqa: BLE001 (the reason is printed)
        print(f"{output.getvalue()}the write path could not be measured: {error!r}", file=sys.stderr)
        return 1
    finally:
        if server is not None:
            server.stop()
    service, gateway, ledger = measured.values()
    own = sum(file.startswith("gateway/") for file in gateway)
    print(
        f"POST {REPORTS}: {len(service)} files of the service, {own} of the gateway and {len(gateway) - own} that it"
        f" shares; POST {ALLOCATIONS}: {len(ledger)} files"
    )
    if "--list" in sys.argv[1:]:
        for name, files in measured.items():
            print(f"\n{name}", *sorted(files), sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
