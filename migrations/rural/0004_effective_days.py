"""The day on which a recognition or revocation takes effect; earlier rows took effect on the day of their decision.

Code for an earlier revision does not write the new columns, so it does not run on it.
"""

import sqlalchemy as sa
from alembic import op

revision = "rural_0004"
down_revision = "rural_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("recognitions", "revocations"):
        op.add_column(table, sa.Column("effective_on", sa.Date))
        op.execute(f"UPDATE {table} SET effective_on = decision_date")
        op.alter_column(table, "effective_on", nullable=False)
        op.create_check_constraint(
            op.f(f"ck_{table}_effective_after_decision"), table, "effective_on >= decision_date"
        )
