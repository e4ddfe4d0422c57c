"""The figures that the programs have."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "oversight_0003"
down_revision = "oversight_0002"
compatible_from = "oversight_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "program_figures",
        sa.Column("program", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", "code", name=op.f("pk_program_figures")),
    )
    grant("SELECT, INSERT", "program_figures")
