"""The instants ahead of the clock that an operator accepted: writers go on after them."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "kit_0004"
down_revision = "kit_0003"
branch_labels = None
depends_on = None

compatible_from = "kit_0003"


def upgrade() -> None:
    op.create_table(
        "accepted_instants",
        sa.Column("instant", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instant", name=op.f("pk_accepted_instants")),
    )
    grant("SELECT, INSERT", "accepted_instants")
