"""The routes of papers with several lines."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Query, Response, status

from services.funding.closed_years.reading import read_overdue_of_lots
from services.funding.context import FundingReaderContext
from services.funding.entries.recorder import CurrentRecorder
from services.funding.field_types import Identifier
from services.funding.ledger import Book, PaperKind
from services.funding.query_params import AnyYearQuery
from services.funding.voucher_keys import PaperKey
from services.funding.vouchers import actions, store
from services.funding.vouchers.schemas import (
    VoucherPaperIn,
    VoucherPaperOut,
    VoucherPapersOut,
    to_entry_requests,
)
from shared.kit.database import UnitOfWork
from shared.kit.group_commit import GroupCommitRoute
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import TransactionRoute

PATH = "/v1/funding/vouchers"

router = APIRouter(tags=["ledger"])
writing = APIRouter(route_class=GroupCommitRoute)
reading = APIRouter(route_class=TransactionRoute)


@writing.post(
    "/vouchers",
    status_code=status.HTTP_201_CREATED,
    response_model=VoucherPaperOut,
    summary="Record a paper with several lines",
    responses={
        200: {
            "model": VoucherPaperOut,
            "description": "A dry run, or all lines were recorded before: the whole paper",
        },
    },
)
async def record_voucher(
    *, recorder: CurrentRecorder, draft: Annotated[PartialBody[VoucherPaperIn], Body()]
) -> Response:
    """Record a paper with all lines that it pays, in one transaction: whole or not at all.

    Sent again it records nothing twice: lines that are recorded are found by the paper and the line of the ledger.
    """
    batch_id = uuid7(recorder.context.now)
    requests = to_entry_requests(recorder.context, batch_id, draft)

    async def record(unit_of_work: UnitOfWork) -> Response:
        batch = await actions.validate_paper(unit_of_work.session, batch_id, requests, draft.faults)
        paper = await actions.record_paper(
            unit_of_work.session, batch, unit_of_work.clock, dry_run=unit_of_work.dry_run
        )
        receipt = VoucherPaperOut.from_entries(
            paper.key, paper.entries, recorder.context.territory, closing_overdue=paper.closing_overdue
        )
        return Response(
            receipt.model_dump_json(),
            status_code=status.HTTP_201_CREATED if paper.is_new else status.HTTP_200_OK,
            media_type="application/json",
            headers={} if unit_of_work.dry_run else {"Location": _make_address(paper.key, receipt)},
        )

    return await recorder.commits.run_alone(recorder.request, record, dry_run=recorder.dry_run)


@reading.get("/vouchers", summary="Read papers by issuer and number")
async def read_vouchers(
    *,
    context: FundingReaderContext,
    source: Annotated[Identifier, Query(description="issuer of the paper, in any spelling")],
    number: Annotated[Identifier, Query(description="its number there, in any spelling")],
    year: AnyYearQuery = None,
    kind: Annotated[PaperKind | None, Query(description="kind of paper")] = None,
    book: Annotated[
        Book | None, Query(description="agency: as agencies report it; treasury: as the treasury confirms it")
    ] = None,
) -> VoucherPapersOut:
    """Read the papers of an issuer with a number, each whole: all its lines, undone ones included.

    `year` is that of the paper. Numbers begin anew each year, so without it there may be several papers.
    """
    papers = await store.read_papers(context.session, source, number)
    items = []
    for key, entries in papers.items():
        if year in {None, key.year} and kind in {None, key.kind} and book in {None, key.book}:
            lots = (lot for entry in entries for lot in entry.lots)
            overdue = await read_overdue_of_lots(context.session, context, lots)
            items.append(
                VoucherPaperOut.from_entries(key, entries, context.territory, closing_overdue=overdue)
            )
    return VoucherPapersOut(items=items)


def _make_address(key: PaperKey, paper: VoucherPaperOut) -> str:
    terms = {
        "source": paper.source,
        "number": paper.number,
        "year": key.year,
        "kind": key.kind,
        "book": key.book,
    }
    return f"{PATH}?{urlencode(terms)}"


router.include_router(writing)
router.include_router(reading)
