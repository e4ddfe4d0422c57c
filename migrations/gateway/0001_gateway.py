"""Clients, their secrets, signing keys, and the audit of who changed them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.ddl import grant

revision = "gateway_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("programs", ARRAY(sa.Text), nullable=False),
        sa.Column("units", ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_clients")),
        sa.CheckConstraint(
            "client_id ~ '^[a-z0-9][a-z0-9._-]{1,62}$'", name=op.f("ck_clients_client_id_shape")
        ),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_clients_some_scope")),
        sa.CheckConstraint("disabled_at >= created_at", name=op.f("ck_clients_disabled_after")),
    )
    op.create_index("ix_clients_created_at_client_id", "clients", ["created_at", "client_id"])

    op.create_table(
        "client_secrets",
        sa.Column("secret_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("secret_hmac", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("secret_id", name=op.f("pk_client_secrets")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.client_id"], name=op.f("fk_client_secrets_client_id")
        ),
        sa.CheckConstraint("length(secret_hmac) = 32", name=op.f("ck_client_secrets_hmac_length")),
    )
    op.create_index("ix_client_secrets_client_id", "client_secrets", ["client_id"])

    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("public", JSONB, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signs_from", sa.DateTime(timezone=True)),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_keys")),
        sa.CheckConstraint("NOT public ? 'd'", name=op.f("ck_signing_keys_public_only")),
        sa.CheckConstraint(
            "retired_at IS NULL OR signs_from IS NOT NULL", name=op.f("ck_signing_keys_retired_after_signing")
        ),
    )

    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )

    grant("SELECT, INSERT, UPDATE (disabled_at)", "clients")
    grant("SELECT, INSERT, UPDATE (expires_at)", "client_secrets")
    grant("SELECT, INSERT, UPDATE (signs_from, retired_at)", "signing_keys")
    grant("SELECT, INSERT", "audit")
