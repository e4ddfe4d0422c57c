"""The tables of oversight: versions of records, and what other services publish. Rows are only ever added."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision
from shared.reporting.register_rows import RegisterRow


class Base(DeclarativeBase):
    """The declarative base of the tables of oversight."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("oversight", "oversight_0003")


class RecordVersion(RegisterRow, Base):
    """A version of a record: its whole content, and the act that made it.

    The unit is the one that the record belongs to, on `day`: the issuer's, the convener's, the owner's.
    """

    __tablename__ = "record_versions"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Counted from 1."""
    register: Mapped[str]
    key: Mapped[str]
    """The identity of what is recorded, such as a document's number, issuer and date: a SHA-256 of the canonical form."""
    act: Mapped[str]
    day: Mapped[date]
    """The day of which the record speaks: signed on, held on, issued on."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("unit = ANY (line)", name="line"),
        Index("ix_record_versions_newest", "register", "recorded_at", "id"),
        Index("ix_record_versions_key", "register", "key"),
    )


class DecisionCitation(Base):
    """A decision that a service names, by the first event of a type that names it."""

    __tablename__ = "decision_citations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    service: Mapped[str]
    event: Mapped[str]
    key: Mapped[str]
    """The canonical form of its number, as `make_key` returns it."""
    number: Mapped[str]
    decided_on: Mapped[date | None]
    subject: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint(
            "key",
            "decided_on",
            "service",
            "event",
            name="uq_decision_citations_decision",
            postgresql_nulls_not_distinct=True,
        ),
    )


class ProgramPublication(Base):
    """A publication of a program, with the figures that reached their target in it; the id is the program's own."""

    __tablename__ = "program_publications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    program: Mapped[str]
    unit: Mapped[str]
    period: Mapped[str]
    reached: Mapped[list[str]]
    """Codes of the figures that reached their target."""
    recorded_at: Mapped[datetime]


class ProgramFigure(Base):
    """A figure that the catalogue of a program has, or had since this service first read it."""

    __tablename__ = "program_figures"

    program: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
