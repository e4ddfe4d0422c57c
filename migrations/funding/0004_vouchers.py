"""The identity of a voucher: its kind, year, date and line, the canonical forms of numbers, and one key by which it is claimed.

An entry keeps what was stated of its voucher; nothing was stated before this revision. Vouchers that are the same in the
canonical form and were recorded as two stay two rows: the one whose entry is in effect has the key, the others a number
after it. Code for an earlier revision does not write the new columns, so it does not run on it.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.canonical_keys import fill_canonical_column
from migrations.ddl import add_check, grant
from shared.kit.canonical_text import canonicalize

revision = "funding_0004"
down_revision = "funding_0003"
branch_labels = None
depends_on = None

PAPER_KINDS = ("contract", "estimate", "payment_order", "return_slip", "other")
ROWS_AT_ONCE = 5_000

SELECT_VOUCHERS = """
    SELECT vouchers.book, vouchers.source, vouchers.number, entries.kind, entries.effective_on, entries.year,
        entries.program, entries.component, entries.capital, entries.source AS money, entries.unit,
        min(lots.unit_since) AS unit_since
    FROM vouchers
    JOIN entries ON entries.id = vouchers.entry_id
    JOIN postings ON postings.year = entries.year AND postings.entry_id = entries.id
    JOIN lots ON lots.id = postings.lot_id
    LEFT JOIN entries AS undone ON undone.year = entries.year AND undone.reverses = entries.id
    GROUP BY vouchers.book, vouchers.source, vouchers.number, entries.year, entries.id, undone.id
    ORDER BY undone.id IS NOT NULL, entries.sequence
"""
WRITE_KEYS = """
    UPDATE vouchers SET key = claimed.key
    FROM unnest(CAST(:books AS text[]), CAST(:sources AS text[]), CAST(:numbers AS text[]), CAST(:keys AS text[]))
        AS claimed (book, source, number, key)
    WHERE vouchers.book = claimed.book AND vouchers.source = claimed.source AND vouchers.number = claimed.number
"""


def upgrade() -> None:
    op.add_column("entries", sa.Column("voucher_kind", sa.Text))
    op.add_column("entries", sa.Column("voucher_year", sa.SmallInteger))
    op.add_column("entries", sa.Column("voucher_date", sa.Date))
    op.add_column("entries", sa.Column("voucher_line_no", sa.BigInteger))
    for text in ("decision_number", "voucher_source", "voucher_number"):
        key = f"{text.removesuffix('_number') if text == 'decision_number' else text}_key"
        op.add_column("entries", sa.Column(key, sa.Text))
        fill_canonical_column("entries", text, key)
    add_check("entries", "voucher_kind", f"voucher_kind IN {PAPER_KINDS}")
    add_check(
        "entries",
        "voucher_parts",
        "voucher_number IS NOT NULL OR num_nonnulls(voucher_kind, voucher_year, voucher_date, voucher_line_no) = 0",
    )
    add_check("entries", "voucher_line_no", "voucher_line_no > 0")
    add_check("entries", "decision_key", "(decision_key IS NULL) = (decision_number IS NULL)")
    add_check(
        "entries",
        "voucher_keys",
        "num_nonnulls(voucher_number, voucher_source_key, voucher_number_key) IN (0, 3)",
    )
    op.drop_index("ix_entries_voucher", "entries")
    op.create_index(
        "ix_entries_voucher",
        "entries",
        ["voucher_number_key"],
        postgresql_where=sa.text("voucher_number_key IS NOT NULL"),
    )
    op.drop_index("ix_entries_decision", "entries")
    op.create_index(
        "ix_entries_decision",
        "entries",
        ["decision_key", "unit", "amount_vnd"],
        postgresql_where=sa.text("voucher_number IS NULL"),
    )
    op.add_column("vouchers", sa.Column("key", sa.Text))
    write_voucher_keys()
    op.drop_constraint(op.f("pk_vouchers"), "vouchers", type_="primary")
    op.create_primary_key(op.f("pk_vouchers"), "vouchers", ["key"])
    grant("UPDATE (book, source, number)", "vouchers")


def write_voucher_keys() -> None:
    """Write the key of each voucher, numbered where several are the same."""
    connection = op.get_bind()
    rows = connection.execute(sa.text(SELECT_VOUCHERS)).all()
    seen: dict[str, int] = {}
    keys = []
    for row in rows:
        key = make_key(row)
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key} #{seen[key]}")
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        columns = {f"{name}s": [getattr(row, name) for row in part] for name in ("book", "source", "number")}
        connection.execute(sa.text(WRITE_KEYS), {**columns, "keys": keys[start : start + ROWS_AT_ONCE]})


def make_key(row: Any) -> str:
    """Return the key of a voucher of which nothing but its issuer and its number was stated."""
    paper_kind = "contract" if row.kind == "commitment" else "payment_order"
    paper = [row.book, canonicalize(row.source), paper_kind, canonicalize(row.number), row.effective_on.year]
    line = [
        row.year,
        row.program,
        row.component,
        row.capital,
        row.money,
        row.unit,
        row.unit_since.isoformat(),
    ]
    return json.dumps([*paper, *line, 1], ensure_ascii=False)
