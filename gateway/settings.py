"""Settings of the gateway: addresses of the upstreams, the pepper, rate limits, time-outs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from gateway.webhooks.addresses import Network, parse_networks
from shared.territory.settings import MapFollowingSettings, TerritorySettings

FUNDING = "funding"
OVERSIGHT = "oversight"
PAPERS = "papers"

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
"""An origin as browsers send it: no path, no slash at its end, in small letters."""

DEFAULT_UPSTREAMS = {
    "rural": "http://127.0.0.1:8001",
    "poverty": "http://127.0.0.1:8002",
    "ethnic": "http://127.0.0.1:8003",
    FUNDING: "http://127.0.0.1:8004",
    OVERSIGHT: "http://127.0.0.1:8006",
    PAPERS: "http://127.0.0.1:8007",
}
"""The addresses that the launcher gives them on one machine."""


def _require_addresses(urls: Mapping[str, str | Sequence[str]]) -> Mapping[str, str | Sequence[str]]:
    for name, addresses in urls.items():
        if not addresses:
            raise ValueError(f"{name} has no address")
    return urls


def _check_origins(text: str) -> str:
    for origin in _split(text):
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin, such as https://portal.example.vn")
    return text


def _check_networks(text: str) -> str:
    parse_networks(text)
    return text


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class GatewayDatabaseSettings(TerritorySettings):
    """Settings of the processes that work on the database of the gateway: the gateway itself, and webhooks."""

    upstreams: Annotated[Mapping[str, str | Sequence[str]], AfterValidator(_require_addresses)] = Field(
        DEFAULT_UPSTREAMS,
        description="the services behind the gateway, as JSON: the name of each, and its address or the list of the "
        "addresses of its instances",
    )
    client_secret_pepper: SecretStr = Field(
        min_length=32, description="what client secrets and the seal of signing keys are derived with"
    )
    client_secret_pepper_before: SecretStr | None = Field(
        None, description="the pepper before this one: what it made stays valid beside what this one makes"
    )
    key_days: int = Field(90, ge=1, description="how long one key signs before the standby takes over")
    webhook_networks: Annotated[str, AfterValidator(_check_networks)] = Field(
        "none",
        description="private addresses or networks, separated by commas, that webhooks may call: `10.20.0.0/16`",
    )
    answer_within_s: float = Field(30.0, gt=0, description="how long an upstream may be silent")

    @property
    def peppers(self) -> tuple[str, ...]:
        """The pepper, and the one before it where there is one."""
        before = self.client_secret_pepper_before
        return (
            self.client_secret_pepper.get_secret_value(),
            *([before.get_secret_value()] if before else []),
        )

    @property
    def webhook_networks_listed(self) -> tuple[Network, ...]:
        """The private networks that webhooks may call."""
        return parse_networks(self.webhook_networks)

    @property
    def services_with_feeds(self) -> tuple[str, ...]:
        """The services that have a change feed: papers decides nothing that others follow."""
        return tuple(name for name in self.upstreams if name != PAPERS)


class WebhooksSettings(GatewayDatabaseSettings):
    """Settings of the process that calls subscribed clients."""

    webhook_authorities: Path | None = Field(
        None, description="file of further certificate authorities (PEM) that receivers of webhooks may have"
    )


class GatewaySettings(GatewayDatabaseSettings, MapFollowingSettings):
    """Settings of the gateway beside those of every service."""

    service_clients: Mapping[str, Annotated[SecretStr, Field(min_length=32)]] = Field(
        {},
        description='secrets of the product\'s own services, as JSON: `{"ethnic": …}` makes the client `service-ethnic`, '
        "which reads every program",
    )
    max_body_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="largest request body, bulk included")
    token_seconds: int = Field(600, ge=60, le=3600, description="how long a token is valid")
    client_limit: str = Field("12000/minute", description="requests of one client; empty for no limit")
    address_limit: str = Field("6000/minute", description="requests of one anonymous address; empty: none")
    token_limit: str = Field("60/minute", description="token requests of one client from one address")
    cors_origins: Annotated[str, AfterValidator(_check_origins)] = Field(
        "",
        description="origins, separated by commas, whose pages may call the interface: `https://portal.example.vn`",
    )
    boundaries_files: str = Field(
        "",
        description="files of outlines, GeoJSON or TopoJSON keyed by the codes of units, as `DAY=PATH` separated by commas: "
        "each holds from its day on",
    )
    trusted_proxies: str = Field(
        "", description="addresses or networks, separated by commas, whose X-Forwarded-For is believed"
    )
    public_metrics: bool = Field(
        default=False, description="whether `/metrics` is on the public port as well"
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="port of a listener of its own for `/metrics`; none without it"
    )
    metrics_host: str = Field("127.0.0.1", description="address of that listener")
    part_within_s: float = Field(1.2, gt=0, description="how long a status read waits for one part")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the interface."""
        return _split(self.cors_origins)

    @property
    def programs(self) -> tuple[str, ...]:
        """The upstreams that are programs, in the order in which they are shown."""
        return tuple(name for name in self.upstreams if name not in {FUNDING, OVERSIGHT, PAPERS})

    @property
    def grantable(self) -> tuple[str, ...]:
        """The services that a client may be granted as its programs."""
        return tuple(name for name in self.upstreams if name not in {FUNDING, PAPERS})
