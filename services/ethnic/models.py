"""What ethnic remembers besides the engine's tables: how communes were classified. Rows are only ever added."""

import uuid
from datetime import date, datetime

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Date, DateTime, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import named_metadata


class Base(DeclarativeBase):
    """The register's table."""

    metadata = named_metadata()
    type_annotation_map = {  # noqa: RUF012 (declared by SQLAlchemy)
        datetime: DateTime(timezone=True),
        date: Date,
        str: Text,
        uuid.UUID: Uuid,
        bool: Boolean,
        list[str]: ARRAY(Text),
    }


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
