"""What ethnic remembers besides the engine's tables, in rows that are only ever added.

How communes were classified, and which recognitions were heard from the new rural program.
"""

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


class Base(DeclarativeBase):
    """The registers' tables."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata


class Classification(Base):
    """A decision that puts a commune into a region and says whether it is in special difficulty, from a day on.

    The row keeps the land that the code stood for, and its line: the commune's code and those of the units that held it
    on the day of taking effect.
    """

    __tablename__ = "classifications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit: Mapped[str]
    land: Mapped[str]
    land_since: Mapped[date]
    line: Mapped[list[str]]
    region: Mapped[str | None]
    specially_difficult: Mapped[bool]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    effective_on: Mapped[date]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("region IN ('I', 'II', 'III')", name="region"),
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
        UniqueConstraint(
            "unit", "effective_on", "decision_number", "decision_date", name="uq_classifications_decision"
        ),
        Index("ix_classifications_newest", "recorded_at", "id"),
        Index("ix_classifications_land", "land", "effective_on"),
    )


class Recognition(Base):
    """A recognition of a commune as the new rural program published it. It keeps that program's id.

    `life` is that of the feed it was heard in: what was heard in an earlier life is not known any more (see
    `shared/kit/feed_consumer`). The day of the decision is the day from which it holds.
    """

    __tablename__ = "recognitions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    unit: Mapped[str]
    land: Mapped[str]
    land_since: Mapped[date]
    line: Mapped[list[str]]
    level: Mapped[str]
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    change: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the change in the feed of the new rural program."""
    recorded_at: Mapped[datetime]

    revocation: Mapped["Revocation | None"] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("land = unit AND unit = ANY (line)", name="line"),
        Index("ix_recognitions_newest", "recorded_at", "id"),
        Index("ix_recognitions_land", "land", "decision_date"),
    )


class Revocation(Base):
    """A decision that ended a recognition, as the new rural program published it."""

    __tablename__ = "revocations"

    recognition_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    life: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    decision_number: Mapped[str]
    decision_date: Mapped[date]
    change: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(["recognition_id", "life"], ["recognitions.id", "recognitions.life"]),
    )
