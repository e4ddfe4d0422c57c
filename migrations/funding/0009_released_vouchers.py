"""The claim of a voucher is released by a function, and only where no entry has it: the role of the service deletes none."""

from alembic import op

from migrations.ddl import runner

revision = "funding_0009"
down_revision = "funding_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION release_vouchers(keys text[]) RETURNS void
        LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
            DELETE FROM vouchers
            WHERE key = ANY (keys) AND NOT EXISTS (SELECT FROM entries WHERE entries.id = vouchers.entry_id)
        $$
        """
    )
    op.execute("REVOKE EXECUTE ON FUNCTION release_vouchers(text[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION release_vouchers(text[]) TO {runner()}")
    op.execute(f"REVOKE DELETE ON vouchers FROM {runner()}")
