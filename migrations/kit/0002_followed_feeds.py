"""The positions up to which the feeds of other services were read."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "kit_0002"
down_revision = "kit_0001"
branch_labels = None
depends_on = None


def instant(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "followed_feeds",
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("life", sa.SmallInteger, nullable=False),
        instant("begun_at", nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        instant("change_at"),
        sa.Column("newest", sa.BigInteger, nullable=False),
        instant("heard_at"),
        instant("reached_at"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text),
        sa.PrimaryKeyConstraint("feed", "life", name=op.f("pk_followed_feeds")),
        sa.CheckConstraint(
            "state IN ('following', 'silent', 'refused', 'rewound', 'stuck')",
            name=op.f("ck_followed_feeds_state"),
        ),
        sa.CheckConstraint("(sequence = 0) = (change_at IS NULL)", name=op.f("ck_followed_feeds_anchored")),
    )
    grant("SELECT, INSERT, UPDATE", "followed_feeds")
