"""The routes of classifications."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.ethnic.area_laws import AreaFacts
from services.ethnic.classifications import actions, store
from services.ethnic.classifications.queries import ExitCause, RecognitionRules, find_exits, find_statuses
from services.ethnic.classifications.rules import CommuneStatus, RegionFacts
from services.ethnic.classifications.schemas import ClassificationIn, ClassificationOut, ClassificationsPage
from services.ethnic.models import Classification
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
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
    require_units,
    set_created_or_existing,
)
from shared.territory.named_rows import name_units
from shared.territory.villages.store import with_villages

router = APIRouter(
    prefix="/v1/ethnic/classifications", tags=["classifications"], route_class=TransactionRoute
)

LEFT_BY_WITHOUT_PERIOD = Sentence(
    "left_by cần đi cùng left_in: kỳ nào?", "left_by requires left_in: the period of the exits."
)

CurrentAreaFacts = Annotated[AreaFacts, Depends(resource(AreaFacts))]
CurrentRegions = Annotated[RegionFacts, Depends(resource(RegionFacts))]
CurrentRecognitionRules = Annotated[RecognitionRules, Depends(resource(RecognitionRules))]
ExitPeriod = Annotated[
    Period | None,
    period_filter("left_in", "only the exits from special difficulty in this period: 2023"),
]


class ClassificationNotFound(NotFound):
    """No classification has this id."""

    code = "classification_not_found"
    detail = Sentence("Không có quyết định phân loại này.", "There is no such classification.")


@router.post("", status_code=status.HTTP_201_CREATED, summary="Classify a commune")
async def classify_commune(
    *,
    context: RegistrarContext,
    region_facts: CurrentRegions,
    area_facts: CurrentAreaFacts,
    rules: CurrentRecognitionRules,
    draft: Annotated[PartialBody[ClassificationIn], Body()],
    response: Response,
) -> ClassificationOut:
    """State the region of a commune and whether it is in special difficulty, from a day on, by a decision.

    Nothing is overwritten: on a day the latest classification in effect holds. It ends with the lists of the law of its day. The same decision again answers 200 with
    the existing classification.
    """
    result = await actions.classify(context, draft, region_facts.regions, area_facts)
    set_created_or_existing(response, f"{store.PATH}/{result.row.id}", created=result.created)
    return (await _serialize(context, rules, [result.row]))[0]


@router.get("", summary="List classifications")
async def list_classifications(
    *,
    context: PublicContext,
    rules: CurrentRecognitionRules,
    unit: UnitsQuery = None,
    on: Annotated[
        IsoDate | None,
        Query(description="only the classification of each commune in effect on this day, on its map"),
    ] = None,
    left_in: ExitPeriod,
    left_by: Annotated[
        ExitCause | None,
        Query(
            description="of the exits of a period, only those by a decision in effect at its end, or only those by a "
            "recognition alone"
        ),
    ] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ClassificationsPage:
    """List classifications, newest first: all of them, those in effect on a day, or the exits of a period.

    Each holds what its decision states, and separately (`by_rule`) the consequence of a recognition of the commune.
    """
    if left_by is not None and left_in is None:
        raise Invalid(faults=[make_fault("/query/left_by", "left_by_without_period", LEFT_BY_WITHOUT_PERIOD)])
    statuses: Sequence[CommuneStatus] | None = None
    if left_in is not None:
        units = expand_units(context.territory, unit, left_in.ends_on)
        statuses = await find_exits(context.session, rules, units, left_in, as_of, left_by)
    elif on is not None:
        units = expand_units(context.territory, unit, on)
        statuses = await find_statuses(context.session, rules, units, on, as_of)
    query = (
        store.select_classifications(require_units(context.territory, unit), as_of)
        if statuses is None
        else store.select_by_ids([commune_status.classification.id for commune_status in statuses])
    )
    page = await paging.fetch(context.session, query, serialize=lambda row: row[0])
    items = await _serialize(context, rules, page.items, statuses, as_of)
    return ClassificationsPage(items=items, next=page.next)


@router.get("/{classification_id}", summary="Read one classification")
async def read_classification(
    *, context: PublicContext, rules: CurrentRecognitionRules, classification_id: uuid.UUID
) -> ClassificationOut:
    """Read one classification as it was stated, and the consequence of a recognition that applies today."""
    row = await store.find_classification(context.session, classification_id)
    if row is None:
        raise ClassificationNotFound(classification=str(classification_id))
    return (await _serialize(context, rules, [row]))[0]


async def _serialize(
    context: ReportingContext,
    rules: RecognitionRules,
    rows: Sequence[Classification],
    statuses: Sequence[CommuneStatus] | None = None,
    as_of: datetime | None = None,
) -> list[ClassificationOut]:
    """Serialize rows with the statuses of their communes; None: their statuses of today are read."""
    if statuses is None:
        today = local_day(context.now)
        counterparts = (
            find_unchanged_counterpart(context.territory, row.unit, row.effective_on, today) for row in rows
        )
        units = {code for code in counterparts if code is not None}
        statuses = await find_statuses(context.session, rules, units, today, as_of)
    by_classification = {commune_status.classification.id: commune_status for commune_status in statuses}
    items = [ClassificationOut.from_row(row, by_classification.get(row.id)) for row in rows]
    territory = await with_villages(context.session, context.territory, [row.unit for row in items])
    return name_units(territory, items, lambda row: row.effective_on)
