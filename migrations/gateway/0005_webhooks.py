"""Webhooks: subscriptions, their positions in the feeds, and their secrets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None
compatible_from = "gateway_0003"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("services", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("paused_at", INSTANT),
        sa.Column("pause_reason", sa.Text),
        sa.Column("failing_since", INSTANT),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("last_attempt_at", INSTANT),
        sa.Column("last_error", sa.Text),
        sa.Column("delivered", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("delivered_at", INSTANT),
        sa.Column("test_id", sa.Uuid),
        sa.Column("test_result", JSONB),
        sa.Column("lease_id", sa.Uuid),
        sa.Column("leased_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name=op.f("fk_webhooks_client_id")),
        sa.CheckConstraint("url LIKE 'https://%'", name=op.f("ck_webhooks_https_only")),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (pause_reason IS NULL)", name=op.f("ck_webhooks_paused_with_reason")
        ),
        sa.CheckConstraint(
            "failures >= 0 AND (failures = 0) = (failing_since IS NULL)",
            name=op.f("ck_webhooks_failing_since"),
        ),
    )
    op.create_index("ix_webhooks_client_id_created_at", "webhooks", ["client_id", "created_at", "id"])
    op.create_table(
        "webhook_positions",
        sa.Column("webhook_id", sa.Uuid, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", "service", name=op.f("pk_webhook_positions")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_positions_webhook_id")
        ),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_webhook_positions_not_negative")),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("webhook_id", sa.Uuid, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_secrets_webhook_id")),
    )
    op.create_index("ix_webhook_secrets_webhook_id", "webhook_secrets", ["webhook_id"])
    for table in ("webhooks", "webhook_positions", "webhook_secrets"):
        grant("SELECT, INSERT, UPDATE", table)
