"""Lists of classifications, days of effect of recognitions, reviews of exits, and completions of projects.

A recognition that was received before this revision takes effect on the day of its decision. Code for an earlier revision
does not write the new columns of recognitions, so it does not run on it.
"""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant, replace_check

revision = "ethnic_0004"
down_revision = "ethnic_0003"
branch_labels = None
depends_on = None


def words(name: str, *, nullable: bool = False, default: str | None = None) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable, server_default=default)


def day(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Date, nullable=nullable)


def register_columns() -> "list[sa.Column[object]]":
    """Return the columns that every row of a register has."""
    return [
        sa.Column("id", sa.Uuid, nullable=False),
        words("unit"),
        words("land"),
        day("land_since"),
        sa.Column("line", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        words("client_id"),
    ]


def upgrade() -> None:
    create_lists()
    extend_classifications()
    add_days_of_effect()
    create_exit_reviews()
    create_completions()
    grant(
        "SELECT, INSERT", "classification_lists", "exit_reviews", "project_completions", "completion_reports"
    )


def create_lists() -> None:
    op.create_table(
        "classification_lists",
        *register_columns(),
        words("kind"),
        words("level"),
        words("law"),
        sa.Column("whole", sa.Boolean, nullable=False),
        words("decision_number"),
        words("decision_key"),
        day("decision_date"),
        day("effective_on"),
        day("ends_on", nullable=True),
        sa.Column("period_first", sa.SmallInteger),
        sa.Column("period_last", sa.SmallInteger),
        sa.Column("row_count", sa.Integer, nullable=False),
        words("content_sha256"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classification_lists")),
        sa.UniqueConstraint(
            "unit",
            "kind",
            "level",
            "effective_on",
            "decision_key",
            "decision_date",
            name=op.f("uq_classification_lists_decision"),
        ),
        sa.CheckConstraint("unit = ANY (line)", name=op.f("ck_classification_lists_line")),
        sa.CheckConstraint("ends_on >= effective_on", name=op.f("ck_classification_lists_ends")),
    )
    op.create_index("ix_classification_lists_newest", "classification_lists", ["recorded_at", "id"])


def extend_classifications() -> None:
    for column in (
        words("kind", default="region"),
        sa.Column("listed", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("list_id", sa.Uuid),
        sa.Column("row_number", sa.Integer, nullable=False, server_default="0"),
        words("law", nullable=True),
        day("ends_on", nullable=True),
        words("ethnic_group", default=""),
        words("commune_region", nullable=True),
        sa.Column("households", sa.Integer),
        sa.Column("em_households", sa.Integer),
        sa.Column("em_persons", sa.Integer),
    ):
        op.add_column("classifications", column)
    op.create_foreign_key(
        op.f("fk_classifications_list_id"), "classifications", "classification_lists", ["list_id"], ["id"]
    )
    replace_check("classifications", "line", "land = ANY (line) AND unit = ANY (line)")
    op.drop_constraint(op.f("uq_classifications_decision"), "classifications", type_="unique")
    op.create_unique_constraint(
        op.f("uq_classifications_decision"),
        "classifications",
        ["unit", "kind", "ethnic_group", "effective_on", "decision_key", "decision_date", "list_id"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_classifications_list", "classifications", ["list_id", "row_number"])


def add_days_of_effect() -> None:
    for table in ("recognitions", "revocations"):
        op.add_column(table, day("effective_on", nullable=True))
        op.execute(f"UPDATE {table} SET effective_on = decision_date")
        op.alter_column(table, "effective_on", nullable=False)
    op.add_column("recognitions", words("unit_level", default="commune"))
    replace_check("recognitions", "line", "land = ANY (line) AND unit = ANY (line)")


def create_exit_reviews() -> None:
    op.create_table(
        "exit_reviews",
        *register_columns(),
        day("left_on"),
        words("ground"),
        words("verdict"),
        words("reason"),
        words("decision_number"),
        day("decision_date"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_reviews")),
        sa.CheckConstraint("verdict IN ('confirmed', 'rejected')", name=op.f("ck_exit_reviews_verdict")),
        sa.CheckConstraint("land = ANY (line) AND unit = ANY (line)", name=op.f("ck_exit_reviews_line")),
    )
    op.create_index("ix_exit_reviews_newest", "exit_reviews", ["recorded_at", "id"])
    op.create_index("ix_exit_reviews_unit", "exit_reviews", ["unit", "left_on"])


def create_completions() -> None:
    op.create_table(
        "project_completions",
        *register_columns(),
        words("component"),
        words("project"),
        words("project_key"),
        day("ended_on"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_completions")),
        sa.UniqueConstraint(
            "unit", "component", "project_key", "ended_on", name=op.f("uq_project_completions_project")
        ),
        sa.CheckConstraint(
            "land = ANY (line) AND unit = ANY (line)", name=op.f("ck_project_completions_line")
        ),
    )
    op.create_index("ix_project_completions_newest", "project_completions", ["recorded_at", "id"])
    op.create_table(
        "completion_reports",
        sa.Column("completion_id", sa.Uuid, nullable=False),
        words("document_number"),
        day("document_date"),
        words("client_id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_completion_reports")),
        sa.ForeignKeyConstraint(
            ["completion_id"],
            ["project_completions.id"],
            name=op.f("fk_completion_reports_completion_id"),
        ),
    )
