"""Where classifications are said."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from services.ethnic.classifications import actions, store
from services.ethnic.classifications.rules import Region
from services.ethnic.classifications.schemas import ClassificationIn, ClassificationOut, ClassificationsPage
from shared.kit.bodies import Draft
from shared.kit.clock import AsOf
from shared.kit.days import Day
from shared.kit.identity import PublicReader, Registrar
from shared.kit.paging import Cursor, Limit, link_next, page
from shared.kit.problems import NotFound, Sentence
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.desk import TheDesk
from shared.reporting.registers import UnitsAsked, answer_kept, units_below

router = APIRouter(
    prefix="/v1/ethnic/classifications", tags=["classifications"], route_class=TransactionRoute
)


class ClassificationNotFound(NotFound):
    """No classification has this id."""

    code = "classification_not_found"
    detail = Sentence("Không có quyết định phân loại này.", "There is no such classification.")


async def _regions(request: Request) -> tuple[Region, ...]:
    regions: tuple[Region, ...] = request.app.state.regions
    return regions


TheRegions = Annotated[tuple[Region, ...], Depends(_regions)]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Classify a commune")
async def classify_commune(
    *,
    desk: TheDesk,
    caller: Registrar,
    regions: TheRegions,
    draft: Annotated[Draft[ClassificationIn], Body()],
    response: Response,
) -> ClassificationOut:
    """State which region a commune is in and whether it is in special difficulty, from a day on, by a decision.

    Nothing is overwritten: what the commune is on a day is the latest statement effective by then. Stating the same again
    answers 200 with what is kept.
    """
    kept = await actions.classify(desk.of(caller), draft, regions)
    answer_kept(response, f"{store.PATH}/{kept.row.id}", created=kept.created)
    return ClassificationOut.of(kept.row)


@router.get("", summary="List classifications")
async def list_classifications(
    *,
    desk: TheDesk,
    _: PublicReader,
    request: Request,
    response: Response,
    unit: UnitsAsked = None,
    on: Annotated[
        Day | None, Query(description="only what each commune is on this day, on the map of that day")
    ] = None,
    left_in: Annotated[
        str | None,
        Query(max_length=10, description="only the exits from special difficulty in this period: 2023"),
    ] = None,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ClassificationsPage:
    """List classifications, newest first: all that was stated, what holds on a day, or the exits of a period."""
    if left_in is not None:
        period = Period.parse(left_in)
        below = units_below(desk.territory, unit, period.ends_on)
        query = store.left(below, period.starts_on, period.ends_on, as_of)
    elif on is not None:
        query = store.standing(units_below(desk.territory, unit, on), on, as_of)
    else:
        query = store.history(unit.split(",") if unit else None, as_of)
    found = await page(
        desk.session, query, limit=limit, cursor=cursor, said=lambda row: ClassificationOut.of(row[0])
    )
    link_next(request, response, found.next)
    return found


@router.get("/{classification_id}", summary="Read one classification")
async def read_classification(
    *, desk: TheDesk, _: PublicReader, classification_id: uuid.UUID
) -> ClassificationOut:
    """Read one classification as it was stated."""
    row = await store.find(desk.session, classification_id)
    if row is None:
        raise ClassificationNotFound(classification=str(classification_id))
    return ClassificationOut.of(row)
