"""The tables of thresholds that provinces set. Code for an earlier revision runs on it and does not read them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant

revision = "rural_0005"
down_revision = "rural_0004"
branch_labels = None
depends_on = None
compatible_from = "rural_0004"


def upgrade() -> None:
    op.create_table(
        "threshold_tables",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("land", sa.Text, nullable=False),
        sa.Column("land_since", sa.Date, nullable=False),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("decision_number", sa.Text, nullable=False),
        sa.Column("decision_date", sa.Date, nullable=False),
        sa.Column("thresholds", JSONB, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold_tables")),
        sa.UniqueConstraint("land", "land_since", "number", name=op.f("uq_threshold_tables_number")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_threshold_tables_number")),
        sa.CheckConstraint("land = unit AND unit = ANY (line)", name=op.f("ck_threshold_tables_line")),
    )
    grant("SELECT, INSERT", "threshold_tables")
