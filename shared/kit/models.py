"""The tables of every service besides its own: answered requests, the change feed, cursors of consumed feeds."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision


class Base(DeclarativeBase):
    """The kit's own tables, the same in every schema."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("kit", "kit_0004")


class AnsweredRequest(Base):
    """A POST that took effect and its answer, under the client's Idempotency-Key."""

    __tablename__ = "answered_requests"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    content_sha256: Mapped[str]
    """SHA-256 of method, path, query and body: the same key with another content is refused."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class Change(Base):
    """One event of the change feed. `sequence` is exact commit order (see ADR 0001)."""

    __tablename__ = "changes"

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index("ix_changes_at", "at"),)


class AcceptedInstant(Base):
    """An instant ahead of the clock that an operator accepted, after which writers go on (see ADR 0025)."""

    __tablename__ = "accepted_instants"

    instant: Mapped[datetime] = mapped_column(primary_key=True)
    accepted_at: Mapped[datetime]
    """By the clock of the machine that the operator was at."""


class FollowedFeed(Base):
    """The position up to which another service's feed was read here. A feed that is begun again from zero is another row: another life."""

    __tablename__ = "followed_feeds"

    feed: Mapped[str] = mapped_column(primary_key=True)
    """Its path at the gateway."""
    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Counted from 1; the highest is the current one."""
    begun_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(BigInteger)
    """The last event that took effect; 0 before the first."""
    change_at: Mapped[datetime | None]
    """The instant of that event: with its sequence it proves that the feed is still the one that was read."""
    newest: Mapped[int] = mapped_column(BigInteger)
    """The newest event of the feed when a page was received last."""
    heard_at: Mapped[datetime | None]
    reached_at: Mapped[datetime | None]
    """The last instant at which everything in the feed was read."""
    state: Mapped[str]
    problem: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("state IN ('following', 'silent', 'refused', 'rewound', 'stuck')", name="state"),
        CheckConstraint("(sequence = 0) = (change_at IS NULL)", name="anchored"),
    )
