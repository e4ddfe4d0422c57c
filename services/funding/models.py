"""The tables of the ledger. Entries and postings are only added; a lot holds the sums of its postings.

The service's role may insert and read entries and postings; of a lot it may change the amounts and nothing else.
"""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import cast, get_args

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.funding.entry_kinds import EntryKind
from services.funding.ledger import AMOUNT_NAMES, CAPITALS, PaperKind
from services.funding.register_models import CLOSINGS, EXTENSIONS, PROJECT_STATEMENTS, PROJECTS, Base
from shared.kit.schema_revisions import SchemaRevision

metadata = Base.metadata
REVISION = SchemaRevision("funding", "funding_0010")

KINDS = tuple(kind.value for kind in EntryKind)
IS_CAPITAL = f"capital IN {CAPITALS}"
NOT_NEGATIVE = f"LEAST({', '.join(AMOUNT_NAMES)}) >= 0"
AVAILABLE = (
    "opening_balance_vnd + allocated_vnd + carried_over_vnd + received_vnd - given_vnd - cancelled_vnd"
    " + succeeded_in_vnd - succeeded_out_vnd"
)
IS_SUCCESSION = "succeeded_in_vnd <> 0 OR succeeded_out_vnd <> 0"
"""Few postings are of successions; every reading on the map of a day looks for them."""
SPENT = "disbursed_vnd + carried_out_vnd + returned_vnd + remittable_vnd"


class LotRow(Base):
    """The money of a line that has one year of origin. Locked while an entry changes it.

    Its amounts are the sums of its postings, which the database adds up when they are inserted; the service writes none.
    """

    __tablename__ = "lots"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    program: Mapped[str]
    component: Mapped[str | None]
    capital: Mapped[str]
    source: Mapped[str]
    unit: Mapped[str]
    unit_since: Mapped[date]
    origin_year: Mapped[int] = mapped_column(SmallInteger)
    assigned_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    opening_balance_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    allocated_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    carried_over_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    received_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    given_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    cancelled_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    returned_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    carried_out_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    committed_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    disbursed_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    reserved_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    recovered_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    remittable_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    remitted_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_recovered_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_remittable_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_remitted_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded_in_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded_out_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    row_lock: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Always 0: the one column that the role of the service may update, which row locks need."""

    __table_args__ = (
        UniqueConstraint(
            "year", "program", "component", "capital", "source", "unit", "unit_since", "origin_year",
            name="uq_lots_key", postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(IS_CAPITAL, name="capital"),
        CheckConstraint("origin_year <= year", name="origin_year"),
        CheckConstraint(NOT_NEGATIVE, name="not_negative"),
        CheckConstraint(f"{SPENT} <= {AVAILABLE}", name="within_available"),
        CheckConstraint(
            f"{SPENT} + reserved_vnd <= {AVAILABLE}", name="promised_within_left"
        ),
    )  # fmt: skip


class EntryRow(Base):
    """An entry. Partitioned by the budget year; a carry-over is stored under the year that it leaves."""

    __tablename__ = "entries"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    sequence: Mapped[int] = mapped_column(Identity(always=True))
    """The exact commit order: assigned while the change feed is locked."""
    kind: Mapped[str]
    to_year: Mapped[int | None] = mapped_column(SmallInteger)
    program: Mapped[str]
    component: Mapped[str | None]
    capital: Mapped[str]
    source: Mapped[str]
    unit: Mapped[str]
    to_component: Mapped[str | None]
    to_unit: Mapped[str | None]
    origin_year: Mapped[int | None] = mapped_column(SmallInteger)
    """As requested; null: the oldest money was taken first. The postings have the years of origin."""
    amount_vnd: Mapped[int]
    decision_number: Mapped[str | None]
    decision_date: Mapped[date | None]
    voucher_source: Mapped[str | None]
    voucher_number: Mapped[str | None]
    voucher_kind: Mapped[str | None]
    voucher_year: Mapped[int | None] = mapped_column(SmallInteger)
    voucher_date: Mapped[date | None]
    voucher_line_no: Mapped[int | None]
    decision_key: Mapped[str | None]
    voucher_source_key: Mapped[str | None]
    voucher_number_key: Mapped[str | None]
    """The canonical forms, by which decisions and vouchers are compared."""
    in_kind_form: Mapped[str | None]
    in_kind_quantity: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    in_kind_unit_of_measure: Mapped[str | None]
    deadline: Mapped[date | None]
    """Of a carry-over: the last day of payment by its decision."""
    effective_on: Mapped[date]
    note: Mapped[str | None]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]
    reverses: Mapped[uuid.UUID | None]
    """The entry that a reversal or a correction undoes; each is undone once."""
    project: Mapped[str | None]
    batch: Mapped[uuid.UUID | None]
    against: Mapped[uuid.UUID | None]
    """The payment that a recovery lowers, or the recovery of a remittance; also of their reversals and corrections."""
    distinct_from: Mapped[uuid.UUID | None]
    """An entry that looks the same and is another fact, as the client states."""
    distinct_reason: Mapped[str | None]
    replaces: Mapped[uuid.UUID | None]
    """The corrected or reversed entry in place of which it is recorded."""
    replaces_reason: Mapped[str | None]
    reopening_number: Mapped[str | None]
    reopening_date: Mapped[date | None]
    """The decision that reopens a closed year for the entry."""

    __table_args__ = (
        UniqueConstraint("year", "reverses", name="uq_entries_reverses"),
        Index("ix_entries_id", "id"),
        Index("ix_entries_sequence", "sequence"),
        Index("ix_entries_project", "project", postgresql_where=text("project IS NOT NULL")),
        Index("ix_entries_against", "against", postgresql_where=text("against IS NOT NULL")),
        Index("ix_entries_replaces", "replaces", postgresql_where=text("replaces IS NOT NULL")),
        Index("ix_entries_batch", "batch", postgresql_where=text("batch IS NOT NULL")),
        Index(
            "ix_entries_voucher",
            "voucher_number_key",
            postgresql_where=text("voucher_number_key IS NOT NULL"),
        ),
        Index(
            "ix_entries_decision",
            "decision_key",
            "unit",
            "amount_vnd",
            postgresql_where=text("voucher_number IS NULL"),
        ),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(IS_CAPITAL, name="capital"),
        CheckConstraint("amount_vnd > 0", name="amount"),
        CheckConstraint("to_year = year + 1", name="to_year"),
        CheckConstraint(
            "num_nonnulls(to_component, to_unit) = 0"
            " OR kind IN ('sub_allocation', 'transfer', 'succession', 'reversal', 'correction')",
            name="to_line",
        ),
        CheckConstraint("(kind IN ('reversal', 'correction')) = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint("num_nonnulls(decision_number, decision_date) IN (0, 2)", name="decision"),
        CheckConstraint(
            "num_nonnulls(in_kind_form, in_kind_quantity, in_kind_unit_of_measure) IN (0, 3)", name="in_kind"
        ),
        CheckConstraint(
            "deadline IS NULL OR kind IN ('carry_over', 'reversal', 'correction')", name="deadline"
        ),
        CheckConstraint("num_nonnulls(voucher_source, voucher_number) IN (0, 2)", name="voucher"),
        CheckConstraint(f"voucher_kind IN {get_args(PaperKind)}", name="voucher_kind"),
        CheckConstraint(
            "voucher_number IS NOT NULL"
            " OR num_nonnulls(voucher_kind, voucher_year, voucher_date, voucher_line_no) = 0",
            name="voucher_parts",
        ),
        CheckConstraint("voucher_line_no > 0", name="voucher_line_no"),
        CheckConstraint("(decision_key IS NULL) = (decision_number IS NULL)", name="decision_key"),
        CheckConstraint(
            "num_nonnulls(voucher_number, voucher_source_key, voucher_number_key) IN (0, 3)",
            name="voucher_keys",
        ),
        CheckConstraint("num_nonnulls(distinct_from, distinct_reason) IN (0, 2)", name="distinct_from"),
        CheckConstraint("num_nonnulls(reopening_number, reopening_date) IN (0, 2)", name="reopening"),
        CheckConstraint("num_nonnulls(replaces, replaces_reason) IN (0, 2)", name="replaces"),
        CheckConstraint(
            "kind IN ('reversal', 'correction') OR (kind IN ('recovery', 'remittance')) = (against IS NOT NULL)",
            name="against",
        ),
        {"postgresql_partition_by": "RANGE (year)"},
    )


class PostingRow(Base):
    """The signed change of one lot by one entry. The balance of a lot is the sum of its postings."""

    __tablename__ = "postings"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """The year of the entry, by which both tables are partitioned."""
    entry_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    effective_on: Mapped[date | None]
    """The day of the entry, by which later postings of a lot are found. Null in rows of code before funding_0003."""
    assigned_vnd: Mapped[int]
    opening_balance_vnd: Mapped[int]
    allocated_vnd: Mapped[int]
    carried_over_vnd: Mapped[int]
    received_vnd: Mapped[int]
    given_vnd: Mapped[int]
    cancelled_vnd: Mapped[int]
    returned_vnd: Mapped[int]
    carried_out_vnd: Mapped[int]
    committed_vnd: Mapped[int]
    disbursed_vnd: Mapped[int]
    confirmed_vnd: Mapped[int]
    reserved_vnd: Mapped[int]
    recovered_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    remittable_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    remitted_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_recovered_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_remittable_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_remitted_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded_in_vnd: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded_out_vnd: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        ForeignKeyConstraint(["year", "entry_id"], ["entries.year", "entries.id"]),
        Index("ix_postings_lot_id", "lot_id", "effective_on"),
        Index("ix_postings_succession", "lot_id", postgresql_where=text(IS_SUCCESSION)),
        {"postgresql_partition_by": "RANGE (year)"},
    )


class VoucherRow(Base):
    """The latest entry of a voucher, by what identifies the voucher (`voucher_keys.py`)."""

    __tablename__ = "vouchers"

    key: Mapped[str] = mapped_column(primary_key=True)
    book: Mapped[str]
    source: Mapped[str]
    number: Mapped[str]
    entry_id: Mapped[uuid.UUID]


class BlockRow(Base):
    """A block of the journal. Only added."""

    __tablename__ = "blocks"

    height: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_sequence: Mapped[int]
    last_sequence: Mapped[int] = mapped_column(unique=True)
    entries: Mapped[int]
    sealed_at: Mapped[datetime]
    previous_hash: Mapped[str] = mapped_column(unique=True)
    """Unique, so that at most one block follows another."""
    hash: Mapped[str]


LOTS = cast("Table", LotRow.__table__)
ENTRIES = cast("Table", EntryRow.__table__)
POSTINGS = cast("Table", PostingRow.__table__)
BLOCKS = cast("Table", BlockRow.__table__)
TABLES = (LOTS, ENTRIES, POSTINGS, BLOCKS, CLOSINGS, EXTENSIONS, PROJECTS, PROJECT_STATEMENTS)
"""All tables but the claims of vouchers."""
REVERSALS = ENTRIES.alias("reversals")
"""The entries once more, to be joined as the reversals and corrections of others."""
