"""Lots, entries and postings of the ledger; history partitioned by budget year."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant, yearly_partitions

revision = "funding_0001"
down_revision = None
branch_labels = None
depends_on = None

FIRST_YEAR, LAST_YEAR = 2016, 2036

MEASURES = (
    "assigned_vnd",
    "opening_balance_vnd",
    "allocated_vnd",
    "carried_over_vnd",
    "received_vnd",
    "given_vnd",
    "cancelled_vnd",
    "returned_vnd",
    "carried_out_vnd",
    "committed_vnd",
    "disbursed_vnd",
    "confirmed_vnd",
    "reserved_vnd",
)
AVAILABLE = (
    "opening_balance_vnd + allocated_vnd + carried_over_vnd + received_vnd - given_vnd - cancelled_vnd"
)
GONE = "disbursed_vnd + carried_out_vnd + returned_vnd"
KINDS = (
    "opening_balance",
    "assignment",
    "allocation",
    "supplement",
    "sub_allocation",
    "transfer",
    "cancellation",
    "return",
    "carry_over",
    "commitment",
    "disbursement",
    "confirmation",
    "reversal",
)
CAPITALS = "capital IN ('investment', 'recurrent')"


def words(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.Text, nullable=nullable)


def year(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.SmallInteger, nullable=nullable)


def upgrade() -> None:
    lots()
    entries()
    postings()
    vouchers()
    blocks()
    projects()


def lots() -> None:
    op.create_table(
        "lots",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        year("year"),
        words("program"),
        words("component", nullable=True),
        words("capital"),
        words("source"),
        words("unit"),
        sa.Column("unit_since", sa.Date, nullable=False),
        year("origin_year"),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0")) for name in MEASURES),
        sa.PrimaryKeyConstraint("id", name="pk_lots"),
        sa.UniqueConstraint(
            "year",
            "program",
            "component",
            "capital",
            "source",
            "unit",
            "unit_since",
            "origin_year",
            name="uq_lots_key",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(CAPITALS, name=op.f("ck_lots_capital")),
        sa.CheckConstraint("origin_year <= year", name=op.f("ck_lots_origin_year")),
        sa.CheckConstraint(f"LEAST({', '.join(MEASURES)}) >= 0", name=op.f("ck_lots_not_negative")),
        sa.CheckConstraint(f"{GONE} <= {AVAILABLE}", name=op.f("ck_lots_within_available")),
        sa.CheckConstraint(
            f"{GONE} + reserved_vnd <= {AVAILABLE}",
            name=op.f("ck_lots_promised_within_left"),
        ),
    )
    grant("SELECT, INSERT", "lots")
    grant(f"UPDATE ({', '.join(MEASURES)})", "lots")


def entries() -> None:
    op.create_table(
        "entries",
        year("year"),
        sa.Column("id", sa.Uuid, nullable=False, server_default=sa.text("uuidv7()")),
        sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("kind"),
        year("to_year", nullable=True),
        words("program"),
        words("component", nullable=True),
        words("capital"),
        words("source"),
        words("unit"),
        words("to_component", nullable=True),
        words("to_unit", nullable=True),
        year("origin_year", nullable=True),
        sa.Column("amount_vnd", sa.BigInteger, nullable=False),
        words("decision_number", nullable=True),
        sa.Column("decision_date", sa.Date),
        words("voucher_source", nullable=True),
        words("voucher_number", nullable=True),
        words("in_kind_form", nullable=True),
        sa.Column("in_kind_quantity", sa.Numeric(15, 3)),
        words("in_kind_unit_of_measure", nullable=True),
        sa.Column("deadline", sa.Date),
        sa.Column("effective_on", sa.Date, nullable=False),
        words("note", nullable=True),
        words("client_id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses", sa.Uuid),
        words("project", nullable=True),
        sa.Column("batch", sa.Uuid),
        sa.PrimaryKeyConstraint("year", "id", name="pk_entries"),
        sa.UniqueConstraint("year", "reverses", name="uq_entries_reverses"),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_entries_kind")),
        sa.CheckConstraint(CAPITALS, name=op.f("ck_entries_capital")),
        sa.CheckConstraint("amount_vnd > 0", name=op.f("ck_entries_amount")),
        sa.CheckConstraint("to_year = year + 1", name=op.f("ck_entries_to_year")),
        sa.CheckConstraint(
            "num_nonnulls(to_component, to_unit) = 0 OR kind IN ('sub_allocation', 'transfer', 'reversal')",
            name=op.f("ck_entries_to_line"),
        ),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_entries_reverses")),
        sa.CheckConstraint(
            "num_nonnulls(decision_number, decision_date) IN (0, 2)", name=op.f("ck_entries_decision")
        ),
        sa.CheckConstraint(
            "num_nonnulls(in_kind_form, in_kind_quantity, in_kind_unit_of_measure) IN (0, 3)",
            name=op.f("ck_entries_in_kind"),
        ),
        sa.CheckConstraint(
            "deadline IS NULL OR kind IN ('carry_over', 'reversal')", name=op.f("ck_entries_deadline")
        ),
        sa.CheckConstraint(
            "num_nonnulls(voucher_source, voucher_number) IN (0, 2)", name=op.f("ck_entries_voucher")
        ),
        postgresql_partition_by="RANGE (year)",
    )
    op.create_index("ix_entries_id", "entries", ["id"])
    op.create_index("ix_entries_sequence", "entries", ["sequence"])
    op.create_index(
        "ix_entries_project", "entries", ["project"], postgresql_where=sa.text("project IS NOT NULL")
    )
    op.create_index("ix_entries_batch", "entries", ["batch"], postgresql_where=sa.text("batch IS NOT NULL"))
    op.create_index(
        "ix_entries_voucher",
        "entries",
        ["voucher_number"],
        postgresql_where=sa.text("voucher_number IS NOT NULL"),
    )
    yearly_partitions("entries", FIRST_YEAR, LAST_YEAR)
    grant("SELECT, INSERT", "entries")


def postings() -> None:
    op.create_table(
        "postings",
        year("year"),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("lot_id", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in MEASURES),
        sa.PrimaryKeyConstraint("year", "entry_id", "lot_id", name="pk_postings"),
        sa.ForeignKeyConstraint(
            ["year", "entry_id"], ["entries.year", "entries.id"], name="fk_postings_year_entry_id"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name="fk_postings_lot_id"),
        postgresql_partition_by="RANGE (year)",
    )
    op.create_index("ix_postings_lot_id", "postings", ["lot_id"])
    yearly_partitions("postings", FIRST_YEAR, LAST_YEAR)
    grant("SELECT, INSERT", "postings")


def vouchers() -> None:
    op.create_table(
        "vouchers",
        words("book"),
        words("source"),
        words("number"),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("book", "source", "number", name="pk_vouchers"),
    )
    grant("SELECT, INSERT, DELETE", "vouchers")
    grant("UPDATE (entry_id)", "vouchers")


def blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("height", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        words("previous_hash"),
        words("hash"),
        sa.PrimaryKeyConstraint("height", name="pk_blocks"),
        sa.UniqueConstraint("last_sequence", name="uq_blocks_last_sequence"),
        sa.UniqueConstraint("previous_hash", name="uq_blocks_previous_hash"),
    )
    grant("SELECT, INSERT", "blocks")


def projects() -> None:
    op.create_table(
        "projects",
        words("code"),
        words("name"),
        words("program"),
        words("component", nullable=True),
        words("unit"),
        sa.Column("starts_on", sa.Date),
        sa.Column("due_on", sa.Date),
        sa.Column("registered_on", sa.Date, nullable=False),
        words("client_id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_projects"),
    )
    op.create_table(
        "project_statements",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("project"),
        words("kind"),
        year("year", nullable=True),
        sa.Column("amount_vnd", sa.BigInteger),
        words("decision_number", nullable=True),
        sa.Column("decision_date", sa.Date),
        sa.Column("stated_on", sa.Date),
        sa.Column("physical_percent", sa.Numeric(5, 2)),
        words("status", nullable=True),
        words("client_id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project_statements"),
        sa.ForeignKeyConstraint(["project"], ["projects.code"], name="fk_project_statements_project"),
        sa.CheckConstraint(
            "kind IN ('approval', 'plan', 'progress')", name=op.f("ck_project_statements_kind")
        ),
        sa.CheckConstraint("(kind = 'plan') = (year IS NOT NULL)", name=op.f("ck_project_statements_year")),
        sa.CheckConstraint(
            "(kind = 'progress') = (amount_vnd IS NULL)", name=op.f("ck_project_statements_amount")
        ),
        sa.CheckConstraint(
            "physical_percent BETWEEN 0 AND 100", name=op.f("ck_project_statements_physical_percent")
        ),
    )
    op.create_index("ix_project_statements_project", "project_statements", ["project"])
    grant("SELECT, INSERT", "projects", "project_statements")
