"""Claims of vouchers: whoever records the entry of a voucher claims it, and another transaction waits for the first."""

import uuid
from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.ledger import Voucher
from services.funding.voucher_keys import VoucherKey
from shared.kit.database import run_sql

CLAIM_VOUCHERS = """
    INSERT INTO vouchers (key, book, source, number, entry_id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
        AS claimed (key, book, source, number, entry_id)
    ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET entry_id = vouchers.entry_id
    RETURNING key, entry_id
"""
"""Locks the rows of the vouchers, in their order; returns the entries that they stand for."""

REASSIGN_VOUCHERS = """
    UPDATE vouchers SET book = claimed.book, source = claimed.source, number = claimed.number, entry_id = claimed.entry_id
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[])
        AS claimed (key, book, source, number, entry_id)
    WHERE vouchers.key = claimed.key
"""

RELEASE_VOUCHERS = "DELETE FROM vouchers WHERE key = ANY ($1::text[])"

Claims = Mapping[VoucherKey, tuple[Voucher, uuid.UUID]]
"""The voucher as it was stated, and the id of the entry, by what identifies the voucher."""


async def claim_vouchers(session: AsyncSession, claims: Claims) -> dict[VoucherKey, uuid.UUID]:
    """Claim each voucher for an entry; return the ids of the other entries that vouchers stand for already.

    A transaction that claims the same voucher waits until this one ends.
    """
    keys = {key.to_text(): key for key in claims}
    rows = await run_sql(session, CLAIM_VOUCHERS, *_to_columns(claims))
    claimed = {keys[row.key]: row.entry_id for row in rows}
    return {key: entry_id for key, entry_id in claimed.items() if entry_id != claims[key][1]}


async def reassign_vouchers(session: AsyncSession, claims: Claims) -> None:
    """Let vouchers of reversed entries stand for new ones."""
    await run_sql(session, REASSIGN_VOUCHERS, *_to_columns(claims))


async def release_vouchers(session: AsyncSession, keys: Collection[VoucherKey]) -> None:
    """Delete the claims of entries that are refused."""
    await run_sql(session, RELEASE_VOUCHERS, [key.to_text() for key in keys])


def _to_columns(claims: Claims) -> tuple[list[str], list[str], list[str], list[str], list[uuid.UUID]]:
    return (
        [key.to_text() for key in claims],
        [key.paper.book for key in claims],
        [voucher.source for voucher, _ in claims.values()],
        [voucher.number for voucher, _ in claims.values()],
        [entry_id for _, entry_id in claims.values()],
    )
