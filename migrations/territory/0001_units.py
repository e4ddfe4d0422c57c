"""Administrative units, what became of them, and the spellings of their names, with the shipped rows."""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "territory_0001"
down_revision = None
branch_labels = None
depends_on = None

DATA = Path(__file__).parent / "first_release"

READ: dict[type[Any], Callable[[str], Any]] = {
    sa.Date: date.fromisoformat,
    sa.Double: float,
    sa.Numeric: Decimal,
    sa.Boolean: "1".__eq__,
    sa.Text: str,
}


def upgrade() -> None:
    units = op.create_table(
        "units",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        sa.Column("min_lat", sa.Double),
        sa.Column("min_lon", sa.Double),
        sa.Column("max_lat", sa.Double),
        sa.Column("max_lon", sa.Double),
        sa.Column("area_km2", sa.Double),
        sa.Column("border", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("confidence", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", "valid_from", name=op.f("pk_units")),
        sa.CheckConstraint(
            "level = 'province' AND code ~ '^[0-9]{2}$' OR level = 'district' AND code ~ '^[0-9]{3}$'"
            " OR level = 'commune' AND code ~ '^[0-9]{5}$' OR level = 'village' AND code ~ '^[0-9]{5}[.][0-9]{2}$'",
            name=op.f("ck_units_code_shape"),
        ),
        sa.CheckConstraint(
            "level = 'province' AND kind IN ('tinh', 'thanh_pho')"
            " OR level = 'district' AND kind IN ('huyen', 'quan', 'thi_xa', 'thanh_pho')"
            " OR level = 'commune' AND kind IN ('xa', 'phuong', 'thi_tran', 'dac_khu')"
            " OR level = 'village' AND kind IN ('thon', 'lang', 'to_dan_pho', 'khu_dan_cu')",
            name=op.f("ck_units_kind_of_level"),
        ),
        sa.CheckConstraint(
            "(level = 'province') = (parent IS NULL) AND (level <> 'village' OR parent = left(code, 5))",
            name=op.f("ck_units_parent_of_level"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_units_days")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_units_named")),
        sa.CheckConstraint(
            "num_nonnulls(lat, lon) IN (0, 2) AND abs(lat) <= 90 AND abs(lon) <= 180",
            name=op.f("ck_units_centre"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(min_lat, min_lon, max_lat, max_lon) IN (0, 4) AND min_lat <= max_lat AND min_lon <= max_lon",
            name=op.f("ck_units_box"),
        ),
    )
    op.create_index(
        "uq_units_standing", "units", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_index("ix_units_parent", "units", ["parent"])

    successions = op.create_table(
        "unit_successions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("predecessor", sa.Text, nullable=False),
        sa.Column("predecessor_valid_from", sa.Date, nullable=False),
        sa.Column("successor", sa.Text),
        sa.Column("successor_valid_from", sa.Date),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("weight", sa.Numeric),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_successions")),
        sa.ForeignKeyConstraint(
            ["predecessor", "predecessor_valid_from"],
            ["units.code", "units.valid_from"],
            name=op.f("fk_unit_successions_predecessor_predecessor_valid_from"),
        ),
        sa.ForeignKeyConstraint(
            ["successor", "successor_valid_from"],
            ["units.code", "units.valid_from"],
            name=op.f("fk_unit_successions_successor_successor_valid_from"),
        ),
        sa.UniqueConstraint(
            "predecessor",
            "predecessor_valid_from",
            "successor",
            "successor_valid_from",
            name=op.f("uq_unit_successions_link"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(
            "kind IN ('unchanged', 'merged', 'split', 'abolished')", name=op.f("ck_unit_successions_kind")
        ),
        sa.CheckConstraint(
            "num_nonnulls(successor, successor_valid_from) = CASE WHEN kind = 'abolished' THEN 0 ELSE 2 END",
            name=op.f("ck_unit_successions_successor_unless_abolished"),
        ),
        sa.CheckConstraint(
            "weight IS NULL OR kind = 'split' AND weight > 0 AND weight <= 1",
            name=op.f("ck_unit_successions_weight_of_split"),
        ),
        sa.CheckConstraint("effective_on > predecessor_valid_from", name=op.f("ck_unit_successions_days")),
        sa.CheckConstraint(
            "successor_valid_from = effective_on", name=op.f("ck_unit_successions_successor_starts")
        ),
    )

    aliases = op.create_table(
        "unit_aliases",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("spelling", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", "valid_from", "spelling", name=op.f("pk_unit_aliases")),
        sa.ForeignKeyConstraint(
            ["code", "valid_from"],
            ["units.code", "units.valid_from"],
            name=op.f("fk_unit_aliases_code_valid_from"),
        ),
    )

    grant("SELECT, INSERT", "units")
    grant("SELECT", "unit_successions", "unit_aliases")

    op.bulk_insert(units, list(rows("units.csv", units)))
    op.bulk_insert(successions, list(rows("successions.csv", successions)))
    op.bulk_insert(aliases, list(rows("aliases.csv", aliases)))


def rows(name: str, table: sa.Table) -> Iterator[dict[str, Any]]:
    """The shipped rows of a table; an empty field is null, except in a text that may not be."""
    with (DATA / name).open(encoding="utf-8", newline="") as shipped:
        for row in csv.DictReader(shipped):
            yield {
                field: READ[type(table.c[field].type)](value)
                if value or not table.c[field].nullable
                else None
                for field, value in row.items()
            }
