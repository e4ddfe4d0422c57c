"""The SQL that every entry runs, as text (see ADR 0010)."""

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

FIND_VOUCHERS = "SELECT key, entry_id FROM vouchers WHERE key = ANY ($1::text[])"

LOCK_REPLACED = """
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/replaced/' || entry, 0))
    FROM (SELECT unnest($1::text[]) AS entry ORDER BY 1) AS entries
"""

FIND_REPLACEMENTS = """
    SELECT entries.replaces, entries.id FROM entries
    WHERE entries.replaces = ANY ($1::uuid[]) AND NOT EXISTS (
        SELECT FROM entries AS reversals WHERE reversals.year = entries.year AND reversals.reverses = entries.id)
"""

RELEASE_VOUCHERS = "DELETE FROM vouchers WHERE key = ANY ($1::text[])"

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
    ON CONFLICT ON CONSTRAINT uq_lots_key DO UPDATE SET opening_balance_vnd = lots.opening_balance_vnd
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
    SELECT DISTINCT ON (fact.ordinal) fact.ordinal, entries.id
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
    WHERE entries.voucher_number IS NULL
      AND NOT EXISTS (
        SELECT FROM entries AS reversals WHERE reversals.year = entries.year AND reversals.reverses = entries.id)
      AND EXISTS (
        SELECT FROM postings JOIN lots ON lots.id = postings.lot_id
        WHERE postings.year = entries.year AND postings.entry_id = entries.id
          AND lots.unit = fact.unit AND lots.unit_since = fact.unit_since)
    ORDER BY fact.ordinal, entries.sequence DESC
"""
"""A unit is its code and the first day on which it means this land, which the lots have."""

UPDATE_BALANCES = """
    UPDATE lots SET
        assigned_vnd = balance.assigned_vnd, opening_balance_vnd = balance.opening_balance_vnd,
        allocated_vnd = balance.allocated_vnd, carried_over_vnd = balance.carried_over_vnd,
        received_vnd = balance.received_vnd, given_vnd = balance.given_vnd, cancelled_vnd = balance.cancelled_vnd,
        returned_vnd = balance.returned_vnd, carried_out_vnd = balance.carried_out_vnd,
        committed_vnd = balance.committed_vnd, disbursed_vnd = balance.disbursed_vnd,
        confirmed_vnd = balance.confirmed_vnd, reserved_vnd = balance.reserved_vnd,
        recovered_vnd = balance.recovered_vnd, remittable_vnd = balance.remittable_vnd,
        remitted_vnd = balance.remitted_vnd, confirmed_recovered_vnd = balance.confirmed_recovered_vnd,
        confirmed_remittable_vnd = balance.confirmed_remittable_vnd,
        confirmed_remitted_vnd = balance.confirmed_remitted_vnd, succeeded_in_vnd = balance.succeeded_in_vnd,
        succeeded_out_vnd = balance.succeeded_out_vnd
    FROM unnest($1::bigint[],
        $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
        $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[]
    ) AS balance (id,
        assigned_vnd, opening_balance_vnd, allocated_vnd, carried_over_vnd, received_vnd, given_vnd, cancelled_vnd,
        returned_vnd, carried_out_vnd, committed_vnd, disbursed_vnd, confirmed_vnd, reserved_vnd,
        recovered_vnd, remittable_vnd, remitted_vnd, confirmed_recovered_vnd, confirmed_remittable_vnd,
        confirmed_remitted_vnd, succeeded_in_vnd, succeeded_out_vnd)
    WHERE lots.id = balance.id
"""

INSERT_ENTRIES = """
    WITH inserted AS (
        INSERT INTO entries (
            id, kind, recorded_at, decision_number, decision_date, voucher_source, voucher_number,
            voucher_kind, voucher_year, voucher_date, voucher_line_no, decision_key, voucher_source_key, voucher_number_key,
            in_kind_form,
            in_kind_quantity, in_kind_unit_of_measure, distinct_from, distinct_reason, replaces, replaces_reason, reopening_number, reopening_date, year,
            to_year, program, component, capital, source, unit, origin_year, amount_vnd, effective_on, note, client_id,
            reverses, batch, to_component, to_unit, deadline, project, against)
        SELECT
            id, kind, recorded_at, decision_number, decision_date, voucher_source, voucher_number,
            voucher_kind, voucher_year, voucher_date, voucher_line_no, decision_key, voucher_source_key, voucher_number_key,
            in_kind_form,
            in_kind_quantity, in_kind_unit_of_measure, distinct_from, distinct_reason, replaces, replaces_reason, reopening_number, reopening_date, year,
            to_year, program, component, capital, source, unit, origin_year, amount_vnd, effective_on, note, client_id,
            reverses, batch, to_component, to_unit, deadline, project, against
        FROM unnest(
            $1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[],
            $9::int[], $10::date[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::numeric[],
            $17::text[], $18::uuid[], $19::text[], $20::uuid[], $21::text[], $22::text[], $23::date[], $24::int[],
            $25::int[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[], $31::int[], $32::bigint[],
            $33::date[], $34::text[], $35::text[], $36::uuid[], $37::uuid[], $38::text[], $39::text[], $40::date[],
            $41::text[], $42::uuid[]
        ) WITH ORDINALITY AS entry (
            id, kind, recorded_at, decision_number, decision_date, voucher_source, voucher_number,
            voucher_kind, voucher_year, voucher_date, voucher_line_no, decision_key, voucher_source_key, voucher_number_key,
            in_kind_form,
            in_kind_quantity, in_kind_unit_of_measure, distinct_from, distinct_reason, replaces, replaces_reason, reopening_number, reopening_date, year,
            to_year, program, component, capital, source, unit, origin_year, amount_vnd, effective_on, note, client_id,
            reverses, batch, to_component, to_unit, deadline, project, against,
            ordinal)
        ORDER BY ordinal
        RETURNING sequence
    ), posted AS (
        INSERT INTO postings (
            year, entry_id, lot_id, effective_on, assigned_vnd, opening_balance_vnd, allocated_vnd, carried_over_vnd, received_vnd,
            given_vnd, cancelled_vnd, returned_vnd, carried_out_vnd, committed_vnd, disbursed_vnd, confirmed_vnd,
            reserved_vnd, recovered_vnd, remittable_vnd, remitted_vnd, confirmed_recovered_vnd, confirmed_remittable_vnd,
            confirmed_remitted_vnd, succeeded_in_vnd, succeeded_out_vnd)
        SELECT * FROM unnest(
            $43::int[], $44::uuid[], $45::bigint[], $46::date[], $47::bigint[], $48::bigint[], $49::bigint[],
            $50::bigint[], $51::bigint[], $52::bigint[], $53::bigint[], $54::bigint[], $55::bigint[], $56::bigint[],
            $57::bigint[], $58::bigint[], $59::bigint[], $60::bigint[], $61::bigint[], $62::bigint[], $63::bigint[],
            $64::bigint[], $65::bigint[], $66::bigint[], $67::bigint[])
    )
    SELECT sequence FROM inserted ORDER BY sequence
"""
"""Inserts entries with their postings, in the order given."""

SAME_COLUMNS = (
    "year", "to_year", "program", "component", "capital", "source", "unit", "origin_year", "amount_vnd",
    "effective_on", "note", "client_id", "reverses", "batch", "to_component", "to_unit", "deadline", "project", "against",
)  # fmt: skip
"""The columns that hold an attribute of an entry as it is."""

ENTRY_COLUMNS = (
    "id", "kind", "recorded_at", "decision_number", "decision_date", "voucher_source", "voucher_number",
    "voucher_kind", "voucher_year", "voucher_date", "voucher_line_no", "decision_key", "voucher_source_key",
    "voucher_number_key",
    "in_kind_form", "in_kind_quantity", "in_kind_unit_of_measure", "distinct_from", "distinct_reason", "replaces",
    "replaces_reason", "reopening_number", "reopening_date", *SAME_COLUMNS,
)  # fmt: skip
"""In the order of `INSERT_ENTRIES`."""

KEY_COLUMNS = frozenset({"decision_key", "voucher_source_key", "voucher_number_key"})
"""Canonical forms, by which decisions and vouchers are compared; they follow from the other columns."""
