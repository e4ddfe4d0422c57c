"""Further senders of a file that is kept, and the reports that name it."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "reporting_0003"
down_revision = "reporting_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_senders",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "client_id", name="pk_evidence_senders"),
        sa.ForeignKeyConstraint(["sha256"], ["evidence_files.sha256"], name="fk_evidence_senders_sha256"),
    )
    grant("SELECT, INSERT", "evidence_senders")
    op.create_index(
        "ix_reports_evidence",
        "reports",
        ["evidence"],
        postgresql_using="gin",
        postgresql_ops={"evidence": "jsonb_path_ops"},
        postgresql_where=sa.text("evidence <> '[]'::jsonb"),
    )
