"""A report keeps the starts that differ from the end before, with the reason for which they were accepted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "reporting_0012"
down_revision = "reporting_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("exceptions", JSONB, nullable=False, server_default=sa.text("'[]'")))
