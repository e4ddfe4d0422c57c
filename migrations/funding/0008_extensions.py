"""Extensions of the settlement day of a budget year, and an index of the entries that are replaced.

Code for the revision before runs on it: it reads neither.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "funding_0008"
down_revision = "funding_0007"
branch_labels = None
depends_on = None
compatible_from = "funding_0007"


def upgrade() -> None:
    op.create_table(
        "extensions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("settled_by", sa.Date, nullable=False),
        sa.Column("decision_number", sa.Text, nullable=False),
        sa.Column("decision_date", sa.Date, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
        sa.CheckConstraint("extract(year FROM settled_by) > year", name="settled_after_year"),
    )
    op.create_index("ix_extensions_year", "extensions", ["year", "recorded_at"])
    grant("SELECT, INSERT", "extensions")
    op.create_index(
        "ix_entries_replaces", "entries", ["replaces"], postgresql_where=sa.text("replaces IS NOT NULL")
    )
