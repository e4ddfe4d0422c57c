"""The statements that every entry runs: plain SQL, and the functions that run them (see ADR 0010). They never commit."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.assignments import AssignmentBalance, AssignmentKey
from services.funding.dated_balances import DatedBalance, DayChange, LockedLots, Remainder
from services.funding.ledger import Amounts, Entry, EntryReference, Line, Lot, NewEntry, Voucher
from shared.kit.canonical_text import canonicalize
from shared.kit.database import run_sql

LOCK_PLANS = """
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || plan, 0))
    FROM (SELECT unnest($1::text[]) AS plan ORDER BY 1) AS plans
"""

SUM_PLANS = """
    SELECT year, program, capital, source, unit, unit_since, component,
        sum(assigned_vnd)::bigint AS assigned_vnd,
        sum(CASE WHEN origin_year = year THEN opening_balance_vnd + allocated_vnd - cancelled_vnd ELSE 0 END)::bigint
            AS allocated_vnd
    FROM lots
    WHERE (year, program, capital, source) IN (SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]))
    GROUP BY year, program, capital, source, unit, unit_since, component
"""
"""`calculate_allocated` in `assignments.py` says the same of one posting."""

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
"""What each later day changes in locked lots; it reads no posting of an earlier day. `Remainder.from_amounts` says the same of
one posting. Code before funding_0003 inserts postings without their day."""

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

_to_same_columns = attrgetter(*SAME_COLUMNS)
NO_LOTS = LockedLots({}, {})


async def lock_assignments(
    session: AsyncSession, keys: Collection[AssignmentKey]
) -> dict[AssignmentKey, AssignmentBalance]:
    """Lock plans in their order, and return what was assigned and allocated in each."""
    await run_sql(session, LOCK_PLANS, sorted("/assignments/" + "/".join(map(str, key)) for key in keys))
    plans: dict[AssignmentKey, AssignmentBalance] = {key: {} for key in keys}
    for row in await run_sql(session, SUM_PLANS, *map(list, zip(*keys, strict=True))):
        plan = plans[row.year, row.program, row.capital, row.source]
        plan[row.unit, row.unit_since, row.component] = (row.assigned_vnd, row.allocated_vnd)
    return plans


async def lock_lots(session: AsyncSession, lines: Collection[Line], since: date | None) -> LockedLots:
    """Lock all lots of some lines, and return their balances with the changes after a day."""
    return await _read_later_postings(
        session, await run_sql(session, LOCK_LOTS, *_to_line_columns(lines)), since
    )


async def create_lots(session: AsyncSession, lots: Collection[Lot], since: date | None) -> LockedLots:
    """Create lots that receive money for the first time, and lock them; return their balances with the changes after a day."""
    ordered = sorted(lots, key=lambda lot: (lot.line.year, lot.origin_year, str(lot.line)))
    columns = (*_to_line_columns([lot.line for lot in ordered]), [lot.origin_year for lot in ordered])
    rows = await run_sql(session, CREATE_LOTS, *columns)
    is_new = all(Amounts.from_row(row) == Amounts() for row in rows)
    return await _read_later_postings(session, rows, None if is_new else since)


async def _read_later_postings(
    session: AsyncSession, rows: Sequence[Row[Any]], since: date | None
) -> LockedLots:
    """Return the balances of locked rows, each with what the entries after a day change; without these where `since` is None.

    It runs after the locks are taken, so it sees what the transactions that held them have committed.
    """
    ids = {Lot.from_row(row): row.id for row in rows}
    totals = {row.id: Amounts.from_row(row) for row in rows}
    years = sorted({year for row in rows for year in (row.year - 1, row.year)})
    changes: dict[int, list[DayChange]] = {}
    needed = bool(rows) and since is not None
    for row in await run_sql(session, SUM_LATER_POSTINGS, [*totals], years, since) if needed else ():
        left_vnd = row.unspent_vnd - row.spent_vnd
        unconfirmed_vnd = row.unspent_vnd - row.confirmed_spent_vnd
        remainder = Remainder(left_vnd, left_vnd - row.reserved_vnd, unconfirmed_vnd)
        changes.setdefault(row.lot_id, []).append((row.day, remainder))
    balances = {
        lot: DatedBalance(totals[lot_id], tuple(changes.get(lot_id, ()))) for lot, lot_id in ids.items()
    }
    return LockedLots(balances, ids)


async def update_balances(
    session: AsyncSession, ids: Mapping[Lot, int], balances: Mapping[Lot, Amounts]
) -> None:
    """Write the balances of locked lots."""
    columns = zip(*(balance.to_values() for balance in balances.values()), strict=True)
    await run_sql(session, UPDATE_BALANCES, [ids[lot] for lot in balances], *map(list, columns))


async def insert_entries(
    session: AsyncSession, new_entries: Sequence[NewEntry], ids: Mapping[Lot, int], recorded_at: datetime
) -> list[int]:
    """Insert entries with their postings in the order given; return their sequences.

    The caller has locked the change feed, which gave the instant.
    """
    entries = zip(*(to_entry_row(new.entry, recorded_at) for new in new_entries), strict=True)
    postings = zip(
        *(
            (
                new.entry.year,
                new.entry.id,
                ids[posting.lot],
                new.entry.effective_on,
                *posting.change.to_values(),
            )
            for new in new_entries
            for posting in new.postings
        ),
        strict=True,
    )
    rows = await run_sql(session, INSERT_ENTRIES, *map(list, entries), *map(list, postings))
    return [row.sequence for row in rows]


def to_entry_row(entry: Entry, recorded_at: datetime) -> tuple[Any, ...]:
    """Return the values of an entry in the order of `ENTRY_COLUMNS`."""
    decision, voucher, in_kind = entry.decision, entry.voucher, entry.in_kind
    return (
        entry.id,
        entry.kind.value,
        recorded_at,
        *((decision.number, decision.date) if decision else (None, None)),
        *_to_voucher_columns(voucher),
        canonicalize(decision.number) if decision else None,
        *((canonicalize(voucher.source), canonicalize(voucher.number)) if voucher else (None, None)),
        *((in_kind.form, in_kind.quantity, in_kind.unit_of_measure) if in_kind else (None, None, None)),
        *_to_reference_columns(entry.distinct_from),
        *_to_reference_columns(entry.replaces),
        *((entry.reopened_by.number, entry.reopened_by.date) if entry.reopened_by else (None, None)),
        *_to_same_columns(entry),
    )


def _to_voucher_columns(voucher: Voucher | None) -> tuple[Any, ...]:
    if voucher is None:
        return (None,) * 6
    return (voucher.source, voucher.number, voucher.kind, voucher.year, voucher.dated_on, voucher.line_no)


def _to_reference_columns(reference: EntryReference | None) -> tuple[uuid.UUID | None, str | None]:
    return (reference.entry, reference.reason) if reference else (None, None)


def _to_line_columns(lines: Collection[Line]) -> tuple[list[Any], ...]:
    names = ("year", "program", "component", "capital", "source", "unit", "unit_since")
    return tuple([getattr(line, name) for line in lines] for name in names)
