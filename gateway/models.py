"""Tables of the gateway: clients, their secrets, signing keys, the audit, vintages and webhooks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision


class Base(DeclarativeBase):
    """The gateway's own tables."""

    metadata = named_metadata()
    type_annotation_map = {**COLUMN_TYPES, dict[str, Any]: JSONB}  # noqa: RUF012 (declared by SQLAlchemy)


metadata = Base.metadata
REVISION = SchemaRevision("gateway", "gateway_0005")


class ClientRow(Base):
    """A system that calls. Only `disabled_at` and `grant_id` ever change."""

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str]
    scopes: Mapped[list[str]]
    programs: Mapped[list[str]]
    units: Mapped[list[str]]
    """The codes that were requested when the client was created; what counts are its `unit_grants`."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    grant_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    """The id that its tokens carry; disabling revokes it, and enabling makes another."""
    holds_all: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it is an administrator of everything: the first one, and those that the command line makes so."""
    unit_grants: Mapped[list["UnitGrantRow"]] = relationship(
        lazy="selectin", order_by="UnitGrantRow.id", viewonly=True
    )

    __table_args__ = (
        CheckConstraint("client_id ~ '^[a-z0-9][a-z0-9._-]{1,62}$'", name="client_id_shape"),
        CheckConstraint("cardinality(scopes) > 0", name="some_scope"),
        CheckConstraint("disabled_at >= created_at", name="disabled_after"),
        Index("ix_clients_created_at_client_id", "created_at", "client_id"),
    )


class UnitGrantRow(Base):
    """A unit that a client was granted: a code and the first day of the unit; no day: an agency. Rows are only added."""

    __tablename__ = "unit_grants"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id"))
    unit: Mapped[str]
    valid_from: Mapped[date | None]
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]

    __table_args__ = (
        UniqueConstraint("client_id", "unit", "valid_from", postgresql_nulls_not_distinct=True),
    )


class SecretRow(Base):
    """A secret of a client, as its HMAC; `expires_at` is set when a newer secret replaces it."""

    __tablename__ = "client_secrets"

    secret_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id"))
    secret_hmac: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(secret_hmac) = 32", name="hmac_length"),
        Index("ix_client_secrets_client_id", "client_id"),
    )


class SigningKeyRow(Base):
    """A key that signs tokens, has signed (`retired_at`), or is the standby (`signs_from` is null)."""

    __tablename__ = "signing_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[dict[str, Any]]
    sealed: Mapped[str]
    """The private key as a JWE under a key derived from the pepper."""
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    """From when on no token of it is accepted, although the token has not expired."""

    __table_args__ = (
        CheckConstraint("NOT public ? 'd'", name="public_only"),
        CheckConstraint("retired_at IS NULL OR signs_from IS NOT NULL", name="retired_after_signing"),
    )


class RevocationRow(Base):
    """The id of a token (`jti`) or of a client's grant (`grant_id`) whose tokens are no longer accepted."""

    __tablename__ = "revocations"

    id: Mapped[str] = mapped_column(primary_key=True)
    revoked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """When every token that it ends has expired by itself."""


class AuditRow(Base):
    """One change to a client or a key: who did it, and when. Rows are only added."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[dict[str, Any]]


class VintageRow(Base):
    """All services frozen at an instant (see `gateway/vintages`). Rows are only added."""

    __tablename__ = "vintages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    unit: Mapped[str]
    period: Mapped[str]
    as_of: Mapped[datetime]
    document_number: Mapped[str]
    document_date: Mapped[date]
    parts: Mapped[bytes] = mapped_column(LargeBinary)
    """The answers of the services by name, as JSON with sorted members."""
    sha256: Mapped[str]
    client_id: Mapped[str]
    frozen_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("unit", "period", "name", name="uq_vintages_name"),
        Index("ix_vintages_newest", "frozen_at", "id"),
    )


class WebhookRow(Base):
    """A subscription: who is called at which address about what, and how its deliveries stand. It is never deleted."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id"))
    url: Mapped[str]
    description: Mapped[str]
    services: Mapped[list[str]]
    types: Mapped[list[str]]
    """Without the prefix; none: all."""
    unit: Mapped[str | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Attempts in a row that failed."""
    next_attempt_at: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    delivered: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    delivered_at: Mapped[datetime | None]
    test_id: Mapped[UUID | None]
    """A test event that waits to be sent."""
    test_result: Mapped[dict[str, Any] | None]
    lease_id: Mapped[UUID | None]
    """The process that delivers now; another one waits until the lease has ended."""
    leased_until: Mapped[datetime | None]
    positions: Mapped[list["WebhookPositionRow"]] = relationship(
        lazy="selectin", order_by="WebhookPositionRow.service", viewonly=True
    )

    __table_args__ = (
        CheckConstraint("url LIKE 'https://%'", name="https_only"),
        CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="paused_with_reason"),
        CheckConstraint("failures >= 0 AND (failures = 0) = (failing_since IS NULL)", name="failing_since"),
        Index("ix_webhooks_client_id_created_at", "client_id", "created_at", "id"),
    )


class WebhookPositionRow(Base):
    """The sequence of the last change of a service that a subscription is done with."""

    __tablename__ = "webhook_positions"

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"), primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("sequence >= 0", name="not_negative"),)


class WebhookSecretRow(Base):
    """A secret that deliveries are signed with; `expires_at` is set when a newer one replaces it."""

    __tablename__ = "webhook_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    sealed: Mapped[str]
    """The secret as a JWE under a key derived from the pepper."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_webhook_secrets_webhook_id", "webhook_id"),)
