"""How many entries are added at once: their lots locked in one statement, their rows copied in one stream each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Date, Integer, Text, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.store import Entry, row_of
from services.funding.models import LOTS
from services.funding.proposals import Voucher
from services.funding.rules import MEASURES, Amounts, Line, Lot
from services.funding.store import IN_ORDER, Holding, holding_of

OF_LINES = text(
    """
    EXISTS (
        SELECT FROM unnest(:years, :programs, :components, :capitals, :sources, :units, :since)
            AS wanted (year, program, component, capital, source, unit, unit_since)
        WHERE wanted.year = lots.year AND wanted.program = lots.program AND wanted.capital = lots.capital
          AND wanted.source = lots.source AND wanted.unit = lots.unit AND wanted.unit_since = lots.unit_since
          AND wanted.component IS NOT DISTINCT FROM lots.component
    )
    """
).bindparams(
    bindparam("years", type_=ARRAY(Integer)),
    bindparam("since", type_=ARRAY(Date)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("programs", "components", "capitals", "sources", "units")),
)  # fmt: skip

KEEP = text(
    "UPDATE lots SET {values} FROM unnest(:ids, {arrays}) AS kept (id, {names}) WHERE lots.id = kept.id".format(
        values=", ".join(f"{name} = kept.{name}" for name in MEASURES),
        arrays=", ".join(f":{name}" for name in MEASURES),
        names=", ".join(MEASURES),
    )
).bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", *MEASURES)))

FORGET = text(
    "DELETE FROM vouchers USING unnest(:sources, :numbers) AS unused (source, number)"
    " WHERE vouchers.source = unused.source AND vouchers.number = unused.number"
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("sources", "numbers")))


async def lock_lines(session: AsyncSession, lines: Collection[Line]) -> Holding:
    """Lock all lots of many lines, in the order that every entry locks them."""
    said: list[dict[str, Any]] = [each.document() for each in lines]
    query = select(LOTS).where(OF_LINES).order_by(*IN_ORDER).with_for_update(of=LOTS)
    asked = {f"{name}s": [each[name] for each in said] for name in said[0]}
    rows = await session.execute(query, {**asked, "since": [each.unit_since for each in lines]})
    return holding_of(rows.all())


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
    await session.execute(
        FORGET, {"sources": [each.source for each in unused], "numbers": [each.number for each in unused]}
    )
