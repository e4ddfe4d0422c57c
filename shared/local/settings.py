"""Settings of one installation on one machine."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.local.secrets_file import SecretsFile

ROOT = Path(__file__).resolve().parent.parent.parent
"""The folder of the source tree."""


class InstallationSettings(BaseSettings):
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
        return reveal(getattr(self, f"{owner}_database_url"))

    def secret(self, name: str, kept: SecretsFile) -> str:
        """A secret from the environment, or the one kept in var."""
        return reveal(getattr(self, name)) or kept.get(name)


def reveal(secret: SecretStr | None) -> str | None:
    """Return the text of a secret."""
    return secret.get_secret_value() if secret is not None else None
