"""Classifications of communes."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "ethnic_0001"
down_revision = None
branch_labels = None
depends_on = None


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def day(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Date, nullable=False)


def upgrade() -> None:
    op.create_table(
        "classifications",
        sa.Column("id", sa.Uuid, nullable=False),
        words("unit"),
        words("land"),
        day("land_since"),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        words("region", nullable=True),
        sa.Column("specially_difficult", sa.Boolean, nullable=False),
        words("decision_number"),
        day("decision_date"),
        day("effective_on"),
        words("client_id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classifications")),
        sa.UniqueConstraint(
            "unit",
            "effective_on",
            "decision_number",
            "decision_date",
            name=op.f("uq_classifications_decision"),
        ),
        sa.CheckConstraint("region IN ('I', 'II', 'III')", name=op.f("ck_classifications_region")),
        sa.CheckConstraint("land = unit AND unit = ANY (line)", name=op.f("ck_classifications_line")),
    )
    op.create_index("ix_classifications_newest", "classifications", ["recorded_at", "id"])
    op.create_index("ix_classifications_land", "classifications", ["land", "effective_on"])
    grant("SELECT, INSERT", "classifications")
