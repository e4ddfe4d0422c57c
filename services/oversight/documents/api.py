"""The routes of documents."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Response, status

from services.oversight.agencies.api import CurrentAgencies
from services.oversight.context import OverseerContext, PublicRecordContext, reads_as_public
from services.oversight.documents import actions
from services.oversight.documents.rules import (
    DemandState,
    DocumentKinds,
    DocumentState,
    DueDemand,
    IssuedDocument,
    find_document_state,
    find_replacements,
    list_demands,
)
from services.oversight.documents.schemas import (
    DemandOut,
    DemandsOut,
    IssuedDocumentCorrectionIn,
    IssuedDocumentIn,
    IssuedDocumentOut,
    IssuedDocumentsPage,
)
from services.oversight.documents.store import PATH, read_documents, to_document
from services.oversight.models import RecordVersion
from services.oversight.records.actions import withdraw_record
from services.oversight.records.query_params import OfUnit, OfUnitSince, ProgramFilter, StateDay
from services.oversight.records.rights import read_visible_versions
from services.oversight.records.schemas import ReasonIn, make_key
from services.oversight.records.store import (
    belongs_to,
    content_is,
    has_id,
    is_for_program,
    select_records,
)
from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.kit.query_lists import CommaSeparated
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.reporting.registers import UnitsQuery, require_units, set_created_or_existing

CurrentDocumentKinds = Annotated[DocumentKinds, Depends(resource(DocumentKinds))]

router = APIRouter(prefix=PATH, tags=["documents"], route_class=TransactionRoute)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Record a document")
async def record_document(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    kinds: CurrentDocumentKinds,
    draft: Annotated[PartialBody[IssuedDocumentIn], Body()],
    response: Response,
) -> IssuedDocumentOut:
    """Record a document by its number, issuer and date: the same three are the same document, however they are typed.

    The same content again answers 200; another content is refused with the id of the first (409).
    """
    result = await actions.record_document(context, draft, directory, kinds)
    set_created_or_existing(response, f"{PATH}/{result.row.id}", created=result.created)
    return await _serialize_one(context, result.row)


@router.get("", summary="List documents")
async def list_documents(
    *,
    context: PublicRecordContext,
    directory: CurrentAgencies,
    kinds: CurrentDocumentKinds,
    unit: UnitsQuery = None,
    kind: Annotated[
        list[str] | None,
        CommaSeparated,
        Query(max_length=20, description="only these kinds, separated by commas or repeated"),
    ] = None,
    issuer: Annotated[str | None, Query(max_length=40, description="only those of this agency")] = None,
    number: Annotated[
        str | None, Query(max_length=100, description="only this number, however it is typed")
    ] = None,
    program: ProgramFilter = None,
    state: Annotated[DocumentState | None, Query(description="only those in this state on the day")] = None,
    of_unit: OfUnit = None,
    of_unit_since: OfUnitSince = None,
    normative: Annotated[bool | None, Query(description="only normative documents, or only others")] = None,
    on: StateDay = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> IssuedDocumentsPage:
    """List documents, newest first, each with its state on a day."""
    raise_if_any(
        [
            *(fault for code in kind or () for fault in kinds.find_faults(code, None, "/query/kind")),
            *directory.find_faults([("/query/issuer", issuer)], None),
        ]
    )
    day = on or local_day(as_of or context.now)
    documents = await read_documents(context.session, None, as_of)
    replacements = find_replacements(documents)
    conditions = [
        *content_is("issuer", issuer),
        *is_for_program(program),
        *belongs_to(of_unit, of_unit_since),
        *content_is("normative", None if normative is None else str(normative).lower()),
    ]
    if kind is not None:
        conditions.append(RecordVersion.content["kind"].astext.in_(kind))
    if number is not None or state is not None:
        ids = [
            document.id
            for document in documents
            if (number is None or make_key(document.number) == make_key(number))
            and (state is None or find_document_state(document, replacements, day) == state)
        ]
        conditions.append(has_id(ids))
    query = select_records("documents", require_units(context.territory, unit), as_of, *conditions)
    return await paging.fetch(
        context.session,
        query,
        serialize=lambda row: _serialize(context, row[0], replacements, day),
    )


@router.get("/demands", summary="List what documents demand")
async def list_document_demands(
    *,
    context: PublicRecordContext,
    directory: CurrentAgencies,
    unit: UnitsQuery = None,
    owner: Annotated[str | None, Query(max_length=40, description="only those that this agency owes")] = None,
    state: Annotated[DemandState | None, Query(description="only those in this state on the day")] = None,
    on: Annotated[IsoDate | None, Query(description="day of the states; today when left out")] = None,
    as_of: AsOf = None,
) -> DemandsOut:
    """List what higher documents demand, each until the document that fulfils it is named; the earliest due day first."""
    raise_if_any(directory.find_faults([("/query/owner", owner)], None))
    day = on or local_day(as_of or context.now)
    units = require_units(context.territory, unit)
    demands = list_demands(await read_documents(context.session, None, as_of), day)
    items = [
        _serialize_demand(due, day)
        for due in demands
        if (owner is None or due.demand.owner == owner)
        and (state is None or due.find_state(day) == state)
        and (units is None or _is_owed_within(context, due, units))
    ]
    return DemandsOut(on=day, items=items)


@router.get("/{document_id}", summary="Read one document")
async def read_document(
    *, context: PublicRecordContext, document_id: uuid.UUID, on: StateDay = None, as_of: AsOf = None
) -> IssuedDocumentOut:
    """Read a document with all its versions, and its state on a day; also one that was withdrawn."""
    versions = await read_visible_versions(context, "documents", document_id, as_of)
    replacements = find_replacements(await read_documents(context.session, None, as_of))
    return _serialize(context, versions[0], replacements, on or local_day(as_of or context.now), versions)


@router.post("/{document_id}/corrections", status_code=status.HTTP_201_CREATED, summary="Correct a document")
async def correct_document(
    *,
    context: OverseerContext,
    directory: CurrentAgencies,
    kinds: CurrentDocumentKinds,
    document_id: uuid.UUID,
    draft: Annotated[PartialBody[IssuedDocumentCorrectionIn], Body()],
    response: Response,
) -> IssuedDocumentOut:
    """State the whole content of a document anew, as its next version; the versions before it stay readable."""
    row = await actions.correct_document(context, document_id, draft, directory, kinds)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return await _serialize_one(context, row)


@router.post("/{document_id}/withdraw", status_code=status.HTTP_201_CREATED, summary="Withdraw a document")
async def withdraw_document(
    *, context: OverseerContext, document_id: uuid.UUID, body: ReasonIn, response: Response
) -> IssuedDocumentOut:
    """Take back a document that was recorded by mistake: it counts no more, and stays readable by its id."""
    row = await withdraw_record(context, "documents", document_id, body)
    response.headers["Location"] = f"{PATH}/{row.id}"
    return await _serialize_one(context, row)


async def _serialize_one(context: ReportingContext, row: RecordVersion) -> IssuedDocumentOut:
    replacements = find_replacements(await read_documents(context.session))
    return _serialize(context, row, replacements, local_day(context.now))


def _serialize(
    context: ReportingContext,
    row: RecordVersion,
    replacements: Mapping[uuid.UUID, IssuedDocument],
    on: date,
    versions: Sequence[RecordVersion] | None = None,
) -> IssuedDocumentOut:
    replacement = replacements.get(row.id)
    return IssuedDocumentOut.from_row(
        row,
        context.territory,
        versions=versions,
        public=reads_as_public(context),
        state=find_document_state(to_document(row), replacements, on),
        replaced_by=replacement.id if replacement else None,
    )


def _is_owed_within(context: ReportingContext, due: DueDemand, units: Collection[str]) -> bool:
    """Whether the unit that owes a demand is one of some units, or lay below one when the document was signed."""
    code, day = due.demand.unit or due.document.unit, due.document.signed_on
    line = context.territory.line(code, day) if context.territory.find(code, day) else (code,)
    return not set(line).isdisjoint(units)


def _serialize_demand(due: DueDemand, on: date) -> DemandOut:
    state = due.find_state(on)
    return DemandOut(
        document=due.document.id,
        document_number=due.document.number,
        demand=due.number,
        title=due.demand.title,
        owner=due.demand.owner,
        unit=due.demand.unit or due.document.unit,
        due_on=due.demand.due_on,
        state=state,
        days_late=(on - due.demand.due_on).days if state == "overdue" else 0,
        fulfilled_by=due.fulfilled_by.id if due.fulfilled_by else None,
    )
