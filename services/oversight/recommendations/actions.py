"""Check the body of a recommendation, and the actions on it: correct, answer, close, withdraw."""

import uuid
from collections.abc import Mapping

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.recommendations.rules import (
    ADDRESSEE_ANSWERED,
    CLOSED_ALREADY,
    EVIDENCE_MISSING,
    NOT_ANSWERED,
    ClosedByAddressee,
    Recommendation,
)
from services.oversight.recommendations.schemas import (
    RecommendationAnswerIn,
    RecommendationClosingIn,
    RecommendationCorrectionIn,
    RecommendationIn,
    SourceKind,
)
from services.oversight.recommendations.store import find_answering_units, to_recommendation
from services.oversight.records.actions import (
    RecordContent,
    add_version,
    correct_record,
    read_newest,
    require_live,
)
from services.oversight.records.preparing import prepare_record
from services.oversight.records.references import find_unknown_records
from services.oversight.records.rules import (
    WITHDRAWN,
    Act,
    ActNotPossible,
    RegisterName,
    find_future_days,
    find_reversed_days,
)
from services.oversight.records.schemas import ReasonIn, to_content
from services.oversight.records.store import read_versions
from shared.kit.change_feed import lock_feed
from shared.kit.partial_body import PartialBody
from shared.kit.problems import make_fault, raise_if_any
from shared.periods import local_day
from shared.reporting.context import ReportingContext
from shared.territory.rights import is_granted, make_refusal

SOURCE_REGISTERS: Mapping[SourceKind, RegisterName] = {
    "inspection": "inspections",
    "conference": "conferences",
    "audit": "supervisions",
    "supervision": "supervisions",
    "council": "documents",
}
"""The register that holds the source of a recommendation."""


async def correct_recommendation(
    context: ReportingContext,
    recommendation_id: uuid.UUID,
    draft: PartialBody[RecommendationCorrectionIn],
    directory: AgencyDirectory,
) -> RecordVersion:
    """Insert a version of a recommendation with its whole content anew."""
    record = await prepare_recommendation(context, draft, directory)
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "recommendations", recommendation_id, draft.body.version)
    _refuse_answering_client(context, newest)
    recommendation = to_recommendation(newest)
    _require_open(recommendation)
    if recommendation.answered_on:
        addressee = draft.body.addressee
        if (addressee.unit, addressee.agency) != (
            recommendation.addressee_unit,
            recommendation.addressee_agency,
        ):
            raise ActNotPossible(reason=ADDRESSEE_ANSWERED)
        first_answer = min(recommendation.answered_on)
        raise_if_any(find_reversed_days(draft.body.issued_on, first_answer, "issued_on"))
    return await correct_record(context, at, recommendation_id, record, draft.body)


async def prepare_recommendation(
    context: ReportingContext,
    draft: PartialBody[RecommendationIn] | PartialBody[RecommendationCorrectionIn],
    directory: AgencyDirectory,
) -> RecordContent:
    """Return the content of a recommendation; raise every fault of it, or `UnitNotGranted`."""
    body = draft.body
    return await prepare_record(
        context,
        draft,
        "recommendations",
        dated_by="issued_on",
        key=[body.issuer, body.issued_on, body.addressee.unit, body.addressee.agency, body.text],
        directory=directory,
        agencies=[("/addressee/agency", body.addressee.agency)],
        acting=[("/issuer", body.issuer)],
        from_centre=True,
        units=[("/addressee/unit", body.addressee.unit, None)],
        references=[
            ("/document", "documents", body.document),
            ("/source/record", SOURCE_REGISTERS[body.source.kind], body.source.record),
        ],
        faults=find_reversed_days(
            None if "issued_on" in draft.unread else body.issued_on, body.due_on, "due_on"
        ),
    )


async def answer_recommendation(
    context: ReportingContext, recommendation_id: uuid.UUID, body: RecommendationAnswerIn
) -> RecordVersion:
    """Insert the version with an answer, by a client of the addressee or of its successor."""
    at = await lock_feed(context.session, context.clock)
    newest = (await read_versions(context.session, "recommendations", recommendation_id))[0]
    recommendation, today = to_recommendation(newest), local_day(context.now)
    units = find_answering_units(context.territory, recommendation, today)
    lines = {unit.code: context.territory.line(unit.code, max(today, unit.valid_from)) for unit in units}
    if not any(is_granted(context.territory, line, today, context.caller.units) for line in lines.values()):
        code = units[0].code if units else recommendation.addressee_unit
        raise make_refusal(context.territory, code, lines.get(code, ()), today, context.caller.units)
    require_live(newest, body.version)
    _require_open(recommendation)
    raise_if_any(
        [
            *find_future_days(today, answered_on=body.answered_on),
            *find_reversed_days(recommendation.issued_on, body.answered_on, "answered_on"),
            *(
                make_fault(f"/evidence/{index}", "evidence_missing", EVIDENCE_MISSING)
                for index, row in enumerate(body.evidence)
                if row.document is None and row.file_sha256 is None
            ),
            *await find_unknown_records(
                context.session,
                [
                    (f"/evidence/{index}/document", "documents", row.document)
                    for index, row in enumerate(body.evidence)
                ],
            ),
        ]
    )
    answer = {**to_content(body), "client_id": context.caller.client_id}
    answers = [*newest.content.get("answers", ()), answer]
    return await add_version(context, at, newest, "answered", {"answers": answers})


async def close_recommendation(
    context: ReportingContext, recommendation_id: uuid.UUID, body: RecommendationClosingIn
) -> RecordVersion:
    """Insert the version that closes a recommendation, by a client of the issuing unit that did not answer it."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "recommendations", recommendation_id, body.version)
    recommendation = to_recommendation(newest)
    _refuse_answering_client(context, newest)
    _require_open(recommendation)
    if body.outcome == "done" and not newest.content.get("answers"):
        raise ActNotPossible(reason=NOT_ANSWERED)
    raise_if_any(
        [
            *find_future_days(local_day(context.now), closed_on=body.closed_on),
            *find_reversed_days(recommendation.issued_on, body.closed_on, "closed_on"),
        ]
    )
    act: Act = "closed" if body.outcome == "done" else body.outcome
    changes = {"outcome": body.outcome, "closed_on": body.closed_on.isoformat()}
    return await add_version(context, at, newest, act, changes, body.reason)


async def withdraw_recommendation(
    context: ReportingContext, recommendation_id: uuid.UUID, body: ReasonIn
) -> RecordVersion:
    """Insert the version that takes a recommendation back, by a client of the issuing unit that did not answer it."""
    at = await lock_feed(context.session, context.clock)
    newest = await read_newest(context, "recommendations", recommendation_id, body.version)
    _refuse_answering_client(context, newest)
    return await add_version(context, at, newest, WITHDRAWN, reason=body.reason)


def _refuse_answering_client(context: ReportingContext, newest: RecordVersion) -> None:
    """Raise `ClosedByAddressee` for a client that answered the recommendation."""
    if context.caller.client_id in {answer.get("client_id") for answer in newest.content.get("answers", ())}:
        raise ClosedByAddressee


def _require_open(recommendation: Recommendation) -> None:
    if recommendation.outcome is not None:
        raise ActNotPossible(reason=CLOSED_ALREADY.filled(state=recommendation.outcome))
