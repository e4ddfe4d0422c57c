"""Reports of other programs, as their change feeds announce them, and the values that bounds of the catalogue compare with."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "reporting_0013"
down_revision = "reporting_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "received_reports",
        sa.Column("program", sa.Text, nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("life", sa.SmallInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("values_read", sa.Text),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", "report_id", name="pk_received_reports"),
        sa.CheckConstraint(
            "state IN ('submitted', 'accepted', 'returned', 'withdrawn', 'superseded')",
            name=op.f("ck_received_reports_state"),
        ),
    )
    op.create_index(
        "ix_received_reports_form", "received_reports", ["program", "form", "period", "unit", "state"]
    )
    op.create_table(
        "received_values",
        sa.Column("program", sa.Text, nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("indicator", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("value", sa.Numeric(18, 6), nullable=False),
        sa.PrimaryKeyConstraint("program", "report_id", "unit", "indicator", name="pk_received_values"),
        sa.ForeignKeyConstraint(
            ["program", "report_id"],
            ["received_reports.program", "received_reports.report_id"],
            name="fk_received_values_program_report_id",
        ),
    )
    op.create_index("ix_received_values_unit", "received_values", ["unit", "period"])
    grant("SELECT, INSERT, UPDATE", "received_reports")
    grant("SELECT, INSERT, DELETE", "received_values")
