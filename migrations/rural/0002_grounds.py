"""Grounds of recognizing again and of revoking, the assessment behind a recognition, and owners of products by name."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "rural_0002"
down_revision = "rural_0001"
branch_labels = None
depends_on = None


def none_of(name: str, of: "type[sa.types.TypeEngine[Any]]") -> "sa.Column[object]":
    """A list that is empty in the rows of before."""
    return sa.Column(name, sa.ARRAY(of), nullable=False, server_default="{}")


def upgrade() -> None:
    op.add_column("recognitions", sa.Column("grounds", sa.Text))
    op.add_column("recognitions", none_of("assessments", sa.Uuid))
    op.add_column("revocations", none_of("unmet", sa.SmallInteger))
    op.add_column("revocations", none_of("exceptions", sa.Text))
    op.add_column("revocations", sa.Column("exception_reason", sa.Text))
    op.create_check_constraint(
        op.f("ck_revocations_exception_has_reason"),
        "revocations",
        "(exceptions = '{}') = (exception_reason IS NULL)",
    )
    op.add_column("ocop_evaluations", sa.Column("owner_name", sa.Text))
    op.create_check_constraint(
        op.f("ck_ocop_evaluations_household_unnamed"),
        "ocop_evaluations",
        "owner_kind <> 'household' OR owner_name IS NULL",
    )
