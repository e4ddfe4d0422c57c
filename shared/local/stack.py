"""The stack of one machine: its processes, the environment of each, and the database that they share."""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from logging import Handler
from pathlib import Path
from urllib.parse import quote, urlsplit

from shared.kit.settings import ServiceSettings, list_variables
from shared.local.connections import RESERVED_CONNECTIONS, read_server_connections, require_connections
from shared.local.launcher import AppSpec, Launcher, SetupError, run_job
from shared.local.ports import HOST
from shared.local.postgres import SETTINGS, EmbeddedPostgres
from shared.local.postgres_programs import PostgresError
from shared.local.run_folder import RunFolder
from shared.local.secrets_file import SecretsFile
from shared.local.settings import (
    MOST_EMBEDDED_CONNECTIONS,
    ROOT,
    InstallationSettings,
    reveal,
    split_instance,
)

DATABASE = "ntp"
RESTORING = "restoring"
"""The folder in `var` in which a restore is made; while it is there, nothing starts."""
SERVICES = ("rural", "poverty", "ethnic", "funding", "oversight", "papers")

FACTORIES = {
    **{name: f"services.{name}.app:create_app" for name in SERVICES},
    "webhooks": "gateway.webhooks.app:create_app",
    "gateway": "gateway.app:create_app",
}
"""The application factories by process, in the order of the start: the gateway starts last and stops first."""

SETTINGS_CLASSES = {
    "rural": "services.rural.settings:RuralSettings",
    "poverty": "services.poverty.settings:PovertySettings",
    "ethnic": "services.ethnic.settings:EthnicSettings",
    "funding": "services.funding.settings:FundingSettings",
    "oversight": "services.oversight.settings:OversightSettings",
    "papers": "services.papers.settings:PapersSettings",
    "webhooks": "gateway.settings:WebhooksSettings",
    "gateway": "gateway.settings:GatewaySettings",
}
"""The settings of each process: a process gets the variables that it reads, and no other."""

DATABASE_OWNERS = {name: "gateway" if name == "webhooks" else name for name in FACTORIES}
"""The owner of the database of each process: webhooks delivers what the gateway's database holds."""

SCHEMA_OWNERS = tuple(dict.fromkeys(DATABASE_OWNERS.values()))
"""The owners of databases, in the order of the migrations."""

FEED_CONSUMERS = ("rural", "poverty", "ethnic", "funding", "oversight", "gateway")
"""Services that read another's change feed, as clients of their own; the gateway gets their secrets too."""

SCRIPT_VARIABLES = frozenset(
    {"NTP_ADMIN_DATABASE_PASSWORD", "NTP_ADMIN_SECRET", "NTP_GATEWAY_HOST", "NTP_TEST_DATABASE_URL"}
)
"""Variables that no setting reads: the compose file, the demo and the tests do."""


class Stack:
    """The processes of one installation. Raises `SetupError` while a restore into it has not ended."""

    def __init__(self, settings: InstallationSettings) -> None:
        if (sentence := find_unfinished_restore(settings.folder)) is not None:
            raise SetupError(sentence)
        self.settings = settings
        self._secrets = SecretsFile(settings.folder / "secrets.json")
        self._owners = [owner for owner in SCHEMA_OWNERS if settings.find_database_url(owner) is None]
        self._passwords = {
            owner: settings.find_secret(f"{owner}_database_password", self._secrets) for owner in self._owners
        }
        embedded = self._owners and not settings.admin_database_url
        self.postgres = self._make_postgres() if embedded else None

    def make_launcher(self, log_handler: Handler | None = None) -> Launcher:
        """Return a launcher of all processes."""
        return Launcher(
            apps=[self.make_app(instance) for instance in self.list_instances()],
            folder=self.settings.folder,
            prepare=self.migrate,
            postgres=self.postgres,
            postgres_port_setting="NTP_POSTGRES_PORT",
            log_handler=log_handler,
        )

    @property
    def admin_url(self) -> str:
        """The URL of the database administrator, with the password."""
        return reveal(self.settings.admin_database_url) or (self.postgres.admin_url if self.postgres else "")

    def list_instances(self) -> list[str]:
        """Return the names of all application processes, in the order of the start."""
        return [instance for name in FACTORIES for instance in self.settings.list_instances(name)]

    async def migrate(self, *, beside_running: bool = False) -> Sequence[str]:
        """Run the migrations in a process of their own, as a container does; return what they print.

        Raise `SetupError` before where the server cannot give every process its connections, and beside running processes where
        their code does not work with the new schema.
        """
        if not self._owners:
            return []
        if self.postgres is None and self.settings.database_address is None:
            require_connections(self.count_connections(), await read_server_connections(self.admin_url))
        passwords = {
            f"NTP_{owner.upper()}_DATABASE_PASSWORD": self._passwords[owner] for owner in self._owners
        }
        return await run_job(
            [
                *(sys.executable, "-m", "migrations"),
                *(["--beside-running"] if beside_running else []),
                *self._owners,
            ],
            environment={**_read_environment(), **passwords, "NTP_ADMIN_DATABASE_URL": self.admin_url},
            folder=ROOT,
        )

    def count_connections(self) -> int:
        """Return how many connections the pools of all instances on the shared database open together."""
        instances = [
            instance
            for name in FACTORIES
            if DATABASE_OWNERS[name] in self._owners
            for instance in self.settings.list_instances(name)
        ]
        return len(instances) * self.settings.pool_size

    def make_environment(self, instance: str) -> dict[str, str]:
        """Return the environment of a process: the variables that it reads, with its database and its secrets.

        Instances of services reach the gateways in turn, so that a stopped gateway stops no feed altogether.
        """
        name, number = split_instance(instance)
        owner = DATABASE_OWNERS[name]
        state_dir = self.settings.folder / instance
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        gateways = self.settings.list_instances("gateway")
        gateway_url = self._make_url(gateways[(number - 1) % len(gateways)])
        environment = {
            **_read_environment(list_variables(_load_settings_class(name))),
            "NTP_DATABASE_URL": self.settings.find_database_url(owner) or self._make_database_url(owner),
            "NTP_GATEWAY_URL": gateway_url,
            "NTP_ISSUER": self.settings.issuer or self._make_url("gateway"),
            "NTP_STATE_DIR": str(state_dir),
            "NTP_POOL_SIZE": str(self.settings.pool_size),
        }
        if self.settings.read_database_address and name in self._owners:
            environment["NTP_READ_DATABASE_URL"] = self._make_database_url(
                name, self.settings.read_database_address
            )
        if len(self.settings.list_instances(name)) > 1:
            environment["NTP_INSTANCE"] = instance
        if owner == "gateway":
            environment |= {
                "NTP_UPSTREAMS": json.dumps({service: self._list_urls(service) for service in SERVICES}),
                "NTP_CLIENT_SECRET_PEPPER": self.settings.find_secret("client_secret_pepper", self._secrets),
            }
        if name == "gateway":
            environment |= {
                "NTP_SERVICE_CLIENTS": json.dumps(
                    {service: self._find_client_secret(service) for service in FEED_CONSUMERS}
                ),
            }
        if name in FEED_CONSUMERS:
            environment["NTP_CLIENT_SECRET"] = self._find_client_secret(name)
        return environment

    def make_app(self, instance: str) -> AppSpec:
        """Return how a process is served."""
        name, _ = split_instance(instance)
        return AppSpec(
            name=instance,
            factory=FACTORIES[name],
            port=self.settings.find_port(instance),
            port_setting=f"NTP_{name.upper()}_PORT",
            environment=self.make_environment(instance),
            folder=ROOT,
        )

    def _make_postgres(self) -> EmbeddedPostgres:
        data = self.settings.folder / "postgres"
        if data.exists() and "postgres_password" not in self._secrets:
            raise PostgresError(
                f"{data} exists and its password does not: bring secrets.json back beside it, or make new secrets with "
                "`python -m services recover-secrets`"
            )
        return EmbeddedPostgres(
            data,
            port=self.settings.find_port("postgres"),
            password=self._secrets.get_or_create("postgres_password"),
            programs=self.settings.postgres_programs,
            settings=self._find_embedded_settings(),
        )

    def _find_embedded_settings(self) -> dict[str, str]:
        """Return the settings in which the embedded PostgreSQL differs: more connections where more instances need them."""
        if self.settings.database_address is not None:
            return {}
        require_connections(self.count_connections(), MOST_EMBEDDED_CONNECTIONS)
        needed = self.count_connections() + RESERVED_CONNECTIONS
        return {"max_connections": str(needed)} if needed > int(SETTINGS["max_connections"]) else {}

    def _find_client_secret(self, name: str) -> str:
        return self.settings.find_secret(f"{name}_client_secret", self._secrets)

    def _list_urls(self, service: str) -> str | list[str]:
        """Return the address of a service, or the addresses of its instances."""
        urls = [self._make_url(instance) for instance in self.settings.list_instances(service)]
        return urls[0] if len(urls) == 1 else urls

    def _make_url(self, instance: str) -> str:
        return f"http://{HOST}:{self.settings.find_port(instance)}"

    def _make_database_url(self, owner: str, address: str | None = None) -> str:
        """Return the URL of the shared database for a service's own role, with the administrator's query parameters."""
        admin = urlsplit(self.admin_url)
        server = address or self.settings.database_address or admin.netloc.rpartition("@")[2]
        login = f"{owner}:{quote(self._passwords[owner], safe='')}"
        return admin._replace(
            scheme="postgresql+asyncpg",
            netloc=f"{login}@{server}",
            path=f"/{DATABASE}",
            query=admin.query.replace("sslmode=", "ssl="),  # the dialect's name of the parameter
        ).geturl()


def find_unfinished_restore(folder: Path) -> str | None:
    """Return the sentence that refuses an installation in which a restore did not end; None where there is none."""
    restoring = folder / RESTORING
    if not restoring.exists():
        return None
    return f"a restore into {folder} did not end: run it again with the same backup, or remove {restoring} to start without it"


def load_running_settings() -> InstallationSettings:
    """Return the settings, with the ports of the stack that runs in `var` if one does."""
    settings = InstallationSettings()
    launcher = RunFolder(settings.folder / "run").find_launcher()
    return settings.replace_ports(launcher.ports) if launcher is not None else settings


def list_all_variables() -> frozenset[str]:
    """Return the names of all variables that the product reads."""
    service_variables = (list_variables(_load_settings_class(name)) for name in SETTINGS_CLASSES)
    return SCRIPT_VARIABLES.union(list_variables(InstallationSettings), *service_variables)


def _load_settings_class(name: str) -> type[ServiceSettings]:
    module, _, class_name = SETTINGS_CLASSES[name].partition(":")
    settings_class: type[ServiceSettings] = getattr(importlib.import_module(module), class_name)
    return settings_class


def _read_environment(variables: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the environment of this process without the product's variables, but for these."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("NTP_") or name.upper() in variables
    }
