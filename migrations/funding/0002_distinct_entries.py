"""The entry that a new entry is distinct from, and an index that finds entries of the same decision.

Entries that were recorded twice before this revision stay as they are: the rule holds for new entries.
"""

import sqlalchemy as sa
from alembic import op

revision = "funding_0002"
down_revision = "funding_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("distinct_from", sa.Uuid))
    op.add_column("entries", sa.Column("distinct_reason", sa.Text))
    op.create_check_constraint(
        op.f("ck_entries_distinct_from"), "entries", "num_nonnulls(distinct_from, distinct_reason) IN (0, 2)"
    )
    op.create_index(
        "ix_entries_decision",
        "entries",
        ["decision_number", "unit", "amount_vnd"],
        postgresql_where=sa.text("voucher_number IS NULL"),
    )
