"""The row of a report as it is received, its short form in refusals, and its events of the change feed."""

from dataclasses import replace

from shared.kit.change_feed import Event
from shared.kit.ids import uuid7
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import count_changes, hash_content, make_receipt_code
from shared.reporting.reports.checking.checker import CheckedReport


def to_report(context: ReportingContext, checked: CheckedReport) -> Report:
    """Return the report as received; the instant of its state is known when the change feed is locked."""
    content, period, form = checked.content, str(checked.period), checked.form.code
    report_id = uuid7(context.now)
    return Report(
        id=report_id,
        year=checked.period.year,
        unit=content.unit,
        period=period,
        form=form,
        state="submitted",
        client_id=context.caller.client_id,
        received_at=context.now,
        standard=checked.standard,
        content_sha256=hash_content(
            replace(content, period=period, form=form, standard=checked.stated_standard)
        ),
        receipt_code=make_receipt_code(context.engine.catalogue.program, report_id),
        nil=content.nil,
        note=content.note,
        document=content.document,
        evidence=list(content.evidence),
        exceptions=[],
        counts=count_changes(content.values, ()),
        units=sorted(checked.units),
    )


def to_reference(report: Report) -> dict[str, str]:
    """Return a report as refusals name it."""
    return {
        "id": str(report.id),
        "state": report.state,
        "received_at": report.received_at.isoformat().replace("+00:00", "Z"),
        "content_sha256": report.content_sha256,
    }


def to_event(kind: str, report: Report, **facts: str) -> Event:
    """Return the event of the change feed for what happened to a report, with further facts."""
    data = {
        "unit": report.unit,
        "period": report.period,
        "form": report.form,
        "standard": report.standard or None,
        "content_sha256": report.content_sha256,
        "nil": report.nil,
        "nil_values": report.counts.get("nil", 0),
        **facts,
    }
    return Event(kind, f"reports/{report.id}", data)
