"""Comparison of the two books: by voucher, and in total."""

from typing import Any, Literal, get_args

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entry_kinds import EntryKind
from services.funding.ledger import AMOUNT_NAMES, Amounts, Book
from services.funding.models import ENTRIES, LOTS, POSTINGS, REVERSALS
from services.funding.store import IS_POSTED_BY, IS_REVERSED_BY, LedgerFilter

LineField = Literal["program", "component", "capital", "source", "unit"]
LINE_FIELDS: tuple[LineField, ...] = get_args(LineField)
"""The fields in which the lines of one payment can differ between the books of a year."""


def select_gaps(ledger_filter: LedgerFilter, tolerance_vnd: int) -> Select[Any]:
    """Return the query of payments on which the books differ: by more than a tolerance, or in the line.

    Payments are matched by paper (issuer, kind, number, year) before they are narrowed, so that one which the other book has on
    another line is matched. Of a paper with several payments, those on the same line and place are matched first. Recoveries are matched in the same way, with
    negative amounts. What was reversed is left out.
    """
    agency, treasury = _match_payments(
        _select_payments("agency", ledger_filter), _select_payments("treasury", ledger_filter)
    )
    pairs = (
        select(
            func.coalesce(agency.c.id, treasury.c.id).label("id"),
            func.coalesce(agency.c.voucher_source, treasury.c.voucher_source, literal("")).label("source"),
            func.coalesce(agency.c.number, treasury.c.number, literal("")).label("number"),
            *(
                func.coalesce(agency.c[name], treasury.c[name]).label(name)
                for name in ("unit", "unit_since", "effective_on")
            ),
            func.coalesce(agency.c.is_recovery, treasury.c.is_recovery).label("is_recovery"),
            agency.c.id.label("agency_entry"),
            treasury.c.id.label("treasury_entry"),
            func.coalesce(agency.c.amount_vnd, 0).label("agency_vnd"),
            func.coalesce(treasury.c.amount_vnd, 0).label("treasury_vnd"),
            *(
                agency.c[name].is_distinct_from(treasury.c[name]).label(f"other_{name}")
                for name in LINE_FIELDS
            ),
        )
        .select_from(agency)
        .join(treasury, agency.c.pair == treasury.c.pair, full=True)
        .where(or_(agency.c.selected, treasury.c.selected))
        .subquery()
    )
    missing = or_(pairs.c.agency_entry.is_(None), pairs.c.treasury_entry.is_(None))
    beyond = func.abs(pairs.c.agency_vnd - pairs.c.treasury_vnd) > tolerance_vnd
    other_line = or_(*(pairs.c[f"other_{name}"] for name in LINE_FIELDS))
    query = select(pairs, beyond.label("beyond_tolerance")).where(or_(missing, beyond, other_line))
    return query.order_by(pairs.c.source, pairs.c.number, pairs.c.id)


def _match_payments(agency: CTE, treasury: CTE) -> tuple[CTE, CTE]:
    """Return the payments of both books, each with a text `pair` that it has in common with its match in the other book."""
    same_line = select(agency.c.id.label("agency_id"), treasury.c.id.label("treasury_id")).join(
        treasury,
        and_(
            agency.c.voucher == treasury.c.voucher,
            *(agency.c[name].is_not_distinct_from(treasury.c[name]) for name in LINE_FIELDS),
            agency.c.place == treasury.c.place,
        ),
    )
    matched = same_line.cte("matched")
    return (
        _add_pairs(agency, matched.c.agency_id, matched),
        _add_pairs(treasury, matched.c.treasury_id, matched),
    )


def _add_pairs(payments: CTE, own_id: ColumnElement[Any], matched: CTE) -> CTE:
    """Add the pair: the ids of payments that are matched by line, else the voucher and the place among its others."""
    place = func.row_number().over(
        partition_by=(payments.c.voucher, matched.c.agency_id.is_(None)),
        order_by=(*(payments.c[name] for name in LINE_FIELDS), payments.c.id),
    )
    pair = func.coalesce(
        cast(matched.c.agency_id, Text), payments.c.voucher + literal(" ") + cast(place, Text)
    )
    query = select(payments, pair.label("pair")).outerjoin(matched, own_id == payments.c.id)
    return query.cte(f"{payments.name}_pairs")


async def sum_books(session: AsyncSession, ledger_filter: LedgerFilter) -> Amounts:
    """Return the amounts of all lots together."""
    sums = (cast(func.coalesce(func.sum(LOTS.c[name]), 0), BigInteger).label(name) for name in AMOUNT_NAMES)
    row = (await session.execute(select(*sums).where(*ledger_filter.to_conditions()))).one()
    return Amounts.from_row(row)


def _find_paper_kind(entries: FromClause, is_recovery: ColumnElement[bool]) -> ColumnElement[str]:
    """Return the kind of a paper; `find_paper_kind` in `voucher_keys.py` says the same of one entry."""
    return func.coalesce(
        entries.c.voucher_kind, case((is_recovery, literal("return_slip")), else_=literal("payment_order"))
    )


def _find_stated_year(entries: FromClause) -> ColumnElement[int]:
    return func.coalesce(cast(func.extract("year", entries.c.voucher_date), Integer), entries.c.voucher_year)


def _find_matching_year(
    book: Book, is_recovery: ColumnElement[bool], paper_kind: ColumnElement[str]
) -> ColumnElement[int]:
    """Return the year of a paper: as stated, else of a paper of that number in the other book, else of the day of the entry.

    The treasury confirms in January what an agency paid in December: where no year was stated, the paper is that of the other
    book if that is of the same year or of the one before or after. Of two unstated years the agency's holds.
    """
    other = ENTRIES.alias("other")
    inferred = cast(func.extract("year", ENTRIES.c.effective_on), Integer)
    other_stated = _find_stated_year(other)
    other_year = func.coalesce(other_stated, cast(func.extract("year", other.c.effective_on), Integer))
    kind = EntryKind.DISBURSEMENT if book == "treasury" else EntryKind.CONFIRMATION
    is_other_recovery = other.c.kind == EntryKind.RECOVERY.value
    conditions = [
        other.c.year == ENTRIES.c.year,
        other.c.voucher_number_key == ENTRIES.c.voucher_number_key,
        other.c.voucher_source_key == ENTRIES.c.voucher_source_key,
        other.c.id != ENTRIES.c.id,
        or_(and_(is_recovery, is_other_recovery), and_(~is_recovery, other.c.kind == kind.value)),
        _find_paper_kind(other, is_other_recovery) == paper_kind,
        func.abs(other_year - inferred) <= 1,
    ]
    if book == "agency":
        conditions.append(other_stated.is_not(None))
    of_other = select(other_year).where(*conditions).order_by(func.abs(other_year - inferred), other.c.id)
    adopted = of_other.limit(1).correlate(ENTRIES).scalar_subquery()
    return func.coalesce(_find_stated_year(ENTRIES), adopted, inferred)


def _select_payments(book: Book, ledger_filter: LedgerFilter) -> CTE:
    """Return the query of the payments of a book, and of its recoveries with negative amounts."""
    kind = EntryKind.CONFIRMATION if book == "treasury" else EntryKind.DISBURSEMENT
    recovered = POSTINGS.c.confirmed_recovered_vnd if book == "treasury" else POSTINGS.c.recovered_vnd
    is_recovery = ENTRIES.c.kind == EntryKind.RECOVERY.value
    is_in_book = select(POSTINGS.c.lot_id).where(IS_POSTED_BY, recovered > 0).exists()
    changed_lots = select(POSTINGS.c.lot_id).join(LOTS, LOTS.c.id == POSTINGS.c.lot_id)
    unit_since = (
        select(func.min(LOTS.c.unit_since)).join(POSTINGS, POSTINGS.c.lot_id == LOTS.c.id).where(IS_POSTED_BY)
    )
    paper_kind = _find_paper_kind(ENTRIES, is_recovery)
    names = func.json_build_array(
        ENTRIES.c.voucher_source_key,
        ENTRIES.c.voucher_number_key,
        is_recovery,
        paper_kind,
        _find_matching_year(book, is_recovery, paper_kind),
    )
    voucher = case((ENTRIES.c.voucher_number_key.is_(None), None), else_=cast(names, Text))
    line_no = func.coalesce(ENTRIES.c.voucher_line_no, 1)
    rank = func.row_number().over(
        partition_by=(voucher, *(ENTRIES.c[name] for name in LINE_FIELDS), line_no),
        order_by=(ENTRIES.c.amount_vnd, ENTRIES.c.id),
    )
    place = cast(line_no, Text) + literal(" ") + cast(rank, Text)
    return (
        select(
            ENTRIES.c.id,
            ENTRIES.c.voucher_source,
            ENTRIES.c.voucher_number.label("number"),
            voucher.label("voucher"),
            place.label("place"),
            case((is_recovery, -ENTRIES.c.amount_vnd), else_=ENTRIES.c.amount_vnd).label("amount_vnd"),
            is_recovery.label("is_recovery"),
            *(ENTRIES.c[name] for name in LINE_FIELDS),
            ENTRIES.c.effective_on,
            unit_since.correlate(ENTRIES).scalar_subquery().label("unit_since"),
            changed_lots.where(IS_POSTED_BY, *ledger_filter.to_conditions()).exists().label("selected"),
        )
        .outerjoin(REVERSALS, IS_REVERSED_BY)
        .where(
            ENTRIES.c.year == ledger_filter.year,
            or_(ENTRIES.c.kind == kind.value, and_(is_recovery, is_in_book)),
            REVERSALS.c.id.is_(None),
        )
        .cte(book)
    )
