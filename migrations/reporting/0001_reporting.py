"""Reports, observations, standings, reviews, roll-ups and targets; history partitioned by year."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant, yearly_partitions

revision = "reporting_0001"
down_revision = None
branch_labels = None
depends_on = None

FIRST_YEAR, LAST_YEAR = 2016, 2036
BASES = "basis IN ('accepted', 'provisional')"


def instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def upgrade() -> None:
    reports()
    observations()
    standings()
    reviews()
    roll_ups()
    targets()
    go_lives()
    evidence_files()
    publications()


def reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        words("unit"),
        words("period"),
        words("form"),
        words("state"),
        words("client_id"),
        instant("received_at"),
        instant("state_at"),
        words("content_sha256"),
        words("receipt_code"),
        sa.Column("supersedes", sa.Uuid),
        sa.Column("nil", sa.Boolean, nullable=False),
        words("note", nullable=True),
        sa.Column("document", JSONB),
        sa.Column("evidence", JSONB, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("receipt_code", name="uq_reports_receipt_code"),
        sa.ForeignKeyConstraint(["supersedes"], ["reports.id"], name="fk_reports_supersedes"),
        sa.CheckConstraint(
            "state IN ('submitted', 'accepted', 'returned', 'withdrawn', 'superseded')",
            name=op.f("ck_reports_state"),
        ),
        sa.CheckConstraint("content_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_reports_content_sha256")),
    )
    op.create_index("ix_reports_unit_period", "reports", ["period", "unit", "form"])
    op.create_index("ix_reports_newest", "reports", ["received_at", "id"])
    op.create_index(
        "uq_reports_pending",
        "reports",
        ["unit", "period", "form"],
        unique=True,
        postgresql_where=sa.text("state = 'submitted'"),
    )
    grant("SELECT, INSERT, UPDATE (state, state_at)", "reports")


def observations() -> None:
    op.create_table(
        "observations",
        sa.Column("year", sa.SmallInteger, nullable=False),
        words("period"),
        words("unit"),
        words("indicator"),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("value", sa.Numeric(18, 6), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("covers", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("year", "period", "unit", "indicator", "report_id", name="pk_observations"),
        sa.CheckConstraint("status BETWEEN 0 AND 2", name=op.f("ck_observations_status")),
        sa.CheckConstraint("covers >= 1", name=op.f("ck_observations_covers")),
        postgresql_partition_by="RANGE (year)",
    )
    yearly_partitions("observations", FIRST_YEAR, LAST_YEAR)
    op.create_index("ix_observations_report", "observations", ["report_id"])
    grant("SELECT, INSERT", "observations")


def standings() -> None:
    op.create_table(
        "standings",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("basis"),
        sa.Column("year", sa.SmallInteger, nullable=False),
        words("period"),
        words("unit"),
        words("form"),
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("nil", sa.Boolean, nullable=False),
        instant("received_at"),
        instant("since"),
        instant("until", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_standings"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_standings_report_id"),
        sa.CheckConstraint(BASES, name=op.f("ck_standings_basis")),
        sa.CheckConstraint("until > since", name=op.f("ck_standings_until_after_since")),
    )
    op.create_index("ix_standings_period", "standings", ["period", "basis", "until"])
    op.create_index("ix_standings_nil", "standings", ["period", "basis"], postgresql_where=sa.text("nil"))
    op.create_index("ix_standings_report_id", "standings", ["report_id"])
    op.create_index(
        "uq_standings_one",
        "standings",
        ["basis", "unit", "period", "form"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    grant("SELECT, INSERT, UPDATE (until)", "standings")


def reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("report_id", sa.Uuid, nullable=False),
        words("action"),
        words("client_id"),
        instant("at"),
        words("reason", nullable=True),
        words("step", nullable=True),
        words("content_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_reviews_report_id"),
        sa.CheckConstraint(
            "action IN ('submitted', 'accepted', 'returned', 'withdrawn', 'superseded', 'passed')",
            name=op.f("ck_reviews_action"),
        ),
        sa.CheckConstraint("(action = 'passed') = (step IS NOT NULL)", name=op.f("ck_reviews_step")),
    )
    op.create_index("ix_reviews_report_id", "reviews", ["report_id"])
    grant("SELECT, INSERT", "reviews")


def roll_ups() -> None:
    op.create_table(
        "roll_ups",
        sa.Column("year", sa.SmallInteger, nullable=False),
        words("period"),
        words("basis"),
        words("unit"),
        words("measure"),
        sa.Column("value", sa.Numeric(24, 6), nullable=False),
        sa.Column("covers", sa.Integer, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        instant("oldest_at"),
        instant("newest_at"),
        sa.PrimaryKeyConstraint("year", "period", "basis", "unit", "measure", name="pk_roll_ups"),
        sa.CheckConstraint(BASES, name=op.f("ck_roll_ups_basis")),
        postgresql_partition_by="RANGE (year)",
    )
    yearly_partitions("roll_ups", FIRST_YEAR, LAST_YEAR)
    grant("SELECT, INSERT, UPDATE, DELETE", "roll_ups")


def targets() -> None:
    op.create_table(
        "targets",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("period"),
        words("unit"),
        words("indicator"),
        sa.Column("value", sa.Numeric(18, 6), nullable=False),
        words("decision_number"),
        sa.Column("decision_date", sa.Date, nullable=False),
        words("client_id"),
        instant("set_at"),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
    )
    op.create_index("ix_targets_unit", "targets", ["period", "unit", "indicator", "id"])
    grant("SELECT, INSERT", "targets")


def go_lives() -> None:
    op.create_table(
        "go_lives",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("unit"),
        sa.Column("live_on", sa.Date, nullable=False),
        words("client_id"),
        instant("set_at"),
        sa.PrimaryKeyConstraint("id", name="pk_go_lives"),
    )
    op.create_index("ix_go_lives_unit", "go_lives", ["unit", "id"])
    grant("SELECT, INSERT", "go_lives")


def evidence_files() -> None:
    op.create_table(
        "evidence_files",
        words("sha256"),
        words("media_type"),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        words("client_id"),
        instant("kept_at"),
        sa.PrimaryKeyConstraint("sha256", name="pk_evidence_files"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_evidence_files_sha256")),
    )
    grant("SELECT, INSERT", "evidence_files")


def publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.Uuid, nullable=False),
        words("name"),
        words("period"),
        words("unit"),
        words("basis"),
        instant("as_of"),
        words("document_number"),
        sa.Column("document_date", sa.Date, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        words("client_id"),
        instant("published_at"),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.UniqueConstraint("unit", "period", "name", name="uq_publications_name"),
        sa.CheckConstraint(BASES, name=op.f("ck_publications_basis")),
    )
    op.create_index("ix_publications_newest", "publications", ["published_at", "id"])
    grant("SELECT, INSERT", "publications")
