"""The actions on documents: record, correct."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.documents.rules import (
    DEMAND_FULFILLED,
    DocumentKinds,
    IssuedDocument,
    find_reference_faults,
    refuse_used_number,
)
from services.oversight.documents.schemas import IssuedDocumentCorrectionIn, IssuedDocumentIn
from services.oversight.documents.store import read_same_number, to_document
from services.oversight.models import RecordVersion
from services.oversight.records.actions import (
    RecordContent,
    correct_record,
    find_same_record,
    insert_record,
    to_unit_on_day,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.rights import is_record_granted, require_record_granted
from services.oversight.records.rules import ActNotPossible, find_reversed_days
from services.oversight.records.store import content_has, read_by_ids, read_records, read_versions
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, raise_if_any
from shared.reporting.context import ReportingContext
from shared.reporting.registers import RegisterResult, UnitOnDay, locate_unit
from shared.territory.units import LEVEL_NAMES

NEW = uuid.UUID(int=0)
"""The id of a document that is not recorded yet."""


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
        await _check_references(context, record, NEW, draft.body)
    return await insert_record(context, at, record)


async def correct_document(
    context: ReportingContext,
    document_id: uuid.UUID,
    draft: PartialBody[IssuedDocumentCorrectionIn],
    directory: AgencyDirectory,
    kinds: DocumentKinds,
) -> RecordVersion:
    """Insert a version of a document with its whole content anew."""
    record = await _prepare(context, draft, directory, kinds, document_id)
    at = await lock_feed(context.session, context.clock)
    await _check_references(context, record, document_id, draft.body)
    await _keep_fulfilled_demands(context, record, document_id)
    return await correct_record(context, at, document_id, record, draft.body)


async def _prepare(
    context: ReportingContext,
    draft: PartialBody[IssuedDocumentIn] | PartialBody[IssuedDocumentCorrectionIn],
    directory: AgencyDirectory,
    kinds: DocumentKinds,
    document_id: uuid.UUID = NEW,
) -> RecordContent:
    """Return the content of a document; raise every fault of it, or `UnitNotGranted`."""
    body, unread = draft.body, draft.unread
    day = None if "signed_on" in unread else body.signed_on
    faults = list(find_reversed_days(body.effective_on or day, body.expires_on, "expires_on"))
    if "kind" not in unread:
        faults += kinds.find_faults(body.kind, day)
    faults += await _find_named_faults(context, body, document_id)
    return await prepare_record(
        context,
        draft,
        "documents",
        dated_by="signed_on",
        key=[body.number, body.issuer, body.signed_on],
        directory=directory,
        agencies=[(f"/demands/{index}/owner", demand.owner) for index, demand in enumerate(body.demands)],
        units=[(f"/demands/{index}/unit", demand.unit, None) for index, demand in enumerate(body.demands)],
        references=[
            (f"/distinct_from/{index}/document", "documents", other.document)
            for index, other in enumerate(body.distinct_from)
        ],
        acting=[("/issuer", body.issuer)],
        from_centre=True,
        faults=faults,
    )


async def _check_references(
    context: ReportingContext, record: RecordContent, document_id: uuid.UUID, body: IssuedDocumentIn
) -> None:
    """Raise the faults of the documents that this one names, or `DocumentNumberUsed`. The feed is locked."""
    document = to_document(
        RecordVersion(id=document_id, day=record.day, **record.unit.to_columns(), content=record.content)
    )
    raise_if_any(await _find_named_faults(context, body, document_id))
    named = {relation.document for relation in document.relations} | {other for other, _ in document.fulfils}
    _require_named_granted(context, document, await read_by_ids(context.session, "documents", named))
    distinct_from = {other.document for other in body.distinct_from}
    refuse_used_number(document, await read_same_number(context.session, document), distinct_from)


async def _find_named_faults(
    context: ReportingContext, body: IssuedDocumentIn, document_id: uuid.UUID
) -> list[Fault]:
    """Return the faults of the documents and demands that a body names."""
    relations = [relation.document for relation in body.relations]
    fulfils = [(demand.document, demand.demand) for demand in body.fulfils]
    rows = await read_by_ids(context.session, "documents", {*relations, *(other for other, _ in fulfils)})
    return list(
        find_reference_faults(document_id, relations, fulfils, {row.id: to_document(row) for row in rows})
    )


async def _keep_fulfilled_demands(
    context: ReportingContext, record: RecordContent, document_id: uuid.UUID
) -> None:
    """Raise `ActNotPossible` where a correction removes, moves or renames a demand that another document fulfils."""
    newest = (await read_versions(context.session, "documents", document_id))[0]
    fulfilling = content_has("fulfils", {"document": str(document_id)})
    for row in await read_records(context.session, "documents", None, None, *fulfilling):
        for other, number in to_document(row).fulfils:
            if other == document_id and _find_title(record.content, number) != _find_title(
                newest.content, number
            ):
                raise ActNotPossible(reason=DEMAND_FULFILLED.filled(demand=number, document=str(row.id)))


def _find_title(content: Mapping[str, Any], number: int) -> str | None:
    """Return the title of a demand of a document by its number; None where it has none of that number."""
    demands = content["demands"]
    return str(demands[number - 1]["title"]) if number <= len(demands) else None


def _require_named_granted(
    context: ReportingContext, document: IssuedDocument, rows: Iterable[RecordVersion]
) -> None:
    """Raise `UnitNotGranted` where a document changes or fulfils what units state that the caller was not granted.

    A document that replaces or amends another changes it: that takes the right of the other's unit. A demand is fulfilled by who
    owes it or by who asks.
    """
    changed = {
        relation.document for relation in document.relations if relation.kind in {"replaces", "amends"}
    }
    for row in rows:
        asking = to_unit_on_day(context, row)
        demands = to_document(row).demands
        owing = [demands[number - 1].unit for other, number in document.fulfils if other == row.id]
        owed_by_others = any(not _is_owed_by_caller(context, code, asking) for code in owing)
        if row.id in changed or owed_by_others:
            require_record_granted(context, asking)


def _is_owed_by_caller(context: ReportingContext, code: str | None, asking: UnitOnDay) -> bool:
    """Whether the caller was granted the unit that owes a demand; None is the asking unit."""
    if code is None:
        return is_record_granted(context, asking)
    owing = locate_unit(context.territory, code, asking.on, levels=list(LEVEL_NAMES))
    return not isinstance(owing, Fault) and is_record_granted(context, owing)
