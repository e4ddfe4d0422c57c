"""The routes of recommendations."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.context import InsiderContext, OverseerContext
from services.oversight.models import RecordVersion
from services.oversight.recommendations import actions
from services.oversight.recommendations.rules import RecommendationState, group_overdue
from services.oversight.recommendations.schemas import (
    OverdueGroupOut,
    OverdueOut,
    RecommendationAnswerIn,
    RecommendationClosingIn,
    RecommendationCorrectionIn,
    RecommendationIn,
    RecommendationOut,
    RecommendationsPage,
    SourceKind,
)
from services.oversight.recommendations.store import (
    PATH,
    find_answering_agency,
    find_answering_units,
    read_recommendations,
    to_recommendation,
)
from services.oversight.records.actions import lock_and_insert_record
from services.oversight.records.query_params import StateDay
from services.oversight.records.schemas import ReasonIn
from services.oversight.records.store import has_id, read_versions, select_records
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

router = APIRouter(prefix=PATH, tags=["recommendations"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a recommendation")
async def record_recommendation(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    draft: Annotated[PartialBody[RecommendationIn], Body()],
    response: Response,
) -> RecommendationOut:
    """Record a recommendation of an inspection, a conference, an audit, a supervision or a council.

    `unit` is the unit of the issuer. The same recommendation again answers 200.
    """
    record = await actions.prepare_recommendation(context, draft, directory)
    result = await lock_and_insert_record(context, record)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return _serialize(context, directory, result.row)


@router.get("", summary="List recommendations")
async def list_recommendations(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    unit: UnitsQuery = None,
    addressee: Annotated[
        str | None,
        Query(
            min_length=2,
            max_length=12,
            description="only those that this unit has to answer on the day: as the addressee, or as its successor",
        ),
    ] = None,
    state: Annotated[
        RecommendationState | None, Query(description="only those in this state on the day")
    ] = None,
    overdue: Annotated[
        bool | None, Query(description="only those that are overdue on the day, or not")
    ] = None,
    unfinished: Annotated[
        bool | None, Query(description="only those issued by the day and not closed on it, or only others")
    ] = None,
    source: Annotated[SourceKind | None, Query(description="only those from this kind of source")] = None,
    on: StateDay = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> RecommendationsPage:
    """List recommendations, newest first, each with its state and with who has to answer it on a day."""
    day = on or local_day(as_of or context.now)
    conditions = []
    if source is not None:
        conditions.append(RecordVersion.content["source"]["kind"].astext == source)
    if any(filter_ is not None for filter_ in (addressee, state, overdue, unfinished)):
        if addressee is not None:
            context.territory.versions(addressee)
        ids = [
            row.id
            for row in await read_recommendations(context.session, None, as_of)
            if (state is None or row.find_state(day) == state)
            and (overdue is None or (row.count_days_late(day) > 0) == overdue)
            and (unfinished is None or row.is_unfinished(day) == unfinished)
            and (
                addressee is None
                or addressee in {unit.code for unit in find_answering_units(context.territory, row, day)}
            )
        ]
        conditions.append(has_id(ids))
    query = select_records("recommendations", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, directory, row[0], day),
    )


@router.get("/overdue", summary="Count overdue recommendations by addressee")
async def count_overdue_recommendations(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    on: Annotated[IsoDate | None, Query(description="the day; today when left out")] = None,
    as_of: AsOf = None,
) -> OverdueOut:
    """Count the overdue recommendations by who has to answer them on a day and by age, the latest first.

    One whose addressee was divided counts for each successor, so the groups may add to more than `recommendations`.
    """
    day = on or local_day(as_of or context.now)
    recommendations = [
        row
        for row in await read_recommendations(context.session, None, as_of)
        if row.count_days_late(day) > 0
    ]
    addressed = [
        (unit.code, find_answering_agency(directory, row, day), row.count_days_late(day))
        for row in recommendations
        for unit in find_answering_units(context.territory, row, day)
    ]
    items = [
        OverdueGroupOut(
            unit=group.unit,
            unit_name=context.territory.unit(group.unit, day).name,
            unit_kind=context.territory.unit(group.unit, day).kind,
            unit_since=context.territory.unit(group.unit, day).valid_from,
            agency=group.agency,
            total=group.total,
            up_to_30_days=group.up_to_30_days,
            up_to_90_days=group.up_to_90_days,
            over_90_days=group.over_90_days,
            longest_days=group.longest_days,
        )
        for group in group_overdue(addressed)
    ]
    return OverdueOut(on=day, recommendations=len(recommendations), items=items)


@router.get("/{recommendation_id}", summary="Read one recommendation")
async def read_recommendation(
    *,
    context: InsiderContext,
    directory: CurrentAgencies,
    recommendation_id: uuid.UUID,
    on: StateDay = None,
    as_of: AsOf = None,
) -> RecommendationOut:
    """Read a recommendation with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_versions(context.session, "recommendations", recommendation_id, as_of)
    day = on or local_day(as_of or context.now)
    return _serialize(context, directory, versions[0], day, versions)


@router.post(
    "/{recommendation_id}/corrections",
    status_code=status.HTTP_201_CREATED,
    summary="Correct a recommendation",
)
async def correct_recommendation(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    recommendation_id: uuid.UUID,
    draft: Annotated[PartialBody[RecommendationCorrectionIn], Body()],
    response: Response,
) -> RecommendationOut:
    """State the whole content anew, as the next version; answers stay, and the versions before it stay readable."""
    row = await actions.correct_recommendation(context, recommendation_id, draft, directory)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post(
    "/{recommendation_id}/answers", status_code=status.HTTP_201_CREATED, summary="Answer a recommendation"
)
async def answer_recommendation(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    recommendation_id: uuid.UUID,
    body: RecommendationAnswerIn,
    response: Response,
) -> RecommendationOut:
    """Answer for the addressee, or for the unit that succeeded it, and name the evidence."""
    row = await actions.answer_recommendation(context, recommendation_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post(
    "/{recommendation_id}/close", status_code=status.HTTP_201_CREATED, summary="Close a recommendation"
)
async def close_recommendation(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    recommendation_id: uuid.UUID,
    body: RecommendationClosingIn,
    response: Response,
) -> RecommendationOut:
    """Close a recommendation as done, refused or dropped, with the reason: only a client of the issuing unit may."""
    row = await actions.close_recommendation(context, recommendation_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


@router.post(
    "/{recommendation_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a recommendation"
)
async def withdraw_recommendation(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    recommendation_id: uuid.UUID,
    body: ReasonIn,
    response: Response,
) -> RecommendationOut:
    """Take back what was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await actions.withdraw_recommendation(context, recommendation_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return _serialize(context, directory, row)


def _serialize(
    context: ReportingContext,
    directory: AgencyDirectory,
    row: RecordVersion,
    on: date | None = None,
    versions: Sequence[RecordVersion] | None = None,
) -> RecommendationOut:
    day = on or local_day(context.now)
    recommendation = to_recommendation(row)
    days_late = recommendation.count_days_late(day)
    return RecommendationOut.from_row(
        row,
        context.territory,
        versions=versions,
        state=recommendation.find_state(day),
        overdue=days_late > 0,
        days_late=days_late,
        answered_by_units=[
            unit.code for unit in find_answering_units(context.territory, recommendation, day)
        ],
        answered_by_agency=find_answering_agency(directory, recommendation, day),
    )
