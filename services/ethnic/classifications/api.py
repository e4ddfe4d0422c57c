"""Where classifications are said."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from services.ethnic.classifications import actions, store
from services.ethnic.classifications.reading import LeftBy, Rulebook, exits
from services.ethnic.classifications.reading import standings as standings_on
from services.ethnic.classifications.schemas import ClassificationIn, ClassificationOut, ClassificationsPage
from services.ethnic.dated_facts import RegionFacts
from services.ethnic.models import Classification
from services.ethnic.recognitions.rules import Standing
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, NotFound, Sentence, make_fault
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import Period, local_day
from shared.reporting.context import PublicContext, RegistrarContext, ReportingContext
from shared.reporting.query_params import period_filter
from shared.reporting.registers import (
    UnitsQuery,
    expand_units,
    find_unchanged_counterpart,
    parse_units,
    set_created_or_existing,
)

router = APIRouter(
    prefix="/v1/ethnic/classifications", tags=["classifications"], route_class=TransactionRoute
)


LEFT_BY_WITHOUT_PERIOD = Sentence(
    "left_by cần đi cùng left_in: kỳ nào?", "left_by wants left_in beside it: in which period?"
)


class ClassificationNotFound(NotFound):
    """No classification has this id."""

    code = "classification_not_found"
    detail = Sentence("Không có quyết định phân loại này.", "There is no such classification.")


CurrentRegionFacts = Annotated[RegionFacts, Depends(resource(RegionFacts))]
TheRulebook = Annotated[Rulebook, Depends(resource(Rulebook))]
LeftIn = Annotated[
    Period | None,
    period_filter("left_in", "only the exits from special difficulty in this period: 2023"),
]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Classify a commune")
async def classify_commune(
    *,
    context: RegistrarContext,
    region_facts: CurrentRegionFacts,
    rulebook: TheRulebook,
    draft: Annotated[PartialBody[ClassificationIn], Body()],
    response: Response,
) -> ClassificationOut:
    """State which region a commune is in and whether it is in special difficulty, from a day on, by a decision.

    Nothing is overwritten: what the commune is on a day is the latest statement effective by then. Stating the same again
    answers 200 with what is kept.
    """
    kept = await actions.classify(context, draft, region_facts.regions)
    set_created_or_existing(response, f"{store.PATH}/{kept.row.id}", created=kept.created)
    return (await _said(context, rulebook, [kept.row]))[0]


@router.get("", summary="List classifications")
async def list_classifications(
    *,
    context: PublicContext,
    rulebook: TheRulebook,
    request: Request,
    response: Response,
    unit: UnitsQuery = None,
    on: Annotated[
        IsoDate | None, Query(description="only what each commune is on this day, on the map of that day")
    ] = None,
    left_in: LeftIn,
    left_by: Annotated[
        LeftBy | None,
        Query(
            description="of the exits of a period, only those that a decision says at its end, or only those that rest "
            "on a recognition alone"
        ),
    ] = None,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ClassificationsPage:
    """List classifications, newest first: all that was stated, what holds on a day, or the exits of a period.

    Each says what its decision says, and apart from it (`by_rule`) what a recognition of the commune makes of that.
    """
    if left_by is not None and left_in is None:
        raise Invalid(faults=[make_fault("/query/left_by", "left_by_without_period", LEFT_BY_WITHOUT_PERIOD)])
    standings: Sequence[Standing] | None = None
    if left_in is not None:
        below = expand_units(context.territory, unit, left_in.ends_on)
        standings = await exits(context.session, rulebook, below, left_in, as_of, left_by)
    elif on is not None:
        below = expand_units(context.territory, unit, on)
        standings = await standings_on(context.session, rulebook, below, on, as_of)
    query = (
        store.history(parse_units(context.territory, unit), as_of)
        if standings is None
        else store.chosen([it.decided.id for it in standings])
    )
    found = await fetch_page(context.session, query, limit=limit, cursor=cursor, said=lambda row: row[0])
    set_next_link(request, response, found.next)
    said = await _said(context, rulebook, found.items, standings, as_of)
    return ClassificationsPage(items=said, next=found.next)


@router.get("/{classification_id}", summary="Read one classification")
async def read_classification(
    *, context: PublicContext, rulebook: TheRulebook, classification_id: uuid.UUID
) -> ClassificationOut:
    """Read one classification as it was stated, and what the rule makes of it today."""
    row = await store.find(context.session, classification_id)
    if row is None:
        raise ClassificationNotFound(classification=str(classification_id))
    return (await _said(context, rulebook, [row]))[0]


async def _said(
    context: ReportingContext,
    rulebook: Rulebook,
    rows: Sequence[Classification],
    standings: Sequence[Standing] | None = None,
    as_of: datetime | None = None,
) -> list[ClassificationOut]:
    """Say rows by the standings of the day asked about: today's, where no day was."""
    if standings is None:
        today = local_day(context.now)
        here = (
            find_unchanged_counterpart(context.territory, row.unit, row.effective_on, today) for row in rows
        )
        units = {code for code in here if code is not None}
        standings = await standings_on(context.session, rulebook, units, today, as_of)
    by_decision = {standing.decided.id: standing for standing in standings}
    return [ClassificationOut.of(row, by_decision.get(row.id)) for row in rows]
