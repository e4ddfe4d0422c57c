"""Recognitions heard from the new rural program, and what ended them."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "ethnic_0002"
down_revision = "ethnic_0001"
branch_labels = None
depends_on = None


def words(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=False)


def day(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Date, nullable=False)


def heard(identity: str) -> "list[sa.Column[object]]":
    """The columns of every row received from a feed: which, in which life of the feed, by which change, and when."""
    return [
        sa.Column(identity, sa.Uuid, nullable=False),
        sa.Column("life", sa.SmallInteger, nullable=False),
        words("decision_number"),
        day("decision_date"),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "recognitions",
        *heard("id"),
        words("unit"),
        words("land"),
        day("land_since"),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        words("level"),
        sa.PrimaryKeyConstraint("id", "life", name=op.f("pk_recognitions")),
        sa.CheckConstraint("land = unit AND unit = ANY (line)", name=op.f("ck_recognitions_line")),
    )
    op.create_index("ix_recognitions_newest", "recognitions", ["recorded_at", "id"])
    op.create_index("ix_recognitions_land", "recognitions", ["land", "decision_date"])
    op.create_table(
        "revocations",
        *heard("recognition_id"),
        sa.PrimaryKeyConstraint("recognition_id", "life", name=op.f("pk_revocations")),
        sa.ForeignKeyConstraint(
            ["recognition_id", "life"],
            ["recognitions.id", "recognitions.life"],
            name=op.f("fk_revocations_recognition_id_life"),
        ),
    )
    grant("SELECT, INSERT", "recognitions", "revocations")
