"""A target may be a least value, a greatest value or a range."""

import sqlalchemy as sa
from alembic import op

revision = "reporting_0009"
down_revision = "reporting_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("targets", sa.Column("kind", sa.Text, nullable=False, server_default=sa.text("'value'")))
    op.add_column("targets", sa.Column("upper", sa.Numeric(18, 6)))
    op.create_check_constraint(
        op.f("ck_targets_kind"), "targets", "kind IN ('value', 'at_least', 'at_most', 'range')"
    )
    op.create_check_constraint(
        op.f("ck_targets_upper_of_range"), "targets", "(kind = 'range') = (upper IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_targets_upper_above_value"), "targets", "upper > value")
