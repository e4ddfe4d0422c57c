"""The basis of a reading: `accepted` is public, `provisional` (accepted or submitted) wants a token that may see it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from shared.roles import INSIDE

BasisName = Literal["accepted", "provisional"]


async def require_basis_access(basis: str, request: Request) -> None:
    """Refuse whoever may not see what nobody has reviewed, when something provisional is read."""
    if basis == "provisional":
        await INSIDE(request)


async def _basis(
    request: Request,
    basis: Annotated[
        BasisName,
        Query(
            description="accepted, or provisional (also what is submitted; wants a token with more than `report`)"
        ),
    ] = "accepted",
) -> BasisName:
    await require_basis_access(basis, request)
    return basis


Basis = Annotated[BasisName, Depends(_basis)]
"""Which observations count; nobody reads unreviewed ones by accident, or without saying who they are."""


def to_rfc3339(value: datetime | None) -> str | None:
    """Say an instant as the wire does."""
    return value.isoformat().replace("+00:00", "Z") if value else None
