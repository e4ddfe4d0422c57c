"""A report in effect on a preliminary form names the official form, and roll-ups count what is read from such reports."""

import sqlalchemy as sa
from alembic import op

revision = "reporting_0010"
down_revision = "reporting_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("standings", sa.Column("preliminary_of", sa.Text))
    op.add_column(
        "roll_ups", sa.Column("preliminary_covers", sa.Integer, nullable=False, server_default=sa.text("0"))
    )
