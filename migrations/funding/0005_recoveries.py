"""Money that comes back: recoveries of payments and remittances of recovered money.

No code for an earlier revision runs on it: it does not know these kinds.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant, replace_check

revision = "funding_0005"
down_revision = "funding_0004"
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
    "recovery",
    "remittance",
    "reversal",
    "correction",
)
MEASURES = (
    "recovered_vnd",
    "remittable_vnd",
    "remitted_vnd",
    "confirmed_recovered_vnd",
    "confirmed_remittable_vnd",
    "confirmed_remitted_vnd",
)
EARLIER_MEASURES = (
    "assigned_vnd",
    "opening_balance_vnd",
    "allocated_vnd",
    "carried_over_vnd",
    "received_vnd",
    "given_vnd",
    "cancelled_vnd",
    "returned_vnd",
    "carried_out_vnd",
    "committed_vnd",
    "disbursed_vnd",
    "confirmed_vnd",
    "reserved_vnd",
)
AVAILABLE = (
    "opening_balance_vnd + allocated_vnd + carried_over_vnd + received_vnd - given_vnd - cancelled_vnd"
)
SPENT = "disbursed_vnd + carried_out_vnd + returned_vnd + remittable_vnd"


def upgrade() -> None:
    for table in ("lots", "postings"):
        for name in MEASURES:
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    grant(f"UPDATE ({', '.join(MEASURES)})", "lots")
    op.add_column("entries", sa.Column("against", sa.Uuid))
    op.create_index(
        "ix_entries_against", "entries", ["against"], postgresql_where=sa.text("against IS NOT NULL")
    )
    replace_check("entries", "kind", f"kind IN {KINDS}")
    op.create_check_constraint(
        op.f("ck_entries_against"),
        "entries",
        "kind IN ('reversal', 'correction') OR (kind IN ('recovery', 'remittance')) = (against IS NOT NULL)",
    )
    replace_check("lots", "not_negative", f"LEAST({', '.join((*EARLIER_MEASURES, *MEASURES))}) >= 0")
    replace_check("lots", "within_available", f"{SPENT} <= {AVAILABLE}")
    replace_check("lots", "promised_within_left", f"{SPENT} + reserved_vnd <= {AVAILABLE}")
