"""Claims of vouchers: the transaction that records the entry of a voucher claims it, and others wait for that one."""

import uuid
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.closed_years.rules import Closing, SettlementExtension
from services.funding.closed_years.store import to_closing, to_extension
from services.funding.entries.sql import (
    CLAIM_VOUCHERS,
    READ_YEARS_AND_VOUCHERS,
    REASSIGN_VOUCHERS,
    RELEASE_VOUCHERS,
)
from services.funding.ledger import Voucher
from services.funding.voucher_keys import VoucherKey
from shared.kit.database import run_sql

Claims = Mapping[VoucherKey, tuple[Voucher, uuid.UUID]]
"""The voucher as it was stated, and the id of the entry, by what identifies the voucher."""


async def claim_vouchers(session: AsyncSession, claims: Claims) -> dict[VoucherKey, uuid.UUID]:
    """Claim each voucher for an entry; return the ids of the other entries that have claimed vouchers before.

    A transaction that claims the same voucher waits until this one ends.
    """
    columns = _to_columns(claims)
    keys = dict(zip(columns[0], claims, strict=True))
    rows = await run_sql(session, CLAIM_VOUCHERS, *columns)
    claimed = {keys[row.key]: row.entry_id for row in rows}
    return {key: entry_id for key, entry_id in claimed.items() if entry_id != claims[key][1]}


async def reassign_vouchers(session: AsyncSession, claims: Claims) -> None:
    """Assign vouchers of reversed entries to new ones."""
    await run_sql(session, REASSIGN_VOUCHERS, *_to_columns(claims))


class YearsAndVouchers(NamedTuple):
    """The closings and extensions of years, and the entries that claimed papers of the year before or after."""

    closings: list[Closing]
    extensions: list[SettlementExtension]
    adjacent: dict[VoucherKey, list[uuid.UUID]]
    """By the requested key."""


async def read_years_and_adjacent(
    session: AsyncSession, years: Collection[int], late_years: Collection[int], keys: Collection[VoucherKey]
) -> YearsAndVouchers:
    """Return the closings of years, the extensions of late ones, and the entries of papers that differ in the year alone."""
    adjacent: dict[str, list[VoucherKey]] = {}
    for key in keys:
        for text in key.list_adjacent_texts():
            adjacent.setdefault(text, []).append(key)
    result = YearsAndVouchers([], [], {})
    columns = (sorted(years), sorted(late_years), list(adjacent))
    for row in await run_sql(session, READ_YEARS_AND_VOUCHERS, *columns):
        if row.what == "closing":
            result.closings.append(to_closing(row))
        elif row.what == "extension":
            result.extensions.append(to_extension(row))
        else:
            for key in adjacent[row.key]:
                result.adjacent.setdefault(key, []).append(row.entry_id)
    return result


async def release_vouchers(session: AsyncSession, keys: Collection[VoucherKey]) -> None:
    """Delete the claims of entries that are refused."""
    await run_sql(session, RELEASE_VOUCHERS, [key.to_text() for key in keys])


def _to_columns(claims: Claims) -> tuple[list[str], list[str], list[str], list[str], list[uuid.UUID]]:
    return (
        [key.to_text() for key in claims],
        [key.paper.book for key in claims],
        [voucher.issuer for voucher, _ in claims.values()],
        [voucher.number for voucher, _ in claims.values()],
        [entry_id for _, entry_id in claims.values()],
    )
