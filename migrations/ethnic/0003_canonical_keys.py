"""The canonical forms of the numbers of decisions, by which they are compared.

Rows that are the same in this form and were recorded as two stay two rows: the first has the form, the others a number
after it. Code for an earlier revision does not write the new column, so it does not run on it.
"""

import sqlalchemy as sa
from alembic import op

from migrations.canonical_keys import fill_canonical_column, number_collisions

revision = "ethnic_0003"
down_revision = "ethnic_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("classifications", sa.Column("decision_key", sa.Text))
    fill_canonical_column("classifications", "decision_number", "decision_key")
    number_collisions(
        "classifications", "decision_key", "unit", "effective_on", "decision_date", order="recorded_at, id"
    )
    op.alter_column("classifications", "decision_key", nullable=False)
    op.drop_constraint(op.f("uq_classifications_decision"), "classifications", type_="unique")
    op.create_unique_constraint(
        op.f("uq_classifications_decision"),
        "classifications",
        ["unit", "effective_on", "decision_key", "decision_date"],
    )
