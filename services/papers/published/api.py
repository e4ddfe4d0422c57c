"""The routes of published documents: printed figures reconciled with the data."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.papers.gateway import CurrentGateway, RelayingRoute
from services.papers.published.actions import load_published, reconcile_table
from services.papers.published.schemas import PublishedReconciliationOut, PublishedTableIn
from shared.roles import READ, PublicReader

router = APIRouter(prefix="/v1/papers/published", tags=["published"], route_class=RelayingRoute)


@router.get("/{name}", summary="Reconcile a published document")
async def read_published(
    *,
    _: PublicReader,
    gateway: CurrentGateway,
    name: Annotated[str, Path(pattern="^[a-z0-9-]{1,60}$", description="its code: plan-570")],
) -> PublishedReconciliationOut:
    """Reconcile the printed figures of a document that comes with the product, such as Plan 570, with the data.

    Each figure ties, differs by rounding, or differs; a part that is not printed gets the interval in which it must lie.
    """
    return await reconcile_table(gateway, load_published(name))


@router.post("", summary="Reconcile printed figures", dependencies=[Depends(READ)])
async def reconcile_published(
    *,
    gateway: CurrentGateway,
    body: PublishedTableIn,
    dry_run: Annotated[bool, Query(description="no difference: nothing is ever kept")] = False,  # noqa: ARG001 (every write takes it)
) -> PublishedReconciliationOut:
    """Reconcile a table of printed figures of any document with the data. Nothing is kept."""
    return await reconcile_table(gateway, body)
