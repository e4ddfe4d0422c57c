"""Decisions that other services name, and publications of the programs."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "oversight_0002"
down_revision = "oversight_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision_citations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("decided_on", sa.Date, nullable=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_citations")),
        sa.UniqueConstraint(
            "key",
            "decided_on",
            "service",
            "event",
            name="uq_decision_citations_decision",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "program_publications",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("program", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("reached", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_publications")),
    )
    grant("SELECT, INSERT", "decision_citations")
    grant("SELECT, INSERT", "program_publications")
