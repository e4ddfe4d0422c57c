"""The catalogue of a program can be replaced; each version is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant

revision = "reporting_0011"
down_revision = "reporting_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_versions",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tables", JSONB, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("decision_number", sa.Text),
        sa.Column("decision_date", sa.Date),
        sa.Column("client_id", sa.Text),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_catalogue_versions"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_catalogue_versions_number")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_catalogue_versions_sha256")),
    )
    grant("SELECT, INSERT", "catalogue_versions")
