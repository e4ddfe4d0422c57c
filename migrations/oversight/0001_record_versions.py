"""Versions of records of oversight."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.ddl import grant

revision = "oversight_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_versions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("register", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("land", sa.Text, nullable=False),
        sa.Column("land_since", sa.Date, nullable=False),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("content", postgresql.JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_record_versions")),
        sa.CheckConstraint("version > 0", name=op.f("ck_record_versions_version")),
        sa.CheckConstraint("unit = ANY (line)", name=op.f("ck_record_versions_line")),
    )
    op.create_index("ix_record_versions_newest", "record_versions", ["register", "recorded_at", "id"])
    op.create_index("ix_record_versions_key", "record_versions", ["register", "key"])
    grant("SELECT, INSERT", "record_versions")
