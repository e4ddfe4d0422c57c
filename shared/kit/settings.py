"""Settings: what may differ between two installations, read from the environment (`NTP_…`)."""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import DirectoryPath, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

SECRETS_DIR = "NTP_SECRETS_DIR"
DATABASE_SCHEME = "postgresql+asyncpg://"
FIELD_OF_A_SOURCE = re.compile(r'field "(\w+)"')
"""How a source names the field whose value it cannot read."""


class EnvironmentSettings(BaseSettings):
    """Settings of the environment, and of files that are named after the variables (`ntp_database_url`) in one folder."""

    model_config = SettingsConfigDict(env_prefix="NTP_", extra="ignore", frozen=True)

    secrets_dir: DirectoryPath | None = Field(
        None, description="folder of files that hold what the variables of the same names would"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, the first one that knows a setting wins: arguments, the environment, the files."""
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        folder = os.environ.get(SECRETS_DIR)
        has_folder = folder is not None and Path(folder).is_dir()  # what is none is refused by the field
        return (*sources, SecretsSettingsSource(settings_cls, folder)) if has_folder else sources


class ServiceSettings(EnvironmentSettings):
    """The settings of every service process; a service adds its own in a subclass."""

    database_url: SecretStr = Field(
        description="PostgreSQL as the service's own role (postgresql+asyncpg://…)"
    )
    read_database_url: SecretStr | None = Field(
        None,
        description="a standby that answers reads without a token, where it has replayed what the reader must see",
    )
    instance: str = Field(
        "",
        max_length=100,
        description="name of this process where several serve the same; logs and health show it",
    )
    pool_size: int = Field(10, ge=1, le=100, description="database connections of one process")
    gateway_url: str = Field("http://127.0.0.1:8000", description="where this process reaches the gateway")
    issuer: str = Field("http://127.0.0.1:8000", description="`iss` that a token must carry")
    public_url: str | None = Field(
        None,
        description="the gateway's address for clients; by default the issuer, or `gateway_url` where `jwks_url` is set",
    )
    audience: str = Field("ntp", description="`aud` that a token must carry")
    jwks_url: str | None = Field(None, description="the issuer's keys; by default the gateway's")
    max_token_seconds: int = Field(
        3600, ge=60, le=86_400, description="a token that is valid for longer is refused"
    )
    state_dir: Path | None = Field(
        None, description="folder for the last keys seen; none keeps them in memory"
    )
    public_reads: bool = Field(default=True, description="accepted figures are public; false closes them")
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="largest request body")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the lowest level that is logged; debug adds health checks and polls of the feeds"
    )
    log_json: bool = Field(default=False, description="JSON lines instead of key=value")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="address of an OpenTelemetry collector (OTLP over HTTP) that gets spans and metrics; nothing is recorded without it",
    )
    answer_cache_bytes: int = Field(
        16 * 1024 * 1024,
        ge=0,
        description="memory for answers that are given again while nothing changes; 0 keeps none",
    )
    keep_answers_days: int = Field(30, ge=1, description="how long an Idempotency-Key is remembered")

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _require_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(DATABASE_SCHEME):
            raise ValueError(f"an address that begins with {DATABASE_SCHEME} is needed")
        return url

    @property
    def origin(self) -> str:
        """The gateway's address for clients, without a slash at its end: problem documents point to its pages."""
        return (self.public_url or (self.gateway_url if self.jwks_url else self.issuer)).rstrip("/")

    @property
    def keys_url(self) -> str:
        """The address of the issuer's keys."""
        return self.jwks_url or f"{self.gateway_url}/.well-known/jwks.json"


class FollowingSettings(ServiceSettings):
    """The settings of a service that reads the change feeds of other services."""

    client_id: str | None = Field(
        None, description="the client that feeds are read as; by default the one that the gateway makes"
    )
    client_secret: SecretStr | None = Field(
        None, description="its secret; without it no feed is followed, and the answers say so"
    )
    token_url: str | None = Field(None, description="where it gets its tokens; by default at the gateway")
    follow_every_seconds: float = Field(2, gt=0, le=3600, description="seconds between two polls of a feed")


def describe_faults(error: ValidationError | SettingsError) -> list[str]:
    """Return a line for each variable whose value cannot be used; the value itself may be a secret and is not shown."""
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_url=False)
        return [f"NTP_{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in faults]
    field = FIELD_OF_A_SOURCE.search(str(error))
    if field is None:
        return [str(error)]
    reason = "" if error.__cause__ is None else f" ({type(error.__cause__).__name__})"
    return [f"NTP_{field[1].upper()}: its value cannot be read{reason}"]


def list_variables(settings_class: type[BaseSettings]) -> frozenset[str]:
    """Return the names of the environment variables that a settings class reads."""
    prefix = settings_class.model_config.get("env_prefix", "")
    return frozenset(f"{prefix}{field}".upper() for field in settings_class.model_fields)


def find_unread_variables(environment: Iterable[str], variables: Iterable[str]) -> dict[str, str | None]:
    """Return the `NTP_` names of the environment that are not among `variables`, each with the most similar of these."""
    names = sorted(variables)
    unread = sorted(
        name for name in environment if name.upper().startswith("NTP_") and name.upper() not in names
    )
    return {name: next(iter(get_close_matches(name.upper(), names, n=1)), None) for name in unread}
