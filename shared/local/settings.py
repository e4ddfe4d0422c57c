"""Settings of one installation on one machine, read from `NTP_…` variables."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from shared.kit.settings import EnvironmentSettings
from shared.local.secrets_file import SecretsFile

ROOT = Path(__file__).resolve().parent.parent.parent
"""The folder of the source tree."""

PORT_OFFSETS: Mapping[str, int] = {
    "gateway": 0,
    "rural": 1,
    "poverty": 2,
    "ethnic": 3,
    "funding": 4,
    "postgres": 5,
    "oversight": 6,
    "papers": 7,
    "webhooks": 8,
}
"""The port of each process, counted from the base port. A number, once given, stays: other machines rely on it."""

MOST_INSTANCES = 9
INSTANCE_PORT_STEP = 10
"""The second instance of a process listens ten ports above the first one, the third twenty."""

MOST_EMBEDDED_CONNECTIONS = 500
"""A connection takes some 6 MB, so more of them need a pooler in front of PostgreSQL."""

InstanceCount = Annotated[int, Field(ge=1, le=MOST_INSTANCES)]


class InstallationSettings(EnvironmentSettings):
    """Settings in which two installations on one machine may differ."""

    var: Path = Field(ROOT / "var", description="data, secrets, logs and records of this installation")
    admin_database_url: SecretStr | None = Field(
        None, description="administrator of an existing PostgreSQL; unset: the embedded one"
    )
    postgres_programs: Path | None = Field(
        None, description="folder of PostgreSQL programs, instead of the wheel's"
    )
    base_port: int = Field(
        8000, ge=1, le=65535 - max(PORT_OFFSETS.values()), description="the gateway's port; the others follow"
    )
    gateway_port: int | None = Field(None, ge=1, le=65535)
    rural_port: int | None = Field(None, ge=1, le=65535)
    poverty_port: int | None = Field(None, ge=1, le=65535)
    ethnic_port: int | None = Field(None, ge=1, le=65535)
    funding_port: int | None = Field(None, ge=1, le=65535)
    oversight_port: int | None = Field(None, ge=1, le=65535)
    papers_port: int | None = Field(None, ge=1, le=65535)
    webhooks_port: int | None = Field(None, ge=1, le=65535)
    postgres_port: int | None = Field(None, ge=1, le=65535)
    gateway_instances: InstanceCount = Field(
        1, description="gateways; the first one's address is the issuer unless another is set"
    )
    rural_instances: InstanceCount = Field(1, description="processes that serve rural side by side")
    poverty_instances: InstanceCount = 1
    ethnic_instances: InstanceCount = 1
    funding_instances: InstanceCount = 1
    oversight_instances: InstanceCount = 1
    papers_instances: InstanceCount = 1
    webhooks_instances: InstanceCount = 1
    read_database_address: str | None = Field(
        None,
        pattern=r"^[^\s/@]+:[0-9]{1,5}$",
        description="host:port of a standby that answers reads without a token",
    )
    database_address: str | None = Field(
        None,
        pattern=r"^[^\s/@]+:[0-9]{1,5}$",
        description="host:port of a PgBouncer that the processes connect to; migrations and backups keep the direct address",
    )
    pool_size: int = Field(
        6, ge=1, le=20, description="database connections of one process; each takes some 6 MB"
    )
    log_max_bytes: int = Field(
        20 * 1024 * 1024, ge=1024, description="size at which the log of a stack in the background is rotated"
    )
    log_backup_count: int = Field(5, ge=1, le=1000, description="rotated logs that are kept")
    issuer: str | None = Field(None, description="public origin of the gateway; by default its local address")
    client_secret_pepper: SecretStr | None = Field(
        None, description="by default generated once and kept in var"
    )
    rural_database_url: SecretStr | None = Field(
        None, description="rural's own database, migrated by its operator"
    )
    poverty_database_url: SecretStr | None = None
    ethnic_database_url: SecretStr | None = None
    funding_database_url: SecretStr | None = None
    oversight_database_url: SecretStr | None = None
    papers_database_url: SecretStr | None = None
    gateway_database_url: SecretStr | None = None
    rural_database_password: SecretStr | None = Field(
        None, description="by default generated once and kept in var"
    )
    poverty_database_password: SecretStr | None = None
    ethnic_database_password: SecretStr | None = None
    funding_database_password: SecretStr | None = None
    oversight_database_password: SecretStr | None = None
    papers_database_password: SecretStr | None = None
    gateway_database_password: SecretStr | None = None
    ethnic_client_secret: SecretStr | None = Field(
        None,
        description="of the client that ethnic reads other services as; by default generated once and kept in var",
    )
    rural_client_secret: SecretStr | None = None
    poverty_client_secret: SecretStr | None = None
    funding_client_secret: SecretStr | None = None
    oversight_client_secret: SecretStr | None = None
    gateway_client_secret: SecretStr | None = None

    @property
    def folder(self) -> Path:
        """The absolute path of `var`."""
        return self.var.absolute()

    def list_instances(self, name: str) -> list[str]:
        """Return the names of the instances of a process: `rural`, `rural-2`, `rural-3`."""
        count: int = 1 if name == "postgres" else getattr(self, f"{name}_instances")
        return [name, *(f"{name}-{number}" for number in range(2, count + 1))]

    def find_port(self, instance: str) -> int:
        """Return the port of an instance: its process's own setting, else counted from the base port."""
        name, number = split_instance(instance)
        port: int | None = getattr(self, f"{name}_port")
        first = self.base_port + PORT_OFFSETS[name] if port is None else port
        return first + (number - 1) * INSTANCE_PORT_STEP

    def replace_ports(self, ports: Mapping[str, int]) -> "InstallationSettings":
        """Return the settings with these ports, and with as many instances, by the names of a running stack."""
        counts = Counter(split_instance(instance)[0] for instance in ports)
        return self.model_copy(
            update={
                **{f"{name}_port": port for name, port in ports.items() if name in PORT_OFFSETS},
                **{f"{name}_instances": count for name, count in counts.items() if name != "postgres"},
            }
        )

    def find_database_url(self, owner: str) -> str | None:
        """Return the URL of a service that has a database of its own."""
        return reveal(getattr(self, f"{owner}_database_url"))

    def find_secret(self, name: str, generated: SecretsFile) -> str:
        """Return a secret of the environment, else the generated one."""
        return reveal(getattr(self, name)) or generated.get_or_create(name)


def split_instance(instance: str) -> tuple[str, int]:
    """Return the process and the number of an instance: `rural-2` is the second one of `rural`."""
    name, _, number = instance.partition("-")
    return name, int(number or 1)


def reveal(secret: SecretStr | None) -> str | None:
    """Return the text of a secret."""
    return secret.get_secret_value() if secret is not None else None
