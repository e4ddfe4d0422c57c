"""How many entries are added at once: their rows copied in one stream each."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.balances import MEASURES, Amounts, Lot
from services.funding.entries.store import Entry, row_of
from services.funding.proposals import Voucher
from services.funding.store import Holding

KEEP = text(
    "UPDATE lots SET {values} FROM unnest(:ids, {arrays}) AS kept (id, {names}) WHERE lots.id = kept.id".format(
        values=", ".join(f"{name} = kept.{name}" for name in MEASURES),
        arrays=", ".join(f":{name}" for name in MEASURES),
        names=", ".join(MEASURES),
    )
).bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", *MEASURES)))

FORGET = text(
    "DELETE FROM vouchers USING unnest(:books, :sources, :numbers) AS unused (book, source, number)"
    " WHERE vouchers.book = unused.book AND vouchers.source = unused.source AND vouchers.number = unused.number"
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("books", "sources", "numbers")))


async def keep_all(session: AsyncSession, holding: Holding, after: Mapping[Lot, Amounts]) -> None:
    """Write the balances of many locked lots in one statement."""
    columns = {name: [getattr(each, name) for each in after.values()] for name in MEASURES}
    await session.execute(KEEP, {"ids": [holding.ids[lot] for lot in after], **columns})


async def append_all(session: AsyncSession, entries: Sequence[Entry], holding: Holding) -> None:
    """Add entries with their postings, in the order given."""
    rows = [row_of(each) for each in entries]
    postings = [
        (each.year, each.id, holding.ids[posting.lot], *posting.change.values())
        for each in entries
        for posting in each.postings
    ]
    driver = (await (await session.connection()).get_raw_connection()).driver_connection
    assert driver is not None
    columns = list(rows[0])
    await driver.copy_records_to_table(
        "entries", records=[tuple(row.values()) for row in rows], columns=columns
    )
    await driver.copy_records_to_table(
        "postings", records=postings, columns=["year", "entry_id", "lot_id", *MEASURES]
    )


async def forget_claims(session: AsyncSession, vouchers: Iterable[Voucher]) -> None:
    """Give up the claims of entries that were refused."""
    unused = list(vouchers)
    asked = {f"{name}s": [getattr(each, name) for each in unused] for name in ("book", "source", "number")}
    await session.execute(FORGET, asked)
