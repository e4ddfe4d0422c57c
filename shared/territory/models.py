"""Tables of the territory: units, successions, spellings, versions, areas; the same in every schema.

The migrations insert the shipped rows; the rural service adds villages.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision
from shared.territory.areas import AREA_CODE
from shared.territory.units import CODE_SHAPES, KINDS


class Base(DeclarativeBase):
    """The tables of the territory."""

    metadata = named_metadata()
    type_annotation_map = {**COLUMN_TYPES, dict[str, Any]: JSONB}  # noqa: RUF012 (declared by SQLAlchemy)


metadata = Base.metadata
REVISION = SchemaRevision("territory", "territory_0005")

CODE_SHAPE = " OR ".join(f"level = '{level}' AND code ~ '^{shape}$'" for level, shape in CODE_SHAPES.items())
KIND_OF_LEVEL = " OR ".join(f"level = '{level}' AND kind IN {tuple(kinds)}" for level, kinds in KINDS.items())
PARENT_OF_LEVEL = "(level = 'province') = (parent IS NULL) AND (level <> 'village' OR parent = left(code, 5))"


class UnitRow(Base):
    """A unit: a code from its first to its last day."""

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    level: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    parent: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    min_lat: Mapped[float | None]
    min_lon: Mapped[float | None]
    max_lat: Mapped[float | None]
    max_lon: Mapped[float | None]
    area_km2: Mapped[float | None]
    border: Mapped[bool]
    source: Mapped[str]
    confidence: Mapped[str]

    __table_args__ = (
        CheckConstraint(CODE_SHAPE, name="code_shape"),
        CheckConstraint(KIND_OF_LEVEL, name="kind_of_level"),
        CheckConstraint(PARENT_OF_LEVEL, name="parent_of_level"),
        CheckConstraint("valid_to >= valid_from", name="days"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint(
            "num_nonnulls(lat, lon) IN (0, 2) AND abs(lat) <= 90 AND abs(lon) <= 180", name="centre"
        ),
        CheckConstraint(
            "num_nonnulls(min_lat, min_lon, max_lat, max_lon) IN (0, 4) AND min_lat <= max_lat AND min_lon <= max_lon",
            name="box",
        ),
        Index("uq_units_standing", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index("ix_units_parent", "parent"),
    )


class MapVersionRow(Base):
    """A version of the map: what a migration or an administrator loaded. Rows are only added."""

    __tablename__ = "map_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_hash: Mapped[str]
    """The SHA-256 of what was loaded."""
    legal_basis: Mapped[str]
    source: Mapped[str]
    loaded_by: Mapped[str]
    loaded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    content: Mapped[dict[str, Any] | None]
    """Its additions, as `MapContent`; null for a version of the migrations."""

    __table_args__ = (
        CheckConstraint("version > 0", name="counted"),
        CheckConstraint("legal_basis <> '' AND source <> ''", name="sourced"),
    )


class SuccessionRow(Base):
    """The succession of a unit."""

    __tablename__ = "unit_successions"

    id: Mapped[int] = mapped_column(primary_key=True)
    predecessor: Mapped[str]
    predecessor_valid_from: Mapped[date]
    successor: Mapped[str | None]
    successor_valid_from: Mapped[date | None]
    effective_on: Mapped[date]
    kind: Mapped[str]
    weight: Mapped[Decimal | None] = mapped_column(Numeric)
    main_part: Mapped[bool] = mapped_column(server_default=false())
    """Whether the successor got the main part of a divided unit."""

    __table_args__ = (
        ForeignKeyConstraint(["predecessor", "predecessor_valid_from"], ["units.code", "units.valid_from"]),
        ForeignKeyConstraint(["successor", "successor_valid_from"], ["units.code", "units.valid_from"]),
        UniqueConstraint(
            "predecessor", "predecessor_valid_from", "successor", "successor_valid_from",
            name="uq_unit_successions_link", postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("kind IN ('unchanged', 'merged', 'split', 'abolished')", name="kind"),
        CheckConstraint(
            "num_nonnulls(successor, successor_valid_from) = CASE WHEN kind = 'abolished' THEN 0 ELSE 2 END",
            name="successor_unless_abolished",
        ),
        CheckConstraint("weight IS NULL OR kind = 'split' AND weight > 0 AND weight <= 1", name="weight_of_split"),
        CheckConstraint("effective_on > predecessor_valid_from", name="days"),
        CheckConstraint("successor_valid_from = effective_on", name="successor_starts"),
        Index("ix_unit_successions_successor", "successor"),
    )  # fmt: skip


class SpellingRow(Base):
    """A way of writing the name of a unit."""

    __tablename__ = "unit_aliases"

    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    spelling: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]

    __table_args__ = (ForeignKeyConstraint(["code", "valid_from"], ["units.code", "units.valid_from"]),)


class AreaRow(Base):
    """A named area. Rows are only added, and ended."""

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    reason: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    __table_args__ = (
        CheckConstraint(f"code ~ '^{AREA_CODE}$'", name="code_shape"),
        CheckConstraint("valid_to >= valid_from", name="days"),
        CheckConstraint("name <> '' AND reason <> ''", name="named"),
    )


class AreaMemberRow(Base):
    """A unit of an area."""

    __tablename__ = "area_members"

    area: Mapped[str] = mapped_column(ForeignKey("areas.code"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)

    __table_args__ = (ForeignKeyConstraint(["unit", "valid_from"], ["units.code", "units.valid_from"]),)
