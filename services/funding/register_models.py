"""The tables beside the ledger: closings of budget years and extensions of their settlement, and projects with what is stated of them. Rows are only added."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Table,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata


class Base(DeclarativeBase):
    """The base of all tables of the service."""

    metadata = named_metadata()
    type_annotation_map = {**COLUMN_TYPES, int: BigInteger}  # noqa: RUF012 (declared by SQLAlchemy)


class ClosingRow(Base):
    """The act that closes a budget year of a province, and what it froze. Only added."""

    __tablename__ = "closings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    closed_on: Mapped[date]
    sequence: Mapped[int]
    """Of the last entry that is part of what was frozen."""
    frozen: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The amounts by program, capital kind and source."""
    content_sha256: Mapped[str]
    """Over the amounts by line and year of origin."""
    lapsing_vnd: Mapped[int]
    """The amount that was left, and lapses."""
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_closings_year", "year", "recorded_at"),
        CheckConstraint("extract(year FROM closed_on) > year", name="closed_after_year"),
        CheckConstraint("content_sha256 ~ '^[0-9a-f]{64}$'", name="content_sha256"),
    )


class ExtensionRow(Base):
    """The decision by which a budget year of a province is settled later than by law. Only added; the latest holds."""

    __tablename__ = "extensions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str]
    settled_by: Mapped[date]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    note: Mapped[str | None]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_extensions_year", "year", "recorded_at"),
        CheckConstraint("extract(year FROM settled_by) > year", name="settled_after_year"),
    )


class ProjectRow(Base):
    """A project. What changes of it is in its statements."""

    __tablename__ = "projects"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    program: Mapped[str]
    component: Mapped[str | None]
    unit: Mapped[str]
    starts_on: Mapped[date | None]
    due_on: Mapped[date | None]
    registered_on: Mapped[date]
    """The day of its first approval, on which its unit must exist."""
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]


class ProjectStatementRow(Base):
    """An approval, a plan or the physical progress of a project. Only added; the latest of its kind and year holds."""

    __tablename__ = "project_statements"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.code"))
    kind: Mapped[str]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    amount_vnd: Mapped[int | None]
    decision_number: Mapped[str | None]
    decision_date: Mapped[date | None]
    stated_on: Mapped[date | None]
    physical_percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    status: Mapped[str | None]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_project_statements_project", "project"),
        CheckConstraint("kind IN ('approval', 'plan', 'progress')", name="kind"),
        CheckConstraint("(kind = 'plan') = (year IS NOT NULL)", name="year"),
        CheckConstraint("(kind = 'progress') = (amount_vnd IS NULL)", name="amount"),
        CheckConstraint("physical_percent BETWEEN 0 AND 100", name="physical_percent"),
    )


CLOSINGS = cast("Table", ClosingRow.__table__)
EXTENSIONS = cast("Table", ExtensionRow.__table__)
PROJECTS = cast("Table", ProjectRow.__table__)
PROJECT_STATEMENTS = cast("Table", ProjectStatementRow.__table__)
