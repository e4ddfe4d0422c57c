"""Tables of the rural registers: recognitions, revocations and OCOP evaluations. Rows are only ever added."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision
from shared.reporting.register_rows import RegisterRow


class Base(DeclarativeBase):
    """The declarative base of the tables of rural."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("rural", "rural_0006")


class Recognition(RegisterRow, Base):
    """A decision that a commune or village meets a standard. A row of its own, a revocation, ends it."""

    __tablename__ = "recognitions"

    unit_level: Mapped[str]
    level: Mapped[str]
    field: Mapped[str | None]
    criteria_set: Mapped[str]
    decision_number: Mapped[str]
    decision_key: Mapped[str]
    """The canonical form of the number, by which decisions are compared."""
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    """The first day on which the recognition is in force."""
    year: Mapped[int] = mapped_column(SmallInteger)
    """The year recognized for."""
    grounds: Mapped[str | None]
    """Why a unit is recognized again."""
    assessments: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    """Accepted reports that state the assessment that the recognition is based on."""
    exceptions: Mapped[list[str]]
    """Codes of the broken rules that an authorized officer set aside for `exception_reason`."""
    exception_reason: Mapped[str | None]
    client_id: Mapped[str]

    revocation: Mapped["Revocation | None"] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("level IN ('meets', 'advanced', 'model')", name="level"),
        CheckConstraint("unit_level IN ('commune', 'village')", name="unit_level"),
        CheckConstraint("land = left(unit, 5) AND unit = ANY (line) AND land = ANY (line)", name="line"),
        CheckConstraint("(exceptions = '{}') = (exception_reason IS NULL)", name="exception_has_reason"),
        CheckConstraint("decision_date >= make_date(year, 1, 1)", name="decided_after_year_began"),
        CheckConstraint("effective_on >= decision_date", name="effective_after_decision"),
        UniqueConstraint(
            "unit",
            "level",
            "criteria_set",
            "decision_key",
            "decision_date",
            name="uq_recognitions_decision",
        ),
        Index("ix_recognitions_newest", "recorded_at", "id"),
        Index("ix_recognitions_land", "land", "level"),
    )


class Revocation(Base):
    """A decision that ends a recognition."""

    __tablename__ = "revocations"

    recognition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recognitions.id"), primary_key=True)
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    """The first day on which the recognition is no longer in force."""
    reason: Mapped[str]
    unmet: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default="{}")
    """Numbers of the criteria that are no longer met."""
    exceptions: Mapped[list[str]] = mapped_column(server_default="{}")
    exception_reason: Mapped[str | None]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(exceptions = '{}') = (exception_reason IS NULL)", name="exception_has_reason"),
        CheckConstraint("effective_on >= decision_date", name="effective_after_decision"),
    )


class ThresholdTable(RegisterRow, Base):
    """The thresholds that a province sets by a decision, in place of those of its table before."""

    __tablename__ = "threshold_tables"

    number: Mapped[int]
    """Counted from 1 for each province."""
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    thresholds: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """The rows of the table; a value is the text of a decimal."""
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
        UniqueConstraint("land", "land_since", "number", name="uq_threshold_tables_number"),
    )


class Registration(RegisterRow, Base):
    """A plan by which a unit is to meet a standard in a year. Its steps are rows of their own."""

    __tablename__ = "registrations"

    unit_level: Mapped[str]
    level: Mapped[str]
    criteria_set: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    client_id: Mapped[str]

    steps: Mapped[list["RegistrationStep"]] = relationship(
        lazy="raise", viewonly=True, order_by="RegistrationStep.ordinal"
    )

    __table_args__ = (
        CheckConstraint("level IN ('meets', 'advanced', 'model')", name="level"),
        CheckConstraint("unit_level IN ('commune', 'village')", name="unit_level"),
        CheckConstraint("land = left(unit, 5) AND unit = ANY (line) AND land = ANY (line)", name="line"),
        UniqueConstraint("unit", "land_since", "criteria_set", "year", name="uq_registrations_year"),
        Index("ix_registrations_newest", "recorded_at", "id"),
        Index("ix_registrations_year", "year", "level"),
    )


class RegistrationStep(Base):
    """A step of a registration: assessed, submitted, not recognized, withdrawn."""

    __tablename__ = "registration_steps"

    registration_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    """Counted from 1."""
    step: Mapped[str]
    document_number: Mapped[str]
    taken_on: Mapped[date]
    """The date of the document."""
    unmet: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    """Numbers of the criteria not met by the accepted assessment; null without one, and for other steps."""
    assessments: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    overdue_debts_vnd: Mapped[int | None] = mapped_column(BigInteger)
    residents_satisfied_percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    reason: Mapped[str | None]
    exceptions: Mapped[list[str]] = mapped_column(server_default="{}")
    exception_reason: Mapped[str | None]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("step IN ('assessed', 'submitted', 'not_recognized', 'withdrawn')", name="step"),
        CheckConstraint(
            "(step = 'assessed') = (overdue_debts_vnd IS NOT NULL AND residents_satisfied_percent IS NOT NULL)",
            name="assessed_with_result",
        ),
        CheckConstraint(
            "(step IN ('not_recognized', 'withdrawn')) = (reason IS NOT NULL)", name="ended_with_reason"
        ),
        CheckConstraint("overdue_debts_vnd >= 0", name="overdue_debts_vnd"),
        CheckConstraint("residents_satisfied_percent BETWEEN 0 AND 100", name="residents_satisfied_percent"),
        CheckConstraint("(exceptions = '{}') = (exception_reason IS NULL)", name="exception_has_reason"),
    )


class OcopEvaluation(RegisterRow, Base):
    """A decision that grants stars to a product. A re-evaluation of the product is another row."""

    __tablename__ = "ocop_evaluations"

    code: Mapped[str]
    code_key: Mapped[str]
    """The canonical form of the code, by which products are compared."""
    name: Mapped[str]
    owner_kind: Mapped[str]
    owner_name: Mapped[str | None]
    """Name of a cooperative or enterprise. The name of a household is not stored."""
    product_group: Mapped[int] = mapped_column(SmallInteger)
    stars: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    """Points, 0 to 100."""
    score_parts: Mapped[list[Decimal] | None] = mapped_column(ARRAY(Numeric(5, 2)))
    """Points for product and community strength, for marketing, and for quality, in this order."""
    potential_five_star: Mapped[bool]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("owner_kind IN ('cooperative', 'enterprise', 'household')", name="owner_kind"),
        CheckConstraint("owner_kind <> 'household' OR owner_name IS NULL", name="household_unnamed"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("NOT potential_five_star OR stars = 4", name="potential_has_four_stars"),
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
        CheckConstraint("cardinality(score_parts) = 3", name="three_parts"),
        UniqueConstraint("code_key", "decision_date", name="uq_ocop_evaluations_product"),
        Index("ix_ocop_evaluations_newest", "recorded_at", "id"),
    )
