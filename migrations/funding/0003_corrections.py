"""Corrections of entries that were never true, the entry in place of which an entry is recorded, and the day of postings.

No code for an earlier revision runs on it: it does not know the kind of a correction.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import replace_check

revision = "funding_0003"
down_revision = "funding_0002"
branch_labels = None
depends_on = None

KINDS = (
    "opening_balance",
    "assignment",
    "allocation",
    "supplement",
    "sub_allocation",
    "transfer",
    "cancellation",
    "return",
    "carry_over",
    "commitment",
    "disbursement",
    "confirmation",
    "reversal",
    "correction",
)


def upgrade() -> None:
    op.add_column("entries", sa.Column("replaces", sa.Uuid))
    op.add_column("entries", sa.Column("replaces_reason", sa.Text))
    op.create_check_constraint(
        op.f("ck_entries_replaces"), "entries", "num_nonnulls(replaces, replaces_reason) IN (0, 2)"
    )
    replace_check("entries", "kind", f"kind IN {KINDS}")
    replace_check(
        "entries",
        "to_line",
        "num_nonnulls(to_component, to_unit) = 0"
        " OR kind IN ('sub_allocation', 'transfer', 'reversal', 'correction')",
    )
    replace_check("entries", "reverses", "(kind IN ('reversal', 'correction')) = (reverses IS NOT NULL)")
    replace_check(
        "entries", "deadline", "deadline IS NULL OR kind IN ('carry_over', 'reversal', 'correction')"
    )
    op.add_column("postings", sa.Column("effective_on", sa.Date))
    op.execute(
        "UPDATE postings SET effective_on = entries.effective_on FROM entries"
        " WHERE entries.year = postings.year AND entries.id = postings.entry_id"
    )
    op.drop_index("ix_postings_lot_id", "postings")
    op.create_index("ix_postings_lot_id", "postings", ["lot_id", "effective_on"])
