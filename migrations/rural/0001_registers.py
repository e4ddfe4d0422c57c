"""Recognitions with their revocations, and the evaluations of OCOP products."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "rural_0001"
down_revision = None
branch_labels = None
depends_on = None


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def day(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.Date, nullable=False)


def recorded() -> "list[sa.Column[object]]":
    return [words("client_id"), sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False)]


def placed() -> "list[sa.Column[object]]":
    return [words("land"), day("land_since"), sa.Column("line", sa.ARRAY(sa.Text), nullable=False)]


def upgrade() -> None:
    recognitions()
    revocations()
    ocop_evaluations()


def recognitions() -> None:
    op.create_table(
        "recognitions",
        sa.Column("id", sa.Uuid, nullable=False),
        words("unit"),
        words("unit_level"),
        *placed(),
        words("level"),
        words("field", nullable=True),
        words("criteria_set"),
        words("decision_number"),
        day("decision_date"),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("exceptions", sa.ARRAY(sa.Text), nullable=False),
        words("exception_reason", nullable=True),
        *recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognitions")),
        sa.UniqueConstraint(
            "unit",
            "level",
            "criteria_set",
            "decision_number",
            "decision_date",
            name=op.f("uq_recognitions_decision"),
        ),
        sa.CheckConstraint("level IN ('meets', 'advanced', 'model')", name=op.f("ck_recognitions_level")),
        sa.CheckConstraint("unit_level IN ('commune', 'village')", name=op.f("ck_recognitions_unit_level")),
        sa.CheckConstraint(
            "land = left(unit, 5) AND unit = ANY (line) AND land = ANY (line)",
            name=op.f("ck_recognitions_line"),
        ),
        sa.CheckConstraint(
            "(exceptions = '{}') = (exception_reason IS NULL)",
            name=op.f("ck_recognitions_exception_has_reason"),
        ),
        sa.CheckConstraint(
            "decision_date >= make_date(year, 1, 1)", name=op.f("ck_recognitions_decided_after_year_began")
        ),
    )
    op.create_index("ix_recognitions_newest", "recognitions", ["recorded_at", "id"])
    op.create_index("ix_recognitions_land", "recognitions", ["land", "level"])
    grant("SELECT, INSERT", "recognitions")


def revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("recognition_id", sa.Uuid, nullable=False),
        words("decision_number"),
        day("decision_date"),
        words("reason"),
        *recorded(),
        sa.PrimaryKeyConstraint("recognition_id", name=op.f("pk_revocations")),
        sa.ForeignKeyConstraint(
            ["recognition_id"], ["recognitions.id"], name=op.f("fk_revocations_recognition_id")
        ),
    )
    grant("SELECT, INSERT", "revocations")


def ocop_evaluations() -> None:
    op.create_table(
        "ocop_evaluations",
        sa.Column("id", sa.Uuid, nullable=False),
        words("code"),
        words("name"),
        words("unit"),
        *placed(),
        words("owner_kind"),
        sa.Column("product_group", sa.SmallInteger, nullable=False),
        sa.Column("stars", sa.SmallInteger, nullable=False),
        sa.Column("score", sa.Numeric(5, 2), nullable=False),
        sa.Column("score_parts", sa.ARRAY(sa.Numeric(5, 2))),
        sa.Column("potential_five_star", sa.Boolean, nullable=False),
        words("decision_number"),
        day("decision_date"),
        *recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ocop_evaluations")),
        sa.UniqueConstraint("code", "decision_date", name=op.f("uq_ocop_evaluations_product")),
        sa.CheckConstraint(
            "owner_kind IN ('cooperative', 'enterprise', 'household')",
            name=op.f("ck_ocop_evaluations_owner_kind"),
        ),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ocop_evaluations_stars")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_ocop_evaluations_score")),
        sa.CheckConstraint(
            "NOT potential_five_star OR stars = 4", name=op.f("ck_ocop_evaluations_potential_has_four_stars")
        ),
        sa.CheckConstraint("land = unit AND unit = ANY (line)", name=op.f("ck_ocop_evaluations_line")),
        sa.CheckConstraint("cardinality(score_parts) = 3", name=op.f("ck_ocop_evaluations_three_parts")),
    )
    op.create_index("ix_ocop_evaluations_newest", "ocop_evaluations", ["recorded_at", "id"])
    grant("SELECT, INSERT", "ocop_evaluations")
