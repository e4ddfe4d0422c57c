"""Taking the write order and reading the newest instant, in one round trip while everybody waits."""

from alembic import op

from migrations.ddl import runner

revision = "kit_0003"
down_revision = "kit_0002"
branch_labels = None
depends_on = None

WRITE_ORDER = 7_701
"""As in `shared/kit/change_feed.py`: the second key of the advisory lock, after the schema's own id."""


def upgrade() -> None:
    op.execute(
        f"""
        CREATE FUNCTION take_write_order(OUT latest timestamptz) LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(to_regnamespace(current_schema())::oid::int, {WRITE_ORDER});
            SELECT at INTO latest FROM changes ORDER BY sequence DESC LIMIT 1;
        END $$
        """
    )
    op.execute(f"GRANT EXECUTE ON FUNCTION take_write_order() TO {runner()}")
