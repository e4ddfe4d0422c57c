"""The canonical forms of the numbers of decisions and the codes of products, by which they are compared.

Rows that are the same in this form and were recorded as two stay two rows: the first has the form, the others a number
after it. Code for an earlier revision does not write the new columns, so it does not run on it.
"""

import sqlalchemy as sa
from alembic import op

from migrations.canonical_keys import fill_canonical_column, number_collisions

revision = "rural_0003"
down_revision = "rural_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recognitions", sa.Column("decision_key", sa.Text))
    fill_canonical_column("recognitions", "decision_number", "decision_key")
    number_collisions(
        "recognitions", "decision_key", "unit", "level", "criteria_set", "decision_date", order="recorded_at, id"
    )  # fmt: skip
    op.alter_column("recognitions", "decision_key", nullable=False)
    op.drop_constraint(op.f("uq_recognitions_decision"), "recognitions", type_="unique")
    op.create_unique_constraint(
        op.f("uq_recognitions_decision"),
        "recognitions",
        ["unit", "level", "criteria_set", "decision_key", "decision_date"],
    )
    op.add_column("ocop_evaluations", sa.Column("code_key", sa.Text))
    fill_canonical_column("ocop_evaluations", "code", "code_key")
    number_collisions("ocop_evaluations", "code_key", "decision_date", order="recorded_at, id")
    op.alter_column("ocop_evaluations", "code_key", nullable=False)
    op.drop_constraint(op.f("uq_ocop_evaluations_product"), "ocop_evaluations", type_="unique")
    op.create_unique_constraint(
        op.f("uq_ocop_evaluations_product"), "ocop_evaluations", ["code_key", "decision_date"]
    )
