"""The paper of an entry stands for one entry: the same voucher sent again is the entry that is there already.

A voucher is claimed before anything is locked, so a twin waits until the first has committed, and then finds its entry.
Reversing an entry sets its voucher free: what was entered wrongly is entered anew, under the same paper.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ARRAY, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.store import find_many
from services.funding.ledger import Entry, Voucher
from shared.kit.problems import Conflict, Sentence

SAME = (
    "kind",
    "year",
    "program",
    "component",
    "capital",
    "source",
    "unit",
    "origin_year",
    "amount_vnd",
    "decision",
    "project",
)
"""What makes two entries the same fact. A remark is none; a day only where it was said."""

CLAIM = text(
    """
    INSERT INTO vouchers (book, source, number, entry_id)
    SELECT * FROM unnest(:books, :sources, :numbers, :ids) AS wanted (book, source, number, entry_id)
    ORDER BY 1, 2, 3
    ON CONFLICT (book, source, number) DO UPDATE SET entry_id = vouchers.entry_id
    RETURNING book, source, number, entry_id
    """
).bindparams(
    bindparam("books", type_=ARRAY(Text)),
    bindparam("sources", type_=ARRAY(Text)),
    bindparam("numbers", type_=ARRAY(Text)),
    bindparam("ids", type_=ARRAY(Uuid)),
)

TAKE_OVER = text(
    "UPDATE vouchers SET entry_id = taken.entry_id"
    " FROM unnest(:books, :sources, :numbers, :ids) AS taken (book, source, number, entry_id)"
    " WHERE vouchers.book = taken.book AND vouchers.source = taken.source AND vouchers.number = taken.number"
).bindparams(
    *(bindparam(name, type_=ARRAY(Text)) for name in ("books", "sources", "numbers")),
    bindparam("ids", type_=ARRAY(Uuid)),
)

FORGET = text(
    "DELETE FROM vouchers USING unnest(:books, :sources, :numbers) AS unused (book, source, number)"
    " WHERE vouchers.book = unused.book AND vouchers.source = unused.source AND vouchers.number = unused.number"
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("books", "sources", "numbers")))


class VoucherUsed(Conflict):
    """The voucher stands for another entry."""

    code = "voucher_used"
    title = Sentence("Chứng từ đã được ghi", "The voucher was used")
    detail = Sentence(
        "Chứng từ {number} của {source} đã ghi cho bút toán {entry}, khác ở: {differs}.",
        "The voucher {number} of {source} stands for the entry {entry}, which differs in: {differs}.",
    )

    def __init__(self, voucher: Voucher, entry: Entry, differs: Sequence[str]) -> None:
        super().__init__(
            source=voucher.source, number=voucher.number, entry=str(entry.id), differs=", ".join(differs)
        )


def differences(entry: Entry, kept: Entry, *, dated: bool) -> list[str]:
    """Name in what a kept entry differs from one to be; `dated` where that one's day was said and not defaulted."""
    found = [name for name in SAME if getattr(entry, name) != getattr(kept, name)]
    if dated and entry.effective_on != kept.effective_on:
        found.append("effective_on")
    return found


async def claim(session: AsyncSession, wanted: Mapping[Voucher, uuid.UUID]) -> Mapping[Voucher, Entry]:
    """Claim vouchers for entries to be; gives the standing entries of those that were used before."""
    if not wanted:
        return {}
    used: dict[Voucher, uuid.UUID] = {}
    for row in await session.execute(CLAIM, {**_said(wanted), "ids": list(wanted.values())}):
        voucher = Voucher(row.source, row.number, row.book)
        if row.entry_id != wanted[voucher]:
            used[voucher] = row.entry_id
    if not used:
        return {}
    kept = await find_many(session, used.values())
    standing = {voucher: kept[entry] for voucher, entry in used.items() if kept[entry].reversed_by is None}
    free = [voucher for voucher in used if voucher not in standing]
    if free:
        await session.execute(TAKE_OVER, {**_said(free), "ids": [wanted[voucher] for voucher in free]})
    return standing


async def forget(session: AsyncSession, vouchers: Collection[Voucher]) -> None:
    """Give up the claims of entries that were refused."""
    await session.execute(FORGET, _said(vouchers))


def _said(vouchers: Iterable[Voucher]) -> dict[str, list[str]]:
    said = list(vouchers)
    return {f"{name}s": [getattr(each, name) for each in said] for name in ("book", "source", "number")}
