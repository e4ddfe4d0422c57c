"""The SQL that every entry runs, as text (see ADR 0010)."""

from collections.abc import Mapping

from services.funding.ledger import AMOUNT_NAMES
from shared.kit.change_feed import insert_events_sql

LOCK_ASSIGNMENTS = """
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || assignment, 0))
    FROM (SELECT unnest($1::text[]) AS assignment ORDER BY 1) AS assignments
"""

SUM_ASSIGNMENTS = """
    SELECT year, program, capital, source, unit, unit_since, component,
        sum(assigned_vnd)::bigint AS assigned_vnd,
        sum(CASE WHEN origin_year = year THEN opening_balance_vnd + allocated_vnd - cancelled_vnd ELSE 0 END)::bigint
            AS allocated_vnd
    FROM lots
    WHERE (year, program, capital, source) IN (SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]))
    GROUP BY year, program, capital, source, unit, unit_since, component
"""
"""`calculate_allocated` in `assignments.py` says the same of one posting."""

CLAIM_VOUCHERS = """
    INSERT INTO vouchers (key, book, source, number, entry_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
        AS claimed (key, book, source, number, entry_id)
    ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET entry_id = vouchers.entry_id
    RETURNING key, entry_id
"""
"""Locks the rows of the vouchers, in their order; returns the entries that claimed them."""

REASSIGN_VOUCHERS = """
    UPDATE vouchers SET book = claimed.book, source = claimed.source, number = claimed.number, entry_id = claimed.entry_id
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
        AS claimed (key, book, source, number, entry_id)
    WHERE vouchers.key = claimed.key
"""

READ_YEARS_AND_VOUCHERS = """
    SELECT 'closing' AS what, id, year, unit, decision_number, decision_date, closed_on, NULL::date AS settled_by, sequence,
        recorded_at, NULL::text AS key, NULL::uuid AS entry_id
    FROM closings WHERE year = ANY ($1::int[])
    UNION ALL
    SELECT 'extension', id, year, unit, decision_number, decision_date, NULL, settled_by, NULL, recorded_at, NULL, NULL
    FROM extensions WHERE year = ANY ($2::int[])
    UNION ALL
    SELECT 'voucher', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, key, entry_id
    FROM vouchers WHERE key = ANY ($3::text[])
"""
"""One statement under all locks: closings and extensions of years, and the entries that claimed vouchers."""

LOCK_REPLACED = """
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/replaced/' || entry, 0))
    FROM (SELECT unnest($1::text[]) AS entry ORDER BY 1) AS entries
"""

FIND_REPLACEMENTS = """
    SELECT entries.replaces, entries.id FROM entries
    WHERE entries.replaces = ANY ($1::uuid[]) AND NOT EXISTS (
        SELECT FROM entries AS reversals WHERE reversals.year = entries.year AND reversals.reverses = entries.id)
"""

RELEASE_VOUCHERS = "SELECT release_vouchers($1::text[])"

LOCK_LOTS = """
    SELECT * FROM lots
    WHERE EXISTS (
        SELECT FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[])
            AS line (year, program, component, capital, source, unit, unit_since)
        WHERE line.year = lots.year AND line.program = lots.program AND line.capital = lots.capital
          AND line.source = lots.source AND line.unit = lots.unit AND line.unit_since = lots.unit_since
          AND line.component IS NOT DISTINCT FROM lots.component
    )
    ORDER BY year, origin_year, id
    FOR UPDATE OF lots
"""
"""Locks all lots of some lines, in the order in which every transaction locks them."""

CREATE_LOTS = """
    INSERT INTO lots (year, program, component, capital, source, unit, unit_since, origin_year)
    SELECT year, program, component, capital, source, unit, unit_since, origin_year
    FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::int[])
        WITH ORDINALITY AS lot (year, program, component, capital, source, unit, unit_since, origin_year, ordinal)
    ORDER BY ordinal
    ON CONFLICT ON CONSTRAINT uq_lots_key DO UPDATE SET row_lock = 0
    RETURNING *
"""
"""Locks the lots that another transaction created meanwhile, too."""

SUM_LATER_POSTINGS = """
    WITH later AS (
        SELECT postings.*, effective_on AS day FROM postings
        WHERE lot_id = ANY($1::bigint[]) AND year = ANY($2::int[]) AND effective_on > $3
        UNION ALL
        SELECT postings.*, entries.effective_on
        FROM postings JOIN entries ON entries.year = postings.year AND entries.id = postings.entry_id
        WHERE lot_id = ANY($1::bigint[]) AND postings.year = ANY($2::int[]) AND entries.year = ANY($2::int[])
          AND postings.effective_on IS NULL AND entries.effective_on > $3
    )
    SELECT lot_id, day,
        sum(opening_balance_vnd + allocated_vnd + carried_over_vnd + received_vnd - given_vnd - cancelled_vnd
            - returned_vnd - carried_out_vnd + succeeded_in_vnd - succeeded_out_vnd)::bigint AS unspent_vnd,
        sum(disbursed_vnd + remittable_vnd)::bigint AS spent_vnd,
        sum(confirmed_vnd + confirmed_remittable_vnd)::bigint AS confirmed_spent_vnd,
        sum(reserved_vnd)::bigint AS reserved_vnd
    FROM later
    GROUP BY 1, 2
    ORDER BY 1, 2
"""
"""The changes of each later day in locked lots; it reads no posting of an earlier day. `Remainder.from_amounts` says the same of
one posting. Code before funding_0003 inserts postings without their day."""

FIND_LATEST_ENTRIES = """
    SELECT DISTINCT ON (fact.ordinal, undoing.kind) fact.ordinal, entries.id, entries.effective_on,
        undoing.id AS corrected_by
    FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[],
        $9::text[], $10::text[], $11::int[], $12::bigint[], $13::text[], $14::date[], $15::text[], $16::text[],
        $17::numeric[], $18::uuid[]
    ) WITH ORDINALITY AS fact (kind, year, program, component, capital, source, unit, unit_since, to_component, to_unit,
        origin_year, amount_vnd, decision_key, decision_date, project, in_kind_form, in_kind_quantity, against, ordinal)
    JOIN entries ON entries.year = fact.year AND entries.kind = fact.kind AND entries.program = fact.program
        AND entries.component IS NOT DISTINCT FROM fact.component AND entries.capital = fact.capital
        AND entries.source = fact.source AND entries.unit = fact.unit
        AND entries.to_component IS NOT DISTINCT FROM fact.to_component
        AND entries.to_unit IS NOT DISTINCT FROM fact.to_unit
        AND entries.origin_year IS NOT DISTINCT FROM fact.origin_year
        AND entries.amount_vnd = fact.amount_vnd AND entries.decision_key = fact.decision_key
        AND entries.decision_date = fact.decision_date AND entries.project IS NOT DISTINCT FROM fact.project
        AND entries.in_kind_form IS NOT DISTINCT FROM fact.in_kind_form
        AND entries.in_kind_quantity IS NOT DISTINCT FROM fact.in_kind_quantity
        AND entries.against IS NOT DISTINCT FROM fact.against
    LEFT JOIN entries AS undoing ON undoing.year = entries.year AND undoing.reverses = entries.id
    WHERE entries.voucher_number IS NULL AND (undoing.kind IS NULL OR undoing.kind = 'correction')
      AND EXISTS (
        SELECT FROM postings JOIN lots ON lots.id = postings.lot_id
        WHERE postings.year = entries.year AND postings.entry_id = entries.id
          AND lots.unit = fact.unit AND lots.unit_since = fact.unit_since)
    ORDER BY fact.ordinal, undoing.kind, entries.sequence DESC
"""
"""For each fact the latest entry in effect, and the latest one that was corrected. A unit is its code and the first day on which it means this land, which the lots have."""

COLUMN_TYPES: Mapping[str, str] = {
    "id": "uuid", "kind": "text", "recorded_at": "timestamptz", "decision_number": "text", "decision_date": "date",
    "voucher_source": "text", "voucher_number": "text", "voucher_kind": "text", "voucher_year": "int", "voucher_date": "date",
    "voucher_line_no": "int", "decision_key": "text", "voucher_source_key": "text", "voucher_number_key": "text",
    "in_kind_form": "text", "in_kind_quantity": "numeric", "in_kind_unit_of_measure": "text", "distinct_from": "uuid",
    "distinct_reason": "text", "replaces": "uuid", "replaces_reason": "text", "reopening_number": "text",
    "reopening_date": "date", "year": "int", "to_year": "int", "program": "text", "component": "text", "capital": "text",
    "source": "text", "unit": "text", "origin_year": "int", "amount_vnd": "bigint", "effective_on": "date", "note": "text",
    "client_id": "text", "reverses": "uuid", "batch": "uuid", "to_component": "text", "to_unit": "text", "deadline": "date",
    "project": "text", "against": "uuid",
}  # fmt: skip
"""The columns of an entry with their types."""

ENTRY_COLUMNS = tuple(COLUMN_TYPES)

SAME_COLUMNS = ENTRY_COLUMNS[ENTRY_COLUMNS.index("year") :]
"""The last columns, which hold an attribute of an entry as it is."""

POSTING_TYPES: Mapping[str, str] = {
    "year": "int", "entry_id": "uuid", "lot_id": "bigint", "effective_on": "date", **dict.fromkeys(AMOUNT_NAMES, "bigint"),
}  # fmt: skip
"""The columns of a posting with their types."""


def _read_rows(parameter: str, types: Mapping[str, str]) -> str:
    """Return the rows of a JSON array of objects as a function in FROM; a member that an object leaves out is null."""
    return f"json_to_recordset({parameter}::json) AS ({', '.join(f'{name} {kind}' for name, kind in types.items())})"


WRITE_ENTRIES = f"""
    WITH inserted AS (
        INSERT INTO entries ({", ".join(ENTRY_COLUMNS)})
        SELECT {", ".join(ENTRY_COLUMNS)}
        FROM ROWS FROM ({_read_rows("$1", COLUMN_TYPES)})
            WITH ORDINALITY AS entry ({", ".join(ENTRY_COLUMNS)}, ordinal)
        ORDER BY ordinal
        RETURNING sequence
    ), posted AS (
        INSERT INTO postings ({", ".join(POSTING_TYPES)})
        SELECT {", ".join(f"coalesce({name}, 0)" if name in AMOUNT_NAMES else name for name in POSTING_TYPES)}
        FROM {_read_rows("$2", POSTING_TYPES)}
    ), published AS ({insert_events_sql(3)})
    SELECT sequence FROM inserted ORDER BY sequence
"""
"""Inserts entries in the order given, with their postings and events. A trigger adds the postings to the balances of their lots.

The rows come as JSON: the driver looks several times at each member of an array, and an entry has tens of empty columns.
"""

KEY_COLUMNS = frozenset({"decision_key", "voucher_source_key", "voucher_number_key"})
"""Canonical forms, by which decisions and vouchers are compared; they follow from the other columns."""
