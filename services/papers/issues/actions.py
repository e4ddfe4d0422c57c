"""Issue a document from one province-wide vintage, and compare an issue with now."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from services.papers.documents.actions import fill_at, find_template, write_files
from services.papers.documents.answers import read_answers
from services.papers.documents.filling import fill_template
from services.papers.documents.templates import Template
from services.papers.gateway import CallerGateway, RefusedByService, read_answer
from services.papers.issues.rules import MovedFigure, compare_figures
from services.papers.jobs.runner import JobRunner
from services.papers.models import IssueFile, IssueRow
from shared.kit.database import Database
from shared.kit.exact_json import write_json
from shared.kit.ids import uuid7
from shared.periods import Period

REPORTS_OF = frozenset({"rural", "poverty", "ethnic"})
LONGEST_KEY = 120
NEWEST_ENTRIES = 200
"""As many entries of the ledger are searched for those that moved an amount."""


@dataclass(frozen=True)
class IssueOrder:
    """What is to be issued, by whom, under which key."""

    template: str
    unit: str
    period: Period
    number: str
    on: date
    client_id: str
    key: str
    now: datetime
    origin: str
    dry_run: bool = False


@dataclass(frozen=True)
class PreparedIssue:
    """An issue that is not kept yet."""

    row: IssueRow
    files: list[IssueFile]
    filled: dict[str, Any]


async def prepare_issue(
    gateway: CallerGateway,
    jobs: JobRunner,
    database: Database,
    templates: Iterable[Template],
    order: IssueOrder,
) -> PreparedIssue:
    """Return an issue with its files, from a vintage that is frozen for it; raises `RefusedByService`, `TemplateNotFound`."""
    template, unit = await find_template(gateway, templates, order.template, order.unit, order.period)
    vintage = await _freeze_vintage(gateway, order)
    as_of = vintage["as_of"]
    answers = await read_answers(
        gateway, template, order.unit, order.period, as_of=as_of, parts=vintage["parts"]
    )
    issue_id = uuid7(order.now)
    filled = fill_at(
        template,
        answers,
        order.period,
        unit,
        number=order.number,
        on=order.on,
        as_of=as_of,
        origin=order.origin,
        issue=str(issue_id),
    )
    files = await write_files(jobs, database, filled)
    content = write_json({"template": template.document, "answers": answers, "filled": filled}, sort=True)
    row = IssueRow(
        id=issue_id,
        template=template.code,
        template_version=template.version,
        unit=order.unit,
        period=str(order.period),
        as_of=datetime.fromisoformat(as_of),
        vintage=UUID(vintage["id"]),
        document_number=order.number,
        document_date=order.on,
        content=content,
        sha256=compute_sha256(content),
        client_id=order.client_id,
        issued_at=order.now,
    )
    rows = [
        IssueFile(issue=issue_id, kind=kind, content=file, sha256=compute_sha256(file))
        for kind, file in files.items()
    ]
    return PreparedIssue(row, rows, filled)


def compute_sha256(content: bytes) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


async def _freeze_vintage(gateway: CallerGateway, order: IssueOrder) -> Any:
    """Return the vintage of an order, the same one where the order is repeated; a dry run keeps none."""
    mark = hashlib.sha256(f"{order.client_id} {order.key}".encode()).hexdigest()[:16]
    body = {
        "name": f"{order.template} {order.number} {mark}",
        "unit": order.unit,
        "period": str(order.period),
        "document": {"number": order.number, "date": order.on.isoformat()},
    }
    key = f"papers-{mark}-{order.key}"[:LONGEST_KEY]
    answer = await gateway.post("/v1/vintages", body, key=key, dry_run=order.dry_run)
    if answer.status_code not in {HTTPStatus.CREATED, HTTPStatus.OK}:
        raise RefusedByService(answer)
    return read_answer(answer)


async def compare_with_now(gateway: CallerGateway, content: Mapping[str, Any]) -> list[MovedFigure]:
    """Return the figures of an issue that have moved since."""
    filled, document = content["filled"], content["template"]
    template = Template(document["code"], document)
    period = Period.parse(filled["period"])
    answers = await read_answers(gateway, template, filled["unit"]["code"], period)
    now = fill_template(template, answers, period, filled["unit"], number="", on=None)
    return compare_figures(filled["figures"], now["figures"])


async def find_moving_sources(
    gateway: CallerGateway, moved: Iterable[MovedFigure], *, unit: str, period: str, since: str
) -> dict[str, list[dict[str, Any]]]:
    """Return, by slot, the reports or entries behind a moved figure that were received, reviewed or recorded after an instant."""
    figures = list(moved)
    answers = await asyncio.gather(*(_read_sources(gateway, figure, unit, period) for figure in figures))
    return {
        figure.slot: [source for source in sources if _moved_after(source, since)]
        for figure, sources in zip(figures, answers, strict=True)
    }


async def _read_sources(
    gateway: CallerGateway, figure: MovedFigure, unit: str, period: str
) -> list[dict[str, Any]]:
    """Return the reports behind a figure, or the newest entries behind an amount where the caller may read them."""
    if figure.service == "funding" and figure.lineage:
        try:
            entries = await gateway.get(f"{figure.lineage}&limit={NEWEST_ENTRIES}")
        except RefusedByService:
            return []
        items: list[dict[str, Any]] = entries["items"]
        return items
    if figure.service not in REPORTS_OF:
        return []
    path = f"/v1/{figure.service}/lineage/{figure.indicator}"
    answer = await gateway.find(path, unit=unit, period=period, by="report")
    reports: list[dict[str, Any]] = (answer or {}).get("reports") or []
    return reports


def _moved_after(report: Mapping[str, Any], since: str) -> bool:
    instants = [report.get(name) for name in ("received_at", "reviewed_at", "reinstated_at", "recorded_at")]
    return any(
        datetime.fromisoformat(instant) > datetime.fromisoformat(since) for instant in instants if instant
    )
