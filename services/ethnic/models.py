"""Tables of the ethnic registers: classifications, and what was received from the new rural program. Rows are only added."""

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
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
REVISION = SchemaRevision("ethnic", "ethnic_0003")


class Classification(RegisterRow, Base):
    """A decision that puts a commune into a region and states whether it is in special difficulty, from a day on.

    The unit, its land and its line are those of the day of taking effect.
    """

    __tablename__ = "classifications"

    region: Mapped[str | None]
    specially_difficult: Mapped[bool]
    decision_number: Mapped[str]
    decision_key: Mapped[str]
    """The canonical form of the number, by which decisions are compared."""
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("region IN ('I', 'II', 'III')", name="region"),
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
        UniqueConstraint(
            "unit", "effective_on", "decision_key", "decision_date", name="uq_classifications_decision"
        ),
        Index("ix_classifications_newest", "recorded_at", "id"),
        Index("ix_classifications_land", "land", "effective_on"),
    )


class ReceivedRecognition(RegisterRow, Base):
    """A recognition of a commune as the new rural program published it, under that program's id.

    It is in force from the day of its decision. `life` is the life of the feed in which it was received; what was
    received in an earlier life no longer counts (see `shared/kit/feed_consumer`).
    """

    __tablename__ = "recognitions"

    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    level: Mapped[str]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    change: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event in the feed of the new rural program."""

    revocation: Mapped["ReceivedRevocation | None"] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
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
    change: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the event in the feed of the new rural program."""
    recorded_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["recognition_id", "life"], ["recognitions.id", "recognitions.life"]),
    )
