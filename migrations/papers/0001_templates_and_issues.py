"""Templates of documents, issued documents, and their files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.ddl import grant

revision = "papers_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("content", postgresql.JSONB, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint("code", "sha256", name=op.f("uq_templates_code_sha256")),
    )
    op.create_index("ix_templates_code_recorded_at", "templates", ["code", "recorded_at"])
    op.create_table(
        "issues",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("template_version", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vintage", sa.Uuid, nullable=False),
        sa.Column("document_number", sa.Text, nullable=False),
        sa.Column("document_date", sa.Date, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_issues_sha256")),
    )
    op.create_index("ix_issues_unit_period", "issues", ["unit", "period", "issued_at"])
    op.create_table(
        "issue_files",
        sa.Column("issue", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("issue", "kind", name=op.f("pk_issue_files")),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_issue_files_issue")),
        sa.CheckConstraint("kind IN ('docx', 'pdf', 'xlsx')", name=op.f("ck_issue_files_kind")),
    )
    grant("SELECT, INSERT", "templates", "issues", "issue_files")
