"""The basis of a reading: `accepted` is public, `provisional` (accepted or submitted) wants a token."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from shared.kit.identity import SCOPES, Requires

BasisName = Literal["accepted", "provisional"]

_reader = Requires(SCOPES)


async def require_reader_of(basis: str, request: Request) -> None:
    """Refuse whoever shows no token of a client of the program, when something provisional is read."""
    if basis == "provisional":
        await _reader(request)


async def _basis(
    request: Request,
    basis: Annotated[
        BasisName, Query(description="accepted, or provisional (also what is submitted; wants a token)")
    ] = "accepted",
) -> BasisName:
    await require_reader_of(basis, request)
    return basis


Basis = Annotated[BasisName, Depends(_basis)]
"""Which observations count; nobody reads unreviewed ones by accident, or without saying who they are."""


def instant(value: datetime | None) -> str | None:
    """Say an instant as the wire does."""
    return value.isoformat().replace("+00:00", "Z") if value else None
