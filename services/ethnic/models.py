"""Tables of the ethnic registers. Rows are only added.

Lists with their classifications, what was received from the new rural program, reviews of exits, completions of projects.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision
from shared.reporting.register_rows import RegisterRow


class Base(DeclarativeBase):
    """The declarative base of the tables of ethnic."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("ethnic", "ethnic_0004")


class ClassificationList(RegisterRow, Base):
    """A decision that lists the units of a kind below a unit, from a day on."""

    __tablename__ = "classification_lists"

    kind: Mapped[str]
    level: Mapped[str]
    """The level of its units."""
    law: Mapped[str]
    whole: Mapped[bool]
    """Whether it lists every unit of its kind and level, so that a unit that it leaves out is off it."""
    decision_number: Mapped[str]
    decision_key: Mapped[str]
    """The canonical form of the number, by which decisions are compared."""
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The legal end; None where the law states none."""
    period_first: Mapped[int | None] = mapped_column(SmallInteger)
    """The first year of its period; None where the law states none."""
    period_last: Mapped[int | None] = mapped_column(SmallInteger)
    row_count: Mapped[int]
    content_sha256: Mapped[str]
    """The hash of its rows, by which the same list again is recognized."""
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("unit = ANY (line)", name="line"),
        CheckConstraint("ends_on >= effective_on", name="ends"),
        UniqueConstraint(
            "unit",
            "kind",
            "level",
            "effective_on",
            "decision_key",
            "decision_date",
            name="uq_classification_lists_decision",
        ),
        Index("ix_classification_lists_newest", "recorded_at", "id"),
    )


class Classification(RegisterRow, Base):
    """A decision that classifies a unit, from a day on: a single one on a commune's region, or a row of a list.

    The unit, its land and its line are those of the day of taking effect.
    """

    __tablename__ = "classifications"

    kind: Mapped[str] = mapped_column(server_default="region")
    listed: Mapped[bool] = mapped_column(server_default=true())
    """Whether the unit is on the list of the kind from the day on; false where it is taken off."""
    region: Mapped[str | None]
    specially_difficult: Mapped[bool]
    decision_number: Mapped[str]
    decision_key: Mapped[str]
    """The canonical form of the number, by which decisions are compared."""
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    ends_on: Mapped[date | None]
    """The legal end; None where none is stated."""
    law: Mapped[str | None]
    list_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("classification_lists.id"))
    row_number: Mapped[int] = mapped_column(server_default="0")
    """Its place in the list, from 0; 0 for a single decision."""
    ethnic_group: Mapped[str] = mapped_column(server_default="")
    """The group that a row of the kind `group_in_difficulty` lists; empty for other kinds."""
    commune_region: Mapped[str | None]
    """The region of its commune, as the row of a village states it."""
    households: Mapped[int | None]
    em_households: Mapped[int | None]
    em_persons: Mapped[int | None]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("region IN ('I', 'II', 'III')", name="region"),
        CheckConstraint("land = ANY (line) AND unit = ANY (line)", name="line"),
        UniqueConstraint(
            "unit",
            "kind",
            "ethnic_group",
            "effective_on",
            "decision_key",
            "decision_date",
            "list_id",
            name="uq_classifications_decision",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_classifications_newest", "recorded_at", "id"),
        Index("ix_classifications_land", "land", "effective_on"),
        Index("ix_classifications_list", "list_id", "row_number"),
    )


class ReceivedRecognition(RegisterRow, Base):
    """A recognition of a commune or village as the new rural program published it, under that program's id.

    It is in force from the day on which its decision takes effect. `life` is the life of the feed in which it was received; what was
    received in an earlier life no longer counts (see `shared/kit/feed_consumer`).
    """

    __tablename__ = "recognitions"

    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    unit_level: Mapped[str] = mapped_column(server_default="commune")
    level: Mapped[str]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    """The day on which the decision takes effect."""
    change: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event in the feed of the new rural program."""

    revocation: Mapped["ReceivedRevocation | None"] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("land = ANY (line) AND unit = ANY (line)", name="line"),
        Index("ix_recognitions_newest", "recorded_at", "id"),
        Index("ix_recognitions_land", "land", "decision_date"),
    )


class ReceivedRevocation(Base):
    """A decision that ended a recognition, as the new rural program published it."""

    __tablename__ = "revocations"

    recognition_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    """The first day on which the recognition is no longer in force."""
    change: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event in the feed of the new rural program."""
    recorded_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["recognition_id", "life"], ["recognitions.id", "recognitions.life"]),
    )


class ExitReview(RegisterRow, Base):
    """The verdict of an officer on an exit from special difficulty; the latest one on an exit counts."""

    __tablename__ = "exit_reviews"

    left_on: Mapped[date]
    ground: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str]
    decision_number: Mapped[str]
    """The number of the decision behind the exit: of the recognition, the list, or the reorganization."""
    decision_date: Mapped[date]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("verdict IN ('confirmed', 'rejected')", name="verdict"),
        CheckConstraint("land = ANY (line) AND unit = ANY (line)", name="line"),
        Index("ix_exit_reviews_newest", "recorded_at", "id"),
        Index("ix_exit_reviews_unit", "unit", "left_on"),
    )


class ProjectCompletion(RegisterRow, Base):
    """The end of a project or an activity in a unit, after which a completion report is due."""

    __tablename__ = "project_completions"

    component: Mapped[str]
    project: Mapped[str]
    project_key: Mapped[str]
    """The canonical form of the name, by which projects are compared."""
    ended_on: Mapped[date]
    client_id: Mapped[str]

    report: Mapped["CompletionReport | None"] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("land = ANY (line) AND unit = ANY (line)", name="line"),
        UniqueConstraint(
            "unit", "component", "project_key", "ended_on", name="uq_project_completions_project"
        ),
        Index("ix_project_completions_newest", "recorded_at", "id"),
    )


class CompletionReport(Base):
    """The completion report of a project, as it was received."""

    __tablename__ = "completion_reports"

    completion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project_completions.id"), primary_key=True)
    document_number: Mapped[str]
    document_date: Mapped[date]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]
