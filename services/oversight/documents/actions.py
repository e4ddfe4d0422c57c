"""The actions on documents: record, correct."""

import uuid

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.documents.rules import (
    DocumentKinds,
    find_reference_faults,
    refuse_used_number,
)
from services.oversight.documents.schemas import IssuedDocumentCorrectionIn, IssuedDocumentIn
from services.oversight.documents.store import read_documents, read_same_number, to_document
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    RecordContent,
    correct_record,
    find_same_record,
    insert_record,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rules import find_reversed_days
from shared.kit.change_feed import lock_feed
from shared.kit.json_body import PartialBody
from shared.kit.problems import raise_if_any
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult


async def record_document(
    context: ReportingContext,
    draft: PartialBody[IssuedDocumentIn],
    directory: AgencyDirectory,
    kinds: DocumentKinds,
) -> RegisterResult[RecordVersion]:
    """Insert a document, or return the same one. Raise every fault of it, or `DocumentNumberUsed`."""
    record = await _prepare(context, draft, directory, kinds)
    at = await lock_feed(context.session, context.clock)
    if await find_same_record(context, record) is None:
        await _check_references(context, record, uuid.UUID(int=0), draft.body)
    return await insert_record(context, at, record)


async def correct_document(
    context: ReportingContext,
    document_id: uuid.UUID,
    draft: PartialBody[IssuedDocumentCorrectionIn],
    directory: AgencyDirectory,
    kinds: DocumentKinds,
) -> RecordVersion:
    """Insert a version of a document with its whole content anew."""
    record = await _prepare(context, draft, directory, kinds)
    at = await lock_feed(context.session, context.clock)
    await _check_references(context, record, document_id, draft.body)
    return await correct_record(
        context, at, document_id, record, version=draft.body.version, reason=draft.body.reason
    )


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[IssuedDocumentIn] | PartialBody[IssuedDocumentCorrectionIn],
    directory: AgencyDirectory,
    kinds: DocumentKinds,
) -> RecordContent:
    """Return the content of a document; raise every fault of it, or `UnitNotGranted`."""
    body, unread = draft.body, draft.unread
    dated = "signed_on" not in unread
    first = body.effective_on or (body.signed_on if dated else None)
    faults = list(find_reversed_days(first, body.expires_on, "expires_on"))
    if dated and "kind" not in unread:
        faults += kinds.find_faults(body.kind, body.signed_on)
    return await prepare_record(
        context,
        draft,
        "documents",
        dated_by="signed_on",
        key=[body.number, body.issuer, body.signed_on],
        directory=directory,
        agencies=[
            ("/issuer", body.issuer),
            *((f"/demands/{index}/owner", demand.owner) for index, demand in enumerate(body.demands)),
        ],
        faults=faults,
    )


async def _check_references(
    context: ReportingContext, record: RecordContent, document_id: uuid.UUID, body: IssuedDocumentIn
) -> None:
    """Raise the faults of the documents that this one names, or `DocumentNumberUsed`. The feed is locked."""
    document = to_document(
        RecordVersion(id=document_id, day=record.day, unit=record.unit.unit.code, content=record.content)
    )
    if document.relations or document.fulfils or body.distinct_from:
        others = {other.id: other for other in await read_documents(context.session)}
        raise_if_any(find_reference_faults(document, others))
    distinct_from = body.distinct_from.document if body.distinct_from else None
    refuse_used_number(document, await read_same_number(context.session, document), distinct_from)
