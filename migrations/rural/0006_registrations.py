"""Registrations to meet a standard, and their steps. Code for an earlier revision runs on it and does not read them."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "rural_0006"
down_revision = "rural_0005"
branch_labels = None
depends_on = None
compatible_from = "rural_0004"


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("land", sa.Text, nullable=False),
        sa.Column("land_since", sa.Date, nullable=False),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_level", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("criteria_set", sa.Text, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("decision_number", sa.Text, nullable=False),
        sa.Column("decision_date", sa.Date, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("unit", "land_since", "criteria_set", "year", name=op.f("uq_registrations_year")),
        sa.CheckConstraint("level IN ('meets', 'advanced', 'model')", name=op.f("ck_registrations_level")),
        sa.CheckConstraint("unit_level IN ('commune', 'village')", name=op.f("ck_registrations_unit_level")),
        sa.CheckConstraint(
            "land = left(unit, 5) AND unit = ANY (line) AND land = ANY (line)",
            name=op.f("ck_registrations_line"),
        ),
    )
    op.create_index("ix_registrations_newest", "registrations", ["recorded_at", "id"])
    op.create_index("ix_registrations_year", "registrations", ["year", "level"])
    grant("SELECT, INSERT", "registrations")
    op.create_table(
        "registration_steps",
        sa.Column("registration_id", sa.Uuid, nullable=False),
        sa.Column("ordinal", sa.SmallInteger, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("document_number", sa.Text, nullable=False),
        sa.Column("taken_on", sa.Date, nullable=False),
        sa.Column("unmet", sa.ARRAY(sa.SmallInteger)),
        sa.Column("assessments", sa.ARRAY(sa.Uuid), nullable=False, server_default="{}"),
        sa.Column("overdue_debts_vnd", sa.BigInteger),
        sa.Column("residents_satisfied_percent", sa.Numeric(5, 2)),
        sa.Column("reason", sa.Text),
        sa.Column("exceptions", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("exception_reason", sa.Text),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("registration_id", "ordinal", name=op.f("pk_registration_steps")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_steps_registration_id")
        ),
        sa.CheckConstraint(
            "step IN ('assessed', 'submitted', 'not_recognized', 'withdrawn')",
            name=op.f("ck_registration_steps_step"),
        ),
        sa.CheckConstraint(
            "(step = 'assessed') = (overdue_debts_vnd IS NOT NULL AND residents_satisfied_percent IS NOT NULL)",
            name=op.f("ck_registration_steps_assessed_with_result"),
        ),
        sa.CheckConstraint(
            "(step IN ('not_recognized', 'withdrawn')) = (reason IS NOT NULL)",
            name=op.f("ck_registration_steps_ended_with_reason"),
        ),
        sa.CheckConstraint("overdue_debts_vnd >= 0", name=op.f("ck_registration_steps_overdue_debts_vnd")),
        sa.CheckConstraint(
            "residents_satisfied_percent BETWEEN 0 AND 100",
            name=op.f("ck_registration_steps_residents_satisfied_percent"),
        ),
        sa.CheckConstraint(
            "(exceptions = '{}') = (exception_reason IS NULL)",
            name=op.f("ck_registration_steps_exception_has_reason"),
        ),
    )
    grant("SELECT, INSERT", "registration_steps")
