"""Subscriptions on the wire. The route adds the secret to the response after the commit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.changes.rules import TYPE_PREFIX, encode_cursor
from gateway.models import WebhookRow
from gateway.webhooks.rules import MAX_URL
from shared.kit.partial_body import PartialModel
from shared.reporting.field_types import UnitCode

MAX_FILTERS = 50

EXAMPLE: dict[str, Any] = {
    "url": "https://data.agency.example.vn/ntp",
    "description": "Kho dữ liệu của Sở Nội vụ",
    "services": ["poverty"],
    "types": ["report.accepted"],
    "unit": "62",
}

ServiceName = Annotated[str, Field(max_length=40)]
ChangeType = Annotated[str, Field(max_length=100, pattern=r"^[a-z][a-z0-9_.]*$")]


class WebhookIn(PartialModel):
    """An address to call, and the changes that it is called about."""

    unread: ClassVar[Mapping[str, Any]] = {"url": "https://unread.invalid"}

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    url: str = Field(max_length=MAX_URL, description="https address that gets a POST for each change")
    description: str = Field("", max_length=200, description="which system it is and who runs it")
    services: list[ServiceName] = Field(
        default=[],
        max_length=MAX_FILTERS,
        description="the services to follow; none: all that the client may read",
    )
    types: list[ChangeType] = Field(
        default=[],
        max_length=MAX_FILTERS,
        description="only these types, with the prefix or without; none: all",
    )
    unit: UnitCode | None = Field(None, description="only what concerns this unit or a unit below it")
    after: str | None = Field(
        None, max_length=4000, description="a cursor of `/v1/changes` to begin after; left out: from now on"
    )

    @property
    def short_types(self) -> list[str]:
        """The types without their prefix."""
        return [name.removeprefix(TYPE_PREFIX) for name in self.types]


class ReplayIn(BaseModel):
    """Where to deliver from again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"after": "eyJwb3ZlcnR5Ijo0Mn0"}})

    after: str | None = Field(
        None, max_length=4000, description="a cursor of `/v1/changes`; null: from the first change on"
    )


class WebhookTestOut(BaseModel):
    """What became of the newest test event."""

    id: str = Field(description="`webhook-id` of the test event")
    sent_at: datetime = Field(description="when it was sent")
    status: int | None = Field(description="status of the answer; null where there was none")
    error: str | None = Field(description="why it failed; null where it was taken")


class WebhookOut(BaseModel):
    """A subscription, and how its deliveries stand."""

    id: UUID = Field(description="the subscription's id")
    url: str = Field(description="the address that is called")
    description: str = Field(description="which system it is and who runs it")
    services: list[str] = Field(description="the services that are followed")
    types: list[str] = Field(description="the types, without their prefix; none: all")
    unit: str | None = Field(description="the unit with what lies below it; null: all")
    created_at: datetime = Field(description="instant of the subscription")
    state: Literal["active", "failing", "paused", "ended"] = Field(
        description="`failing`: the newest attempt failed; `paused`: nothing is sent until it is resumed; `ended`: for ever"
    )
    paused_at: datetime | None = Field(description="when it was paused")
    pause_reason: str | None = Field(
        description="`client`; `failing` for three days; `gone`: the receiver answered 410; `client_disabled`; `feed_rewound`: a "
        "service was restored from a backup, replay from a cursor; `secret_unreadable`: make a new secret"
    )
    failing_since: datetime | None = Field(description="when the first of the failed attempts in a row was")
    failures: int = Field(description="failed attempts in a row")
    next_attempt_at: datetime | None = Field(description="nothing is sent before it; null: at once")
    last_attempt_at: datetime | None = Field(description="when something was sent last")
    last_error: str | None = Field(description="why the newest attempt failed; null where it did not")
    delivered: int = Field(description="how many events the receiver has taken")
    delivered_at: datetime | None = Field(description="when it took the newest one")
    cursor: str = Field(description="how far it is: a cursor of `/v1/changes`")
    test: WebhookTestOut | None = Field(description="the newest test event; null before the first was sent")
    test_waiting: bool = Field(description="whether a test event waits to be sent")

    @classmethod
    def from_row(cls, row: WebhookRow) -> Self:
        """Serialize a subscription."""
        return cls(
            id=row.id,
            url=row.url,
            description=row.description,
            services=row.services,
            types=row.types,
            unit=row.unit,
            created_at=row.created_at,
            state=_find_state(row),
            paused_at=row.paused_at,
            pause_reason=row.pause_reason,
            failing_since=row.failing_since,
            failures=row.failures,
            next_attempt_at=row.next_attempt_at,
            last_attempt_at=row.last_attempt_at,
            last_error=row.last_error,
            delivered=row.delivered,
            delivered_at=row.delivered_at,
            cursor=encode_cursor({position.service: position.sequence for position in row.positions}),
            test=None if row.test_result is None else WebhookTestOut.model_validate(row.test_result),
            test_waiting=row.test_id is not None,
        )


def _find_state(row: WebhookRow) -> Literal["active", "failing", "paused", "ended"]:
    if row.ended_at is not None:
        return "ended"
    if row.paused_at is not None:
        return "paused"
    return "failing" if row.failures else "active"


class WebhookWithSealedSecretOut(WebhookOut):
    """A subscription as it is stored under the Idempotency-Key: its secret is sealed."""

    sealed: str = Field(description="the sealed secret; replaced before it is sent")


class WebhookWithSecretOut(WebhookOut):
    """A subscription with its secret, which is shown once."""

    secret: str | None = Field(
        description="what deliveries are signed with (`whsec_…`); in this response only, a replay has null"
    )
