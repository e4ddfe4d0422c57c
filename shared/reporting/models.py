"""The tables of the reporting engine. Observations, reviews and targets are only ever inserted."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    and_,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.kit.schema_revisions import SchemaRevision
from shared.reporting.file_models import Base

metadata = Base.metadata
REVISION = SchemaRevision("reporting", "reporting_0014")

STATES = ("submitted", "accepted", "returned", "withdrawn", "superseded")
BASES = ("accepted", "provisional")
TARGET_KINDS = ("value", "at_least", "at_most", "range")
ACTIONS = (*STATES, "passed", "reinstated")


REPORT_KEY = ("unit", "period", "form", "standard")
"""The columns of which at most one report is pending, and one in effect on a basis."""


def _is_one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the condition that a column has one of these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Report(Base):
    """A report of one unit on one form for one period under one standard. Only its state changes; its content never does."""

    __tablename__ = "reports"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    unit: Mapped[str]
    period: Mapped[str]
    form: Mapped[str]
    state: Mapped[str]
    client_id: Mapped[str]
    received_at: Mapped[datetime]
    """The instant at which the request was received; it is in effect from `EffectiveReport.since` on, when the change feed was locked."""
    state_at: Mapped[datetime]
    content_sha256: Mapped[str]
    receipt_code: Mapped[str] = mapped_column(unique=True)
    supersedes: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reports.id"))
    nil: Mapped[bool]
    note: Mapped[str | None]
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The files behind the report: `[{sha256, kind}]`, kept in `evidence_files`."""
    counts: Mapped[dict[str, int]] = mapped_column(JSONB)
    exceptions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    """The starts that differ from the end before and were accepted for a reason."""
    standard: Mapped[str] = mapped_column(server_default=text("''"))
    """The standard that its values are measured under; empty for a form without standards (ADR 0016)."""
    units: Mapped[list[str] | None]
    """The units that have a value, by which the values are found; null for reports older than this column."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Its unit, period, form and standard: at most one report of a key is pending, and one accepted."""
        return self.unit, self.period, self.form, self.standard

    __table_args__ = (
        CheckConstraint(_is_one_of("state", STATES), name="state"),
        CheckConstraint("content_sha256 ~ '^[0-9a-f]{64}$'", name="content_sha256"),
        Index("ix_reports_unit_period", "period", "unit", "form"),
        Index("ix_reports_newest", "received_at", "id"),
        Index("uq_reports_pending", *REPORT_KEY, unique=True, postgresql_where=text("state = 'submitted'")),
        Index(
            "ix_reports_evidence",
            "evidence",
            postgresql_using="gin",
            postgresql_ops={"evidence": "jsonb_path_ops"},
            postgresql_where=text("evidence <> '[]'::jsonb"),
        ),
    )


class Observation(Base):
    """One stated value. The table is partitioned by year (see ADR 0007).

    The index begins with year, period and unit, so a query by report names the units of the report as well.
    """

    __tablename__ = "observations"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer)
    value: Mapped[Decimal]
    status: Mapped[int] = mapped_column(SmallInteger)
    """0 estimate, 1 preliminary, 2 official; several values together have the least of their statuses."""
    covers: Mapped[int] = mapped_column(SmallInteger)
    """The number of expected units that the value covers: 1, or all communes of a district that states for them."""
    nil: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it was stated, in place of a value, that nothing happened; the value is then 0."""
    derived: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it was not posted but follows from posted values; its ordinal then comes after those of the posted ones."""
    reasons: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Why a rule of the program derives it: `{rule, why, why_en, grounds}`; a posted value that a rule confirms has them too."""

    __table_args__ = (
        CheckConstraint("status BETWEEN 0 AND 2", name="status"),
        CheckConstraint("NOT derived OR reasons IS NOT NULL", name="derived_has_reasons"),
        CheckConstraint("NOT nil OR value = 0", name="nil_is_zero"),
        CheckConstraint("covers >= 1", name="covers"),
        {"postgresql_partition_by": "RANGE (year)"},
    )


class EffectiveReport(Base):
    """The report that is in effect for a basis, unit, period, form and standard, from when to when (see ADR 0002).

    A row without `until` is in effect now; `until` is set once.
    """

    __tablename__ = "standings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    basis: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    period: Mapped[str]
    unit: Mapped[str]
    form: Mapped[str]
    standard: Mapped[str] = mapped_column(server_default=text("''"))
    preliminary_of: Mapped[str | None]
    """The official form of a preliminary one, whose values count in place of its own; null for any other (ADR 0019)."""
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reports.id"), index=True)
    nil: Mapped[bool]
    received_at: Mapped[datetime]
    since: Mapped[datetime]
    until: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(_is_one_of("basis", BASES), name="basis"),
        CheckConstraint("until > since", name="until_after_since"),
        Index("ix_standings_period", "period", "basis", "until"),
        Index("ix_standings_nil", "period", "basis", postgresql_where=text("nil")),
        Index("uq_standings_one", "basis", *REPORT_KEY, unique=True, postgresql_where=text("until IS NULL")),
    )


OBSERVATION_IN_EFFECT = and_(
    Observation.report_id == EffectiveReport.report_id,
    Observation.year == EffectiveReport.year,
    Observation.period == EffectiveReport.period,
)
"""Joins observations to reports in effect, by the columns with which the one index of observations begins."""


def is_in_effect(reports: type[EffectiveReport], as_of: datetime | None) -> ColumnElement[bool]:
    """Return the condition that a report is in effect, now or at an instant."""
    if as_of is None:
        return reports.until.is_(None)
    return and_(reports.since <= as_of, or_(reports.until.is_(None), reports.until > as_of))


class Review(Base):
    """One thing that was done to a report: by whom, when, and why. Append-only."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reports.id"), index=True)
    action: Mapped[str]
    client_id: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str | None]
    step: Mapped[str | None]
    """The step of the form's review chain; only where the action is `passed`."""
    content_sha256: Mapped[str]

    __table_args__ = (
        CheckConstraint(_is_one_of("action", ACTIONS), name="action"),
        CheckConstraint("(action = 'passed') = (step IS NOT NULL)", name="step"),
    )


class RollUp(Base):
    """The sum of the values in effect at and below one answering unit. Recomputed, never adjusted (see ADR 0012)."""

    __tablename__ = "roll_ups"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    basis: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    standard: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))
    value: Mapped[Decimal] = mapped_column(Numeric(24, 6))
    covers: Mapped[int] = mapped_column(Integer)
    nil_covers: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """The number of covered units that stated nil in place of a value."""
    preliminary_covers: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """The number of covered units that are read from preliminary forms."""
    status: Mapped[int] = mapped_column(SmallInteger)
    oldest_at: Mapped[datetime]
    newest_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(_is_one_of("basis", BASES), name="basis"),
        {"postgresql_partition_by": "RANGE (year)"},
    )


class Target(Base):
    """The planned value of a figure under a decision. A revision is a new row."""

    __tablename__ = "targets"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    period: Mapped[str]
    unit: Mapped[str]
    indicator: Mapped[str]
    standard: Mapped[str] = mapped_column(server_default=text("''"))
    kind: Mapped[str] = mapped_column(server_default=text("'value'"))
    """A value, or a bound: at_least, at_most; or a range."""
    value: Mapped[Decimal]
    """The value or the bound; of a range the lower bound."""
    upper: Mapped[Decimal | None]
    """The upper bound of a range."""
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    client_id: Mapped[str]
    set_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(_is_one_of("kind", TARGET_KINDS), name="kind"),
        CheckConstraint("(kind = 'range') = (upper IS NOT NULL)", name="upper_of_range"),
        CheckConstraint("upper > value", name="upper_above_value"),
        Index("ix_targets_unit", "period", "unit", "indicator", "id"),
    )


class GoLive(Base):
    """The day from which the timeliness of a unit is judged. The latest row of a unit counts; append-only."""

    __tablename__ = "go_lives"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    unit: Mapped[str]
    live_on: Mapped[date]
    client_id: Mapped[str]
    set_at: Mapped[datetime]

    __table_args__ = (Index("ix_go_lives_unit", "unit", "id"),)


class Publication(Base):
    """A frozen vintage (see ADR 0002): the figures of a unit and period as known at an instant, under a document."""

    __tablename__ = "publications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    period: Mapped[str]
    unit: Mapped[str]
    basis: Mapped[str]
    standard: Mapped[str | None]
    """The standard that was requested; null: of each figure the one in force on the last day of the period."""
    as_of: Mapped[datetime]
    document_number: Mapped[str]
    document_date: Mapped[date]
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    client_id: Mapped[str]
    published_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(_is_one_of("basis", BASES), name="basis"),
        UniqueConstraint("unit", "period", "name", name="uq_publications_name"),
        Index("ix_publications_newest", "published_at", "id"),
    )
