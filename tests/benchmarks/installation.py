"""The whole product in a folder of its own, on free ports, for as long as it is measured."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import httpx
from sqlalchemy import make_url

from migrations.owners import DATABASE
from shared.local.settings import InstallationSettings
from shared.local.stack import FACTORIES, Stack
from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installation:
    """The folder and the environment of a stack."""

    folder: Path
    environment: dict[str, str]

    def address(self, name: str) -> str:
        """The origin of a process."""
        return f"http://127.0.0.1:{self.environment[f'NTP_{name.upper()}_PORT']}"

    def make_environment(self, name: str) -> dict[str, str]:
        """Return the environment of a process."""
        with patch.dict(os.environ, self.environment, clear=True):
            return Stack(InstallationSettings()).make_environment(name)

    @property
    def database_url(self) -> str:
        """The product's database, as its administrator."""
        with patch.dict(os.environ, self.environment, clear=True):
            admin = make_url(Stack(InstallationSettings()).admin_url)
        return admin.set(drivername="postgresql", database=DATABASE).render_as_string(hide_password=False)

    def run_file(self, file: str, *arguments: str) -> None:
        """Run a program of the repository."""
        subprocess.run(
            [sys.executable, file, *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """Run one of the product's commands."""
        completed = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment or self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return completed.stdout


@contextmanager
def running_installation() -> Iterator[Installation]:
    """Start everything; stop it and remove the folder afterwards."""
    with tempfile.TemporaryDirectory(prefix="ntp-bench-") as name:
        Path(name).chmod(0o755)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("NTP_")}
        ports = {f"NTP_{process.upper()}_PORT": str(free_port()) for process in (*FACTORIES, "postgres")}
        variables = {"NTP_VAR": name, "NTP_CLIENT_LIMIT": "", "NTP_ADDRESS_LIMIT": "", "NTP_TOKEN_LIMIT": ""}
        installation = Installation(Path(name), {**clean, **ports, **variables})
        try:
            installation.run("services", "up", "--detach")
            yield installation
        finally:
            installation.run("services", "stop")


@asynccontextmanager
async def serve_app(app: str, folder: Path, **variables: str) -> AsyncIterator[str]:
    """Serve one more application as the product serves its own."""
    port = free_port()
    with (folder / "bare.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.kit.serve", app, "--port", str(port)),
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
        )
        try:
            async with httpx.AsyncClient() as http:
                while True:
                    try:
                        await http.get(f"http://127.0.0.1:{port}/")
                        break
                    except httpx.TransportError:
                        if process.returncode is not None:
                            raise RuntimeError((folder / "bare.log").read_text()) from None
                        await asyncio.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def fetch_token(
    installation: Installation, http: httpx.AsyncClient, client_id: str, *scopes: str
) -> str:
    """Register a client for the whole province at the command line, and return a token of it."""
    client = json.loads(
        installation.run(
            "gateway",
            "create-client",
            *("--id", client_id, "--unit", "62", "--program", "poverty", "--scope", *scopes),
            environment=installation.make_environment("gateway"),
        )
    )
    answer = await http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
    )
    return str(answer.raise_for_status().json()["access_token"])
