"""Reading of papers: all entries of an issuer's number, by what identifies each paper."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.store import load_postings, select_entries
from services.funding.entry_kinds import REVERSING_KINDS
from services.funding.ledger import Entry
from services.funding.models import ENTRIES
from services.funding.voucher_keys import PaperKey, find_paper_key
from shared.kit.canonical_text import canonicalize


async def read_papers(session: AsyncSession, source: str, number: str) -> dict[PaperKey, list[Entry]]:
    """Return the entries of each paper of an issuer with a number, however they are spelled, in the order of recording."""
    query = select_entries().where(
        ENTRIES.c.voucher_number_key == canonicalize(number),
        ENTRIES.c.voucher_source_key == canonicalize(source),
        ENTRIES.c.kind.not_in([kind.value for kind in REVERSING_KINDS]),
    )
    rows = (await session.execute(query.order_by(ENTRIES.c.sequence))).all()
    papers: dict[PaperKey, list[Entry]] = {}
    for entry in await load_postings(session, rows) if rows else ():
        if entry.voucher is not None:
            papers.setdefault(find_paper_key(entry, entry.voucher), []).append(entry)
    return papers
