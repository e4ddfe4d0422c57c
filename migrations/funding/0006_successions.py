"""Money of units that ended, which passes to the units that answer.

No code for an earlier revision runs on it: it does not know this kind.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant, replace_check

revision = "funding_0006"
down_revision = "funding_0005"
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
    "succession",
    "reversal",
    "correction",
)
MEASURES = ("succeeded_in_vnd", "succeeded_out_vnd")
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
    "recovered_vnd",
    "remittable_vnd",
    "remitted_vnd",
    "confirmed_recovered_vnd",
    "confirmed_remittable_vnd",
    "confirmed_remitted_vnd",
)
AVAILABLE = (
    "opening_balance_vnd + allocated_vnd + carried_over_vnd + received_vnd - given_vnd - cancelled_vnd"
    " + succeeded_in_vnd - succeeded_out_vnd"
)
SPENT = "disbursed_vnd + carried_out_vnd + returned_vnd + remittable_vnd"


def upgrade() -> None:
    for table in ("lots", "postings"):
        for name in MEASURES:
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index(
        "ix_postings_succession",
        "postings",
        ["lot_id"],
        postgresql_where=sa.text("succeeded_in_vnd <> 0 OR succeeded_out_vnd <> 0"),
    )
    grant(f"UPDATE ({', '.join(MEASURES)})", "lots")
    replace_check("entries", "kind", f"kind IN {KINDS}")
    replace_check(
        "entries",
        "to_line",
        "num_nonnulls(to_component, to_unit) = 0"
        " OR kind IN ('sub_allocation', 'transfer', 'succession', 'reversal', 'correction')",
    )
    replace_check("lots", "not_negative", f"LEAST({', '.join((*EARLIER_MEASURES, *MEASURES))}) >= 0")
    replace_check("lots", "within_available", f"{SPENT} <= {AVAILABLE}")
    replace_check("lots", "promised_within_left", f"{SPENT} + reserved_vnd <= {AVAILABLE}")
