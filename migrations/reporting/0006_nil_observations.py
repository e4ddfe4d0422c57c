"""An observation may state, in place of a value, that nothing happened; roll-ups count the units that state so."""

import sqlalchemy as sa
from alembic import op

revision = "reporting_0006"
down_revision = "reporting_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "observations", sa.Column("nil", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.create_check_constraint(op.f("ck_observations_nil_is_zero"), "observations", "NOT nil OR value = 0")
    op.add_column(
        "roll_ups", sa.Column("nil_covers", sa.Integer, nullable=False, server_default=sa.text("0"))
    )
