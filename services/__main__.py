"""The front panel: `python -m services [run | up --detach | stop | status]`.

It knows the table of processes and what each is told, and hands both to the kit's launcher. Without a command it
runs in the foreground until Ctrl-C.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kit.launcher import SETUP_FAULT, AppProcess, Launcher, answers, launch, run_once
from shared.kit.postgres import Postgres, PostgresError
from shared.kit.run_folder import RunFolder
from shared.kit.secrets_file import SecretsFile

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
DATABASE = "ntp"
SERVICES = ("rural", "poverty", "ethnic", "funding")
FACTORIES = {
    **{name: f"services.{name}.app:create_app" for name in SERVICES},
    "gateway": "gateway.app:create_app",
}
"""Who runs, in the order of starting; the one door opens last and closes first."""

DETACHED_START_SECONDS = 100
LOG_TAIL_LINES = 25
LARGEST_LOG_BYTES = 20 * 1024 * 1024
"""A log that has grown past this is put aside as ntp.log.1 at the next start."""


class FrontPanel(BaseSettings):
    """What may differ between two installations on one machine, read from `NTP_…`."""

    model_config = SettingsConfigDict(env_prefix="NTP_", extra="ignore", frozen=True)

    var: Path = Field(ROOT / "var", description="data, secrets, logs and records of this installation")
    admin_database_url: SecretStr | None = Field(
        None, description="administrator of an existing PostgreSQL; unset: the embedded one"
    )
    postgres_programs: Path | None = Field(
        None, description="folder of PostgreSQL programs, instead of the wheel's"
    )
    postgres_port: int = Field(8005, ge=1, le=65535)
    gateway_port: int = Field(8000, ge=1, le=65535)
    rural_port: int = Field(8001, ge=1, le=65535)
    poverty_port: int = Field(8002, ge=1, le=65535)
    ethnic_port: int = Field(8003, ge=1, le=65535)
    funding_port: int = Field(8004, ge=1, le=65535)
    pool_size: int = Field(
        6, ge=1, le=20, description="database connections of one process; each takes some 6 MB"
    )
    issuer: str | None = Field(None, description="public origin of the gateway; by default its local address")
    client_secret_pepper: SecretStr | None = Field(None, description="by default made once and kept in var")
    rural_database_url: SecretStr | None = Field(
        None, description="rural's own database, migrated by its operator"
    )
    poverty_database_url: SecretStr | None = None
    ethnic_database_url: SecretStr | None = None
    funding_database_url: SecretStr | None = None
    gateway_database_url: SecretStr | None = None
    rural_database_password: SecretStr | None = Field(
        None, description="by default made once and kept in var"
    )
    poverty_database_password: SecretStr | None = None
    ethnic_database_password: SecretStr | None = None
    funding_database_password: SecretStr | None = None
    gateway_database_password: SecretStr | None = None

    @property
    def folder(self) -> Path:
        """`var`, absolute."""
        return self.var.absolute()

    def port(self, name: str) -> int:
        """The port of a process."""
        return int(getattr(self, f"{name}_port"))

    def own_database(self, owner: str) -> str | None:
        """The URL of a service that has moved to a database of its own."""
        return _revealed(getattr(self, f"{owner}_database_url"))

    def secret(self, name: str, kept: SecretsFile) -> str:
        """A secret from the environment, or the one kept in var."""
        return _revealed(getattr(self, name)) or kept.get(name)


class Stack:
    """The processes of one installation and what each is told."""

    def __init__(self, panel: FrontPanel) -> None:
        self.panel = panel
        self._secrets = SecretsFile(panel.folder / "secrets.json")
        self._owners = [owner for owner in FACTORIES if panel.own_database(owner) is None]
        self._passwords = {
            owner: panel.secret(f"{owner}_database_password", self._secrets) for owner in self._owners
        }
        self._postgres = None if panel.admin_database_url or not self._owners else self._embedded()

    def launcher(self) -> Launcher:
        """The stack in the launcher's hands."""
        return Launcher(
            processes=[self._process(name) for name in FACTORIES],
            folder=self.panel.folder,
            before=self._migrate,
            postgres=self._postgres,
            postgres_setting="NTP_POSTGRES_PORT",
        )

    def _embedded(self) -> Postgres:
        return Postgres(
            self.panel.folder / "postgres",
            port=self.panel.postgres_port,
            password=self._secrets.get("postgres_password"),
            programs=self.panel.postgres_programs,
        )

    @property
    def _admin_url(self) -> str:
        return _revealed(self.panel.admin_database_url) or (
            self._postgres.admin_url if self._postgres else ""
        )

    async def _migrate(self) -> Sequence[str]:
        """The same job that a container runs; its own process, so that the launcher stays small."""
        if not self._owners:
            return []
        passwords = {
            f"NTP_{owner.upper()}_DATABASE_PASSWORD": self._passwords[owner] for owner in self._owners
        }
        return await run_once(
            [sys.executable, "-m", "migrations", *self._owners],
            environment={**_shared_environment(), **passwords, "NTP_ADMIN_DATABASE_URL": self._admin_url},
            folder=ROOT,
        )

    def _process(self, name: str) -> AppProcess:
        return AppProcess(
            name=name,
            app=FACTORIES[name],
            port=self.panel.port(name),
            port_setting=f"NTP_{name.upper()}_PORT",
            environment=self._environment(name),
            folder=ROOT,
        )

    def _environment(self, name: str) -> dict[str, str]:
        """What a process is told: the caller's environment without other people's secrets, and its own part."""
        state = self.panel.folder / name
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        origin = f"http://{HOST}:{self.panel.gateway_port}"
        told = {
            **_shared_environment(),
            "NTP_DATABASE_URL": self.panel.own_database(name) or self._url(name),
            "NTP_GATEWAY_URL": origin,
            "NTP_ISSUER": self.panel.issuer or origin,
            "NTP_STATE_DIR": str(state),
            "NTP_POOL_SIZE": str(self.panel.pool_size),
        }
        if name == "gateway":
            told["NTP_UPSTREAMS"] = json.dumps(
                {one: f"http://{HOST}:{self.panel.port(one)}" for one in SERVICES}
            )
            told["NTP_CLIENT_SECRET_PEPPER"] = self.panel.secret("client_secret_pepper", self._secrets)
        return told

    def _url(self, owner: str) -> str:
        """A service's way into the database, as its own role; what the administrator's URL asks for goes with it."""
        place = urlsplit(self._admin_url)
        server = place.netloc.rpartition("@")[2]
        login = f"{owner}:{quote(self._passwords[owner], safe='')}"
        return place._replace(
            scheme="postgresql+asyncpg",
            netloc=f"{login}@{server}",
            path=f"/{DATABASE}",
            query=place.query.replace("sslmode=", "ssl="),  # the dialect's word for it
        ).geturl()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services", description="Run the product on this machine."
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("run", help="run in the foreground until Ctrl-C (the default)")
    up = commands.add_parser("up", help="start, and give the prompt back with --detach")
    up.add_argument("--detach", action="store_true", help="run in the background, logs in var/log/ntp.log")
    commands.add_parser("stop", help="stop what runs here and wait until it is gone")
    commands.add_parser("status", help="list the processes")
    given = parser.parse_args(arguments)
    try:
        panel = FrontPanel()
        if given.command == "stop":
            return stop(panel)
        if given.command == "status":
            return status(panel)
        if given.command == "up" and given.detach:
            return detach(panel)
        return launch(lambda: Stack(panel).launcher())
    except ValidationError as error:
        for fault in error.errors():
            print(f"NTP_{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
    except (PermissionError, PostgresError) as error:
        print(f"{error}; another user's installation? NTP_VAR names another folder", file=sys.stderr)
    return SETUP_FAULT


def detach(panel: FrontPanel) -> int:
    """Start in the background; come back when everything is ready, or say what failed."""
    run = RunFolder(panel.folder / "run")
    if (running := run.launcher()) is None:
        log = panel.folder / "log" / "ntp.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_name("ntp.log.1"))
        with log.open("ab") as lines:
            begun_at = lines.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "services", "run"],
                cwd=ROOT,
                env={**os.environ, "NTP_VAR": str(panel.folder)},
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )
        print(f"starting; the log is {log}", flush=True)
    else:
        process, log, begun_at = None, None, 0
        print(f"already running (process {running.pid})")
    deadline = time.monotonic() + DETACHED_START_SECONDS
    while time.monotonic() < deadline:
        running = run.launcher()
        if running is not None and running.ready:
            print(f"ready: http://{HOST}:{panel.gateway_port}  (reference at /docs; `make stop` ends it)")
            return 0
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.05)
    print("it did not start:", file=sys.stderr)
    if log is not None:
        said = log.read_bytes()[begun_at:].decode(errors="replace").splitlines()
        print("\n".join(said[-LOG_TAIL_LINES:]), file=sys.stderr)
    return (process.poll() if process is not None else None) or 1


def stop(panel: FrontPanel) -> int:
    """Stop what runs here; nothing running is fine too."""
    print("stopped" if RunFolder(panel.folder / "run").stop() else "nothing was running")
    return 0


def status(panel: FrontPanel) -> int:
    """List the processes; 0 when all that should run are ready."""
    run = RunFolder(panel.folder / "run")
    children = {one.name: one for one in run.children()}
    if run.launcher() is None:
        print("not running")
        return 1

    async def probe() -> list[bool]:
        return await asyncio.gather(*(answers(panel.port(name)) for name in FACTORIES))

    ready = dict(zip(FACTORIES, asyncio.run(probe()), strict=True))
    if "postgres" in children:
        ready = {"postgres": children["postgres"].ready, **ready}
    for name, is_ready in ready.items():
        pid = children[name].pid if name in children else "-"
        print(f"{name:<9} {panel.port(name):>5}  process {pid!s:<8} {'ready' if is_ready else 'not ready'}")
    return 0 if all(ready.values()) else 1


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _shared_environment() -> dict[str, str]:
    """The caller's environment without what is for the launcher alone or for one process only."""
    withheld = ("DATABASE_URL", "DATABASE_PASSWORD", "SECRET_PEPPER")
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("NTP_") and name.endswith(withheld))
    }


if __name__ == "__main__":
    sys.exit(main())
