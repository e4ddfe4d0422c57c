"""What every service remembers besides its own facts: answered requests and the change feed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import named_metadata


class Base(DeclarativeBase):
    """The kit's own tables, the same in every schema."""

    metadata = named_metadata()
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text}  # noqa: RUF012 (declared by SQLAlchemy)


metadata = Base.metadata


class AnsweredRequest(Base):
    """A POST that took effect and what was answered, under the client's Idempotency-Key."""

    __tablename__ = "answered_requests"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    content_sha256: Mapped[str]
    """SHA-256 of method, path, query and body: the same key with other content is refused."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class Change(Base):
    """One entry of the change feed. `sequence` is exact commit order: see `feed.py`."""

    __tablename__ = "changes"

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index("ix_changes_at", "at"),)
