"""The base of the engine's tables, and the tables beside those of reports.

Versions of the catalogue and evidence, of which rows are only added; and the reports of other programs as they were received.
"""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata


class Base(DeclarativeBase):
    """The base of the engine's tables, which are the same in the schema of every program."""

    metadata = named_metadata()
    type_annotation_map = {**COLUMN_TYPES, Decimal: Numeric(18, 6)}  # noqa: RUF012 (declared by SQLAlchemy)


class CatalogueVersion(Base):
    """A version of the program's catalogue that replaced the one before. Append-only."""

    __tablename__ = "catalogue_versions"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Counted from 1; 0 is the file that is shipped with the program."""
    tables: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Its rows by table, as a file states them."""
    sha256: Mapped[str]
    decision_number: Mapped[str | None]
    decision_date: Mapped[date | None]
    client_id: Mapped[str | None]
    """The client that replaced the catalogue; null where a file of the installation did."""
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    )


class EvidenceFile(Base):
    """A file behind reports, kept once under the SHA-256 of its content."""

    __tablename__ = "evidence_files"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[str]
    kept_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        Index("ix_evidence_files_client_id", "client_id", postgresql_include=["size_bytes"]),
    )


class EvidenceSender(Base):
    """A client that sent a file again; the client that sent it first is in `evidence_files`."""

    __tablename__ = "evidence_senders"

    sha256: Mapped[str] = mapped_column(ForeignKey("evidence_files.sha256"), primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


class FollowedReport(Base):
    """A report of another program, as its change feed announced it last (ADR 0021)."""

    __tablename__ = "received_reports"

    program: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    life: Mapped[int] = mapped_column(SmallInteger)
    """The life of the feed in which it was announced last; one of an earlier life counts no more."""
    unit: Mapped[str]
    period: Mapped[str]
    form: Mapped[str]
    standard: Mapped[str]
    state: Mapped[str]
    change: Mapped[int] = mapped_column(BigInteger)
    """The sequence of the event that announced it last."""
    values_read: Mapped[str | None]
    """The series of which its values were read, separated by commas; null before they were."""
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(
            "state IN ('submitted', 'accepted', 'returned', 'withdrawn', 'superseded')", name="state"
        ),
        Index("ix_received_reports_form", "program", "form", "period", "unit", "state"),
    )


class FollowedValue(Base):
    """A value of a received report that a bound of the catalogue compares with."""

    __tablename__ = "received_values"

    program: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str]
    value: Mapped[Decimal]

    __table_args__ = (
        ForeignKeyConstraint(
            ["program", "report_id"], ["received_reports.program", "received_reports.report_id"]
        ),
        Index("ix_received_values_unit", "unit", "period"),
    )
