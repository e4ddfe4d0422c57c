"""A gateway in a process of its own, with a limit of descriptors, in front of stubs of the services."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from shared.local.settings import ROOT
from tests.gateway.conftest import PEPPER
from tests.postgres import TestDatabase, free_port
from tests.waiting import poll_until


@dataclass(frozen=True)
class GatewayProcess:
    """A running gateway."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_memory_bytes(self) -> int:
        """Return the private and the shared memory of the process (PSS)."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@asynccontextmanager
async def run_gateway(
    database: TestDatabase, urls: dict[str, str], *, descriptors: int, **variables: str
) -> AsyncIterator[GatewayProcess]:
    """Run a gateway until the block ends; it may open so many descriptors."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NTP_")},
        "NTP_DATABASE_URL": database.url("gateway"),
        "NTP_CLIENT_SECRET_PEPPER": PEPPER,
        "NTP_UPSTREAMS": json.dumps(urls),
        "NTP_GATEWAY_URL": f"http://127.0.0.1:{port}",
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh"),
        *(sys.executable, "-m", "shared.kit.serve", "gateway.app:create_app", "--port", str(port)),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await poll_until(lambda: is_ready(port))
        yield GatewayProcess(port, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def is_ready(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False
