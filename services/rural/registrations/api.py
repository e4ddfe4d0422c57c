"""The routes of registrations."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.rural.assessments.queries import AssessmentQuery, resolve_query
from services.rural.criteria.api import CurrentCriteriaSets
from services.rural.criteria.sets import RecognitionLevel
from services.rural.models import Registration
from services.rural.registrations import actions, queries, store
from services.rural.registrations.rules import RegistrationState
from services.rural.registrations.schemas import (
    AssessedIn,
    EndedIn,
    MetAndRecognizedOut,
    RegistrationIn,
    RegistrationOut,
    RegistrationsPage,
    SubmittedIn,
)
from services.rural.registrations.store import RegistrationFilter
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.transactions import TransactionRoute
from shared.periods import FIRST_YEAR, LAST_YEAR, Period, PeriodKind
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext, RegistrarContext, ReportingContext, ReviewerContext
from shared.reporting.query_params import StandardQuery, period_filter
from shared.reporting.registers import (
    RegisterResult,
    UnitsQuery,
    require_units,
    set_created_or_existing,
)
from shared.territory.query_params import UnitQuery
from shared.territory.villages.store import name_listed_units, with_villages

NOT_THAT_YEAR = Sentence(
    "Kỳ {period} phải là một năm, và là năm nêu ở year.",
    "The period {period} has to be a year, and the one that year names.",
)

router = APIRouter(prefix=store.PATH, tags=["registrations"], route_class=TransactionRoute)


async def _read_year(
    period: Annotated[Period | None, period_filter("period", "the year, as an SDMX time period: 2023")],
    year: Annotated[
        int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="the year; the same as period")
    ] = None,
) -> int | None:
    """Return the year of the parameter `year`, or of `period`, which means the same."""
    if period is None:
        return year
    if period.kind is not PeriodKind.YEAR or year not in {None, period.year}:
        raise Invalid(
            faults=[make_fault("/query/period", "period_not_that_year", NOT_THAT_YEAR, period=str(period))]
        )
    return period.year


RequestedYear = Annotated[int | None, Depends(_read_year)]
"""The year of a request, None where it names none."""


async def _resolve_comparison(
    context: PublicContext,
    basis: Basis,
    unit: UnitQuery,
    year: RequestedYear,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> AssessmentQuery:
    period = None if year is None else Period.parse(str(year))
    return await resolve_query(context, unit, period, basis, as_of, standard)


async def _make_filter(
    year: RequestedYear,
    level: Annotated[RecognitionLevel | None, Query(description="only this level")] = None,
    state: Annotated[RegistrationState | None, Query(description="only those in this state")] = None,
) -> RegistrationFilter:
    return RegistrationFilter(level, year, state)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Register a unit to meet a standard")
async def register_unit(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    draft: Annotated[PartialBody[RegistrationIn], Body()],
    response: Response,
) -> RegistrationOut:
    """State the plan by which a commune or village is to meet a standard in a year.

    The same plan again answers 200; another plan for the same unit, set and year is refused (409).
    """
    return await _answer(context, await actions.register(context, draft, sets), response)


@router.get("", summary="List registrations")
async def list_registrations(
    *,
    context: PublicContext,
    filters: Annotated[RegistrationFilter, Depends(_make_filter)],
    unit: UnitsQuery = None,
    paging: Annotated[Paging, paged_by(100)],
) -> RegistrationsPage:
    """List registrations with their state and steps, newest first."""
    territory = await with_villages(context.session, context.territory, unit or [])
    page = await paging.fetch(
        context.session,
        store.select_registrations(require_units(territory, unit), filters),
        serialize=lambda row: RegistrationOut.from_row(row[0], row[1]),
    )
    return RegistrationsPage(items=await _name_units(context, page.items), next=page.next)


@router.get("/comparison", summary="Compare communes that meet every criterion with those recognized")
async def compare_met_with_recognized(
    *,
    context: PublicContext,
    sets: CurrentCriteriaSets,
    query: Annotated[AssessmentQuery, Depends(_resolve_comparison)],
) -> MetAndRecognizedOut:
    """Read which communes meet every criterion, which are recognized, and for each difference the reason.

    A commune that meets every criterion is recognized only once it was registered, assessed, submitted and decided on; one
    that was recognized under an earlier set stays so until it is recognized again or revoked. Without a year the latest assessed one.
    """
    return await queries.compare_met_with_recognized(context, query, sets)


@router.get("/{registration_id}", summary="Read one registration")
async def read_registration(*, context: PublicContext, registration_id: uuid.UUID) -> RegistrationOut:
    """Read one registration with its steps."""
    return await _read(context, registration_id)


@router.post("/{registration_id}/assess", status_code=status.HTTP_201_CREATED, summary="State the assessment")
async def assess_registration(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    registration_id: uuid.UUID,
    draft: Annotated[PartialBody[AssessedIn], Body()],
    response: Response,
) -> RegistrationOut:
    """State the overdue debts and the satisfaction of residents that an assessment found.

    The criteria are those of the accepted assessment of the year. A unit may be assessed again, also after its dossier was
    sent back or it was not recognized.
    """
    return await _answer(
        context, await actions.record_assessment(context, registration_id, draft, sets), response
    )


@router.post("/{registration_id}/submit", status_code=status.HTTP_201_CREATED, summary="Submit the dossier")
async def submit_registration(
    *,
    context: RegistrarContext,
    sets: CurrentCriteriaSets,
    registration_id: uuid.UUID,
    draft: Annotated[PartialBody[SubmittedIn], Body()],
    response: Response,
) -> RegistrationOut:
    """State that the dossier of an assessed unit is submitted to the authority that recognizes.

    Every criterion must be met, no debts be overdue and enough residents be satisfied: refused with the clause (409), or
    accepted by a recorded exception with its reason.
    """
    return await _answer(
        context, await actions.submit_dossier(context, registration_id, draft, sets), response
    )


@router.post(
    "/{registration_id}/refuse",
    status_code=status.HTTP_201_CREATED,
    summary="State that it is not recognized",
)
async def refuse_registration(
    *,
    context: ReviewerContext,
    registration_id: uuid.UUID,
    draft: Annotated[PartialBody[EndedIn], Body()],
    response: Response,
) -> RegistrationOut:
    """State that a submitted unit is not recognized, and why; a recognition is stated in the register of recognitions."""
    result = await actions.end_registration(context, registration_id, draft, "not_recognized")
    return await _answer(context, result, response)


@router.post(
    "/{registration_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a registration"
)
async def withdraw_registration(
    *,
    context: RegistrarContext,
    registration_id: uuid.UUID,
    draft: Annotated[PartialBody[EndedIn], Body()],
    response: Response,
) -> RegistrationOut:
    """State that a unit is no longer to meet the standard in that year, and why."""
    result = await actions.end_registration(context, registration_id, draft, "withdrawn")
    return await _answer(context, result, response)


async def _answer(
    context: ReportingContext, result: RegisterResult[Registration], response: Response
) -> RegistrationOut:
    set_created_or_existing(response, f"{store.PATH}/{result.row.id}", created=result.created)
    return await _read(context, result.row.id)


async def _read(context: ReportingContext, registration_id: uuid.UUID) -> RegistrationOut:
    row = await store.find_registration(context.session, registration_id)
    (registration,) = await _name_units(context, [RegistrationOut.from_row(*row)])
    return registration


async def _name_units(context: ReportingContext, rows: list[RegistrationOut]) -> list[RegistrationOut]:
    """Return registrations with the names of their units on the day of the plan."""
    return await name_listed_units(context.session, context.territory, rows, lambda row: row.decision.date)
