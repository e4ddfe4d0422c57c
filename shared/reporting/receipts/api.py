"""The route that checks a receipt."""

from fastapi import APIRouter

from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.context import PublicContext
from shared.reporting.figures.withholding import find_withheld_of_forms
from shared.reporting.receipts.schemas import ReceiptCheckOut
from shared.reporting.reports import store
from shared.reporting.reports.problems import ReceiptNotFound
from shared.territory.named_rows import find_unit_names

router = APIRouter(tags=["reports"], route_class=TransactionRoute)


@router.get("/receipts/{code}", summary="Check a receipt")
async def check_receipt(*, context: PublicContext, code: str) -> ReceiptCheckOut:
    """Check a receipt by its code: whoever holds a printed one sees what was received, when, and with which hash."""
    report = await store.find_report_by_receipt(context.session, code.strip().upper())
    if report is None:
        raise ReceiptNotFound(receipt=code[:40])
    withheld = await find_withheld_of_forms(context, [report.form])
    return ReceiptCheckOut(
        code=report.receipt_code,
        received_at=report.received_at,
        content_sha256=None if withheld.covers_report(report.form) else report.content_sha256,
        **find_unit_names(context.territory, report.unit, Period.parse(report.period).ends_on),
        unit=report.unit,
        period=report.period,
        form=report.form,
        standard=report.standard,
        state=report.state,
    )
