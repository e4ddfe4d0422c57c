"""The stack of one machine: the table of processes, what each is told, and the database they share."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kit.launcher import AppProcess, Launcher, run_once
from shared.kit.postgres import Postgres, PostgresError
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

FOLLOWERS = ("ethnic",)
"""Services that follow a neighbour's changes, as clients of their own: the secret is told to them and to the gateway."""


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

    ethnic_client_secret: SecretStr | None = Field(
        None,
        description="of the client that ethnic reads its neighbours as; by default made once and kept in var",
    )

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
        self.postgres = None if panel.admin_database_url or not self._owners else self._embedded()

    def launcher(self) -> Launcher:
        """The stack in the launcher's hands."""
        return Launcher(
            processes=[self._process(name) for name in FACTORIES],
            folder=self.panel.folder,
            before=self.migrate,
            postgres=self.postgres,
            postgres_setting="NTP_POSTGRES_PORT",
        )

    def _embedded(self) -> Postgres:
        data = self.panel.folder / "postgres"
        if data.exists() and not self._secrets.has("postgres_password"):
            raise PostgresError(
                f"{data} is there and its password is not: bring secrets.json back beside it, or move it away"
            )
        return Postgres(
            data,
            port=self.panel.postgres_port,
            password=self._secrets.get("postgres_password"),
            programs=self.panel.postgres_programs,
        )

    @property
    def admin_url(self) -> str:
        """The database administrator's URL, password included."""
        return _revealed(self.panel.admin_database_url) or (self.postgres.admin_url if self.postgres else "")

    async def migrate(self) -> Sequence[str]:
        """The same job that a container runs; its own process, so that the launcher stays small."""
        if not self._owners:
            return []
        passwords = {
            f"NTP_{owner.upper()}_DATABASE_PASSWORD": self._passwords[owner] for owner in self._owners
        }
        return await run_once(
            [sys.executable, "-m", "migrations", *self._owners],
            environment={**_shared_environment(), **passwords, "NTP_ADMIN_DATABASE_URL": self.admin_url},
            folder=ROOT,
        )

    def _process(self, name: str) -> AppProcess:
        return AppProcess(
            name=name,
            app=FACTORIES[name],
            port=self.panel.port(name),
            port_setting=f"NTP_{name.upper()}_PORT",
            environment=self.environment(name),
            folder=ROOT,
        )

    def environment(self, name: str) -> dict[str, str]:
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
            told["NTP_SERVICE_CLIENTS"] = json.dumps({one: self._client_secret(one) for one in FOLLOWERS})
        if name in FOLLOWERS:
            told["NTP_CLIENT_SECRET"] = self._client_secret(name)
        return told

    def _client_secret(self, name: str) -> str:
        return self.panel.secret(f"{name}_client_secret", self._secrets)

    def _url(self, owner: str) -> str:
        """A service's way into the database, as its own role; what the administrator's URL asks for goes with it."""
        place = urlsplit(self.admin_url)
        server = place.netloc.rpartition("@")[2]
        login = f"{owner}:{quote(self._passwords[owner], safe='')}"
        return place._replace(
            scheme="postgresql+asyncpg",
            netloc=f"{login}@{server}",
            path=f"/{DATABASE}",
            query=place.query.replace("sslmode=", "ssl="),  # the dialect's word for it
        ).geturl()


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _shared_environment() -> dict[str, str]:
    """The caller's environment without what is for the launcher alone or for one process only."""
    withheld = ("DATABASE_URL", "DATABASE_PASSWORD", "SECRET_PEPPER", "CLIENT_SECRET", "SERVICE_CLIENTS")
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("NTP_") and name.endswith(withheld))
    }
