"""Fill a template for a unit and period, and write its files."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.papers.documents.answers import read_answers
from services.papers.documents.filling import fill_template
from services.papers.documents.store import read_layout
from services.papers.documents.templates import Template, choose_template
from services.papers.gateway import CallerGateway
from services.papers.jobs.runner import JobRunner
from shared.kit.database import Database
from shared.periods import Period

FILE_JOBS: Mapping[str, str] = {"docx": "write_docx", "pdf": "write_pdf", "xlsx": "write_xlsx"}
"""The job that writes each kind of file."""
OWN_LAYOUT_JOBS: Mapping[str, str] = {"docx": "fill_docx", "xlsx": "write_xlsx"}
"""The jobs of a template that an office uploaded: its own Word file is filled, and no PDF can be made of that."""


async def find_template(
    gateway: CallerGateway, templates: Iterable[Template], code: str, unit_code: str, period: Period
) -> tuple[Template, dict[str, Any]]:
    """Return the template in force for a unit and period, and the unit; raises `TemplateNotFound` or a refusal."""
    unit = await gateway.get(f"/v1/units/{unit_code}", on=period.ends_on.isoformat())
    template = choose_template(
        templates, code, unit=unit_code, level=unit["level"], period_kind=period.kind, on=period.ends_on
    )
    return template, {name: unit[name] for name in ("code", "name", "kind")}


async def fill_now(
    gateway: CallerGateway,
    templates: Iterable[Template],
    code: str,
    unit_code: str,
    period: Period,
    *,
    origin: str,
) -> dict[str, Any]:
    """Return a template filled from what the services answer now: a draft."""
    template, unit = await find_template(gateway, templates, code, unit_code, period)
    answers = await read_answers(gateway, template, unit_code, period)
    filled = fill_template(template, answers, period, unit, number="", on=None)
    return {**filled, "as_of": find_newest(answers), "draft": True, "origin": origin}


def find_newest(answers: Mapping[str, Any]) -> str | None:
    """Return the newest instant that the answers include."""
    instants = [answer["as_of"] for answer in answers.values() if answer.get("as_of")]
    return max(instants, default=None)


def find_file_jobs(filled: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the job of each kind of file that a filled document has."""
    return OWN_LAYOUT_JOBS if filled["own_layout"] else FILE_JOBS


async def write_files(
    jobs: JobRunner, database: Database, filled: Mapping[str, Any], kinds: Iterable[str] | None = None
) -> dict[str, bytes]:
    """Return the files of a filled document by their kind: all that it has, or some."""
    file_jobs = find_file_jobs(filled)
    names = list(file_jobs if kinds is None else kinds)
    layout = (
        await read_layout(database, filled["template_version"])
        if filled["own_layout"] and "docx" in names
        else b""
    )
    results = await asyncio.gather(
        *(jobs.run(file_jobs[name], filled, layout if name == "docx" else b"") for name in names)
    )
    return {name: content for name, (_, content) in zip(names, results, strict=True)}


def fill_at(
    template: Template,
    answers: Mapping[str, Any],
    period: Period,
    unit: Mapping[str, Any],
    *,
    number: str,
    on: date,
    as_of: str,
    origin: str,
    issue: str,
) -> dict[str, Any]:
    """Return a template filled for an issue, from answers of one instant."""
    filled = fill_template(template, answers, period, unit, number=number, on=on)
    return {**filled, "as_of": as_of, "draft": False, "origin": origin, "issue": issue}
