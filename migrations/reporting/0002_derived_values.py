"""Observations that follow from others by a dated rule: marked, with their reasons."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "reporting_0002"
down_revision = "reporting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "observations", sa.Column("derived", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.add_column("observations", sa.Column("reasons", JSONB))
    op.create_check_constraint(
        op.f("ck_observations_derived_has_reasons"), "observations", "NOT derived OR reasons IS NOT NULL"
    )
