"""Closings of budget years, and the decision by which an entry reopens a closed year.

Code for an earlier revision does not know that a year is closed, so it does not run on it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant

revision = "funding_0007"
down_revision = "funding_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("reopening_number", sa.Text))
    op.add_column("entries", sa.Column("reopening_date", sa.Date))
    op.create_check_constraint(
        op.f("ck_entries_reopening"), "entries", "num_nonnulls(reopening_number, reopening_date) IN (0, 2)"
    )
    op.create_table(
        "closings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("decision_number", sa.Text, nullable=False),
        sa.Column("decision_date", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("frozen", JSONB, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("lapsing_vnd", sa.BigInteger, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_closings"),
        sa.CheckConstraint("extract(year FROM closed_on) > year", name="closed_after_year"),
        sa.CheckConstraint("content_sha256 ~ '^[0-9a-f]{64}$'", name="content_sha256"),
    )
    op.create_index("ix_closings_year", "closings", ["year", "recorded_at"])
    grant("SELECT, INSERT", "closings")
