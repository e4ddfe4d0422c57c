"""The routes of lists."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.ethnic.area_laws import ListKind, ListLevel
from services.ethnic.areas.queries import CurrentAreaRules
from services.ethnic.classifications.rules import RegionFacts
from services.ethnic.lists import store
from services.ethnic.lists.actions import record_list
from services.ethnic.lists.differences import compare_lists
from services.ethnic.lists.rules import ListNotFound
from services.ethnic.lists.schemas import (
    ClassificationListIn,
    ClassificationListOut,
    ClassificationListsPage,
    ListDifferencesOut,
    ListRowOut,
    ListRowsPage,
    RecordedListOut,
)
from services.ethnic.lists.verdicts import to_recorded_list
from services.ethnic.models import Classification, ClassificationList
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import PublicContext, RegistrarContext, ReportingContext
from shared.reporting.figures.withholding import may_read_withheld
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing
from shared.territory.named_rows import name_units
from shared.territory.villages.store import name_listed_units

router = APIRouter(prefix=store.PATH, tags=["lists"], route_class=TransactionRoute)

CurrentRegionFacts = Annotated[RegionFacts, Depends(resource(RegionFacts))]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a list")
async def record_classification_list(
    *,
    context: RegistrarContext,
    rules: CurrentAreaRules,
    region_facts: CurrentRegionFacts,
    draft: Annotated[PartialBody[ClassificationListIn], Body()],
    response: Response,
) -> RecordedListOut:
    """Record a list of communes, villages, districts or ethnic groups by its decision, with a verdict for each row.

    It is kept or refused whole; a refusal names every fault. The same list again answers 200.
    """
    result = await record_list(context, draft, rules, region_facts)
    set_created_or_existing(response, f"{store.PATH}/{result.row.row.id}", created=result.created)
    on = result.row.row.effective_on
    recorded = to_recorded_list(result.row)
    verdicts = await name_listed_units(context.session, context.territory, recorded.verdicts, lambda _: on)
    (named,) = name_units(context.territory, [recorded], lambda _: on)
    return named.model_copy(update={"verdicts": verdicts})


@router.get("", summary="List the lists")
async def list_classification_lists(
    *,
    context: PublicContext,
    unit: UnitsQuery = None,
    kind: Annotated[ListKind | None, Query(description="only of this kind")] = None,
    level: Annotated[ListLevel | None, Query(description="only of units of this level")] = None,
    on: Annotated[IsoDate | None, Query(description="only those in effect on this day")] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ClassificationListsPage:
    """List the recorded lists, newest first, with decision, law, period and days."""
    query = store.select_lists(require_units(context.territory, unit), kind, level, on, as_of)
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: ClassificationListOut.from_row(row[0]),
    )
    return ClassificationListsPage(items=_name_lists(context, page.items), next=page.next)


@router.get("/{list_id}", summary="Read a list")
async def read_classification_list(*, context: PublicContext, list_id: uuid.UUID) -> ClassificationListOut:
    """Read a list with its decision, law, period and days; its rows are at `/rows`."""
    row = ClassificationListOut.from_row(await require_list(context, list_id))
    (named,) = _name_lists(context, [row])
    return named


@router.get("/{list_id}/rows", summary="Read the rows of a list")
async def list_rows(
    *,
    context: PublicContext,
    list_id: uuid.UUID,
    paging: Annotated[Paging, paged_by(200)],
) -> ListRowsPage:
    """Read the rows of a list in the order in which they were posted."""
    row = await require_list(context, list_id)
    page = await paging.fetch(
        context.session,
        store.select_rows(list_id),
        serialize=lambda selected: selected[0],
    )
    items = await _serialize_rows(context, row, page.items)
    return ListRowsPage(items=items, next=page.next)


@router.get("/{list_id}/differences", summary="Compare two lists")
async def compare_classification_lists(
    *,
    context: PublicContext,
    list_id: uuid.UUID,
    other: Annotated[uuid.UUID, Query(description="the other list, of the same kind and level")],
) -> ListDifferencesOut:
    """Read what changed between two lists: the units added, taken off, and put into another region.

    An adjustment is compared as the list that it makes of the list before it.
    """
    first = await require_list(context, list_id)
    second = await require_list(context, other)
    compared = await compare_lists(context, first, second)
    on = compared.later.effective_on
    earlier, later = _name_lists(context, [compared.earlier, compared.later])
    items = await name_listed_units(context.session, context.territory, compared.items, lambda _: on)
    return compared.model_copy(update={"earlier": earlier, "later": later, "items": items})


async def require_list(context: ReportingContext, list_id: uuid.UUID) -> ClassificationList:
    """Return a list; raise `ListNotFound`."""
    row = await store.find_list(context.session, list_id)
    if row is None:
        raise ListNotFound(list=str(list_id))
    return row


def _name_lists(context: ReportingContext, lists: list[ClassificationListOut]) -> list[ClassificationListOut]:
    """Return lists with the names of their units, without what is withheld from the caller."""
    if not may_read_withheld(context):
        lists = [row.without_hash_of_groups() for row in lists]
    return name_units(context.territory, lists, lambda row: row.effective_on)


async def _serialize_rows(
    context: ReportingContext, row: ClassificationList, rows: list[Classification]
) -> list[ListRowOut]:
    withheld = not may_read_withheld(context)
    items = [
        ListRowOut.from_row(selected, without_numbers=withheld and bool(selected.ethnic_group))
        for selected in rows
    ]
    return await name_listed_units(context.session, context.territory, items, lambda _: row.effective_on)
