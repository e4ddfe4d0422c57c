"""The balances of lots are added up by the database from the postings: the role of the service writes none.

It makes lots with balances of zero, and may update `row_lock` alone, which row locks need.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import runner

revision = "funding_0010"
down_revision = "funding_0009"
branch_labels = None
depends_on = None

MEASURES = (
    "assigned_vnd", "opening_balance_vnd", "allocated_vnd", "carried_over_vnd", "received_vnd", "given_vnd", "cancelled_vnd",
    "returned_vnd", "carried_out_vnd", "committed_vnd", "disbursed_vnd", "confirmed_vnd", "reserved_vnd", "recovered_vnd",
    "remittable_vnd", "remitted_vnd", "confirmed_recovered_vnd", "confirmed_remittable_vnd", "confirmed_remitted_vnd",
    "succeeded_in_vnd", "succeeded_out_vnd",
)  # fmt: skip
KEY = ("year", "program", "component", "capital", "source", "unit", "unit_since", "origin_year")


def upgrade() -> None:
    op.add_column("lots", sa.Column("row_lock", sa.SmallInteger, nullable=False, server_default="0"))
    op.execute(
        f"""
        CREATE FUNCTION add_postings_to_lots() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
        BEGIN
            UPDATE lots SET {", ".join(f"{name} = lots.{name} + added.{name}" for name in MEASURES)}
            FROM (
                SELECT lot_id, {", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)}
                FROM new_postings GROUP BY lot_id
            ) AS added
            WHERE lots.id = added.lot_id;
            RETURN NULL;
        END $$
        """
    )
    op.execute("REVOKE EXECUTE ON FUNCTION add_postings_to_lots() FROM PUBLIC")
    op.execute(
        """
        CREATE TRIGGER add_postings_to_lots AFTER INSERT ON postings
        REFERENCING NEW TABLE AS new_postings FOR EACH STATEMENT EXECUTE FUNCTION add_postings_to_lots()
        """
    )
    op.execute(f"REVOKE INSERT, UPDATE ON lots FROM {runner()}")
    op.execute(f"REVOKE UPDATE ({', '.join(MEASURES)}) ON lots FROM {runner()}")
    op.execute(f"GRANT INSERT ({', '.join(KEY)}), UPDATE (row_lock) ON lots TO {runner()}")
