"""Grants of units with the day of the unit that they name, and their history.

A grant of 0.1.0 is a code: it names the latest unit that bore the code on or before the day on which the client was created.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_grants",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_grants")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name=op.f("fk_unit_grants_client_id")),
        sa.UniqueConstraint(
            "client_id",
            "unit",
            "valid_from",
            name=op.f("uq_unit_grants_client_id_unit_valid_from"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(
        """
        INSERT INTO unit_grants (client_id, unit, valid_from, granted_at, granted_by)
        SELECT client_id, granted.unit,
               (SELECT max(units.valid_from) FROM units
                WHERE units.code = granted.unit
                  AND units.valid_from <= (clients.created_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date),
               created_at, 'migration'
        FROM clients, unnest(clients.units) WITH ORDINALITY AS granted (unit, ordinal)
        ORDER BY created_at, client_id, granted.ordinal
        """
    )
    grant("SELECT, INSERT", "unit_grants")
