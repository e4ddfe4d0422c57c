"""Revocations: ids of grants, revoked tokens and keys; administrators of everything."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "gateway_0004"
down_revision = "gateway_0003"
branch_labels = None
depends_on = None
compatible_from = "gateway_0003"


def upgrade() -> None:
    op.add_column(
        "clients", sa.Column("grant_id", sa.Uuid, nullable=False, server_default=sa.text("gen_random_uuid()"))
    )
    op.add_column(
        "clients", sa.Column("holds_all", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.execute(
        """
        UPDATE clients SET holds_all = true
        WHERE 'admin' = ANY (scopes) AND EXISTS (
            SELECT FROM audit WHERE act = 'client.created' AND subject = client_id AND actor = 'operator'
        )
        """
    )
    op.add_column("signing_keys", sa.Column("revoked_at", sa.DateTime(timezone=True)))
    op.create_table(
        "revocations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocations")),
    )
    grant("UPDATE (grant_id)", "clients")
    grant("UPDATE (revoked_at)", "signing_keys")
    grant("SELECT, INSERT, DELETE", "revocations")
