"""A report that was put back, because what had replaced it was withdrawn, has a review that says so."""

from alembic import op

revision = "reporting_0007"
down_revision = "reporting_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_reviews_action"), "reviews")
    op.create_check_constraint(
        op.f("ck_reviews_action"),
        "reviews",
        "action IN ('submitted', 'accepted', 'returned', 'withdrawn', 'superseded', 'passed', 'reinstated')",
    )
