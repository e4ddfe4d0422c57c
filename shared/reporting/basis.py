"""The basis of figures: `accepted` is public; `provisional` (accepted or submitted) needs a token that may read it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from shared.kit.identity import Caller
from shared.roles import INSIDE, INSIDER_SCOPES

BasisName = Literal["accepted", "provisional"]


def may_read_provisional(caller: Caller, program: str) -> bool:
    """Whether a caller may read what nobody has reviewed."""
    return bool(caller.scopes.intersection(INSIDER_SCOPES)) and program in caller.programs


async def require_basis_access(basis: str, request: Request) -> None:
    """Raise a problem where the basis is provisional and the caller may not read reports that nobody has reviewed."""
    if basis == "provisional":
        await INSIDE(request)


async def _basis(
    request: Request,
    basis: Annotated[
        BasisName,
        Query(
            description="accepted, or provisional (also what is submitted; needs a token with more than `report`)"
        ),
    ] = "accepted",
) -> BasisName:
    await require_basis_access(basis, request)
    return basis


Basis = Annotated[BasisName, Depends(_basis)]
"""The basis that a caller asks for and may read; `accepted` by default."""


def to_rfc3339(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 text in UTC; None for None."""
    return value.isoformat().replace("+00:00", "Z") if value else None
