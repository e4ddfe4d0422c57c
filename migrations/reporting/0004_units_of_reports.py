"""A report knows the units that it states, and its values are found by them: one index of observations is enough."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "reporting_0004"
down_revision = "reporting_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("units", ARRAY(sa.Text)))
    op.drop_index("ix_observations_report", "observations")
