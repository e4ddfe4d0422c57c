"""The stack of one machine: its processes, their environments, and the database that they share."""

import json
import os
import sys
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from shared.local.launcher import AppSpec, Launcher, run_job
from shared.local.postgres import EmbeddedPostgres, PostgresError
from shared.local.secrets_file import SecretsFile
from shared.local.settings import ROOT, InstallationSettings, reveal

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


class Stack:
    """The processes of one installation and what each is told."""

    def __init__(self, panel: InstallationSettings) -> None:
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

    def _embedded(self) -> EmbeddedPostgres:
        data = self.panel.folder / "postgres"
        if data.exists() and not self._secrets.has("postgres_password"):
            raise PostgresError(
                f"{data} is there and its password is not: bring secrets.json back beside it, or move it away"
            )
        return EmbeddedPostgres(
            data,
            port=self.panel.postgres_port,
            password=self._secrets.get("postgres_password"),
            programs=self.panel.postgres_programs,
        )

    @property
    def admin_url(self) -> str:
        """The database administrator's URL, password included."""
        return reveal(self.panel.admin_database_url) or (self.postgres.admin_url if self.postgres else "")

    async def migrate(self) -> Sequence[str]:
        """The same job that a container runs; its own process, so that the launcher stays small."""
        if not self._owners:
            return []
        passwords = {
            f"NTP_{owner.upper()}_DATABASE_PASSWORD": self._passwords[owner] for owner in self._owners
        }
        return await run_job(
            [sys.executable, "-m", "migrations", *self._owners],
            environment={**_shared_environment(), **passwords, "NTP_ADMIN_DATABASE_URL": self.admin_url},
            folder=ROOT,
        )

    def _process(self, name: str) -> AppSpec:
        return AppSpec(
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


def _shared_environment() -> dict[str, str]:
    """The caller's environment without what is for the launcher alone or for one process only."""
    withheld = ("DATABASE_URL", "DATABASE_PASSWORD", "SECRET_PEPPER", "CLIENT_SECRET", "SERVICE_CLIENTS")
    return {
        name: value
        for name, value in os.environ.items()
        if not (name.startswith("NTP_") and name.endswith(withheld))
    }
