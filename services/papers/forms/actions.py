"""Take a form: read the file, send its report to the program, translate the answer back to cells."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from services.papers.forms.annotation import CHECKED_VI, FAULTS_VI, TAKEN_VI, annotate
from services.papers.forms.layout import FormLayout
from services.papers.forms.source import read_layout
from services.papers.forms.translation import (
    add_cells,
    find_missing,
    refuse_cells,
    refuse_file,
    require_same_columns,
    require_target,
    translate,
)
from services.papers.gateway import CallerGateway
from services.papers.jobs.runner import JobRunner
from shared.kit.problems import Language
from shared.periods import Period


@dataclass(frozen=True)
class FormAnswer:
    """What became of a form: the program's answer, with the cells of its faults, and the workbook where it was wanted."""

    status: int
    document: dict[str, Any]
    is_problem: bool
    headers: Mapping[str, str]
    workbook: bytes | None = None


@dataclass(frozen=True)
class FormSubmission:
    """A file that was sent, and how."""

    content: bytes
    query: Mapping[str, str | None]
    key: str | None
    """The Idempotency-Key, where the client gave one."""
    dry_run: bool
    wants_workbook: bool
    language: Language
    path: str


async def make_workbook(jobs: JobRunner, layout: FormLayout, sent: Mapping[str, Any] | None = None) -> bytes:
    """Return the workbook of a layout, blank or with what was sent."""
    _, workbook = await jobs.run("write_form", {"layout": layout.to_document(), "sent": sent})
    return workbook


async def take_form(gateway: CallerGateway, jobs: JobRunner, submission: FormSubmission) -> FormAnswer:
    """Return the program's answer to a form; raises `FormFileRefused` for a file that is none."""
    form, _ = await jobs.run("read_form", None, submission.content)
    if "refused" in form:
        raise refuse_file(form["refused"])
    target = require_target(form["meta"], submission.query)
    layout = await read_layout(gateway, target.program, target.form, target.unit, Period.parse(target.period))
    require_same_columns(form, layout)
    translated = translate(form, target, layout)
    dry_run = submission.dry_run or bool(form["faults"])
    key = submission.key or _fingerprint(submission)
    path = f"/v1/{target.program}/reports"
    answer = await gateway.post(f"{path}?dry_run=true" if dry_run else path, translated.body, key=key)
    document = answer.json()
    is_problem = answer.status_code >= HTTPStatus.BAD_REQUEST
    status = answer.status_code
    if is_problem:
        document["instance"] = submission.path
        add_cells(document, translated.cells)
    if form["faults"]:
        refusal = refuse_cells(form["faults"], document.get("errors", ()) if is_problem else ())
        document, status, is_problem = (
            refusal.document(submission.language, submission.path),
            refusal.status,
            True,
        )
    if not is_problem:
        document = {
            "report": document,
            "dry_run": submission.dry_run,
            "cells": len(form["values"]),
            "read_as_numbers": form["read_as_numbers"],
            "missing": find_missing(form, layout),
        }
    workbook = None
    if submission.wants_workbook:
        faults = document.get("errors") or ([document] if is_problem else [])
        sent = annotate(layout, form, faults, _summarize(document, len(faults), is_problem=is_problem))
        workbook = await make_workbook(jobs, layout, sent)
    headers = {
        name: answer.headers[name]
        for name in ("idempotent-replay", "location", "retry-after")
        if name in answer.headers
    }
    return FormAnswer(status, document, is_problem, headers, workbook)


def _fingerprint(submission: FormSubmission) -> str:
    """Return the Idempotency-Key of a file: the same file is the same report."""
    query = "&".join(f"{name}={value}" for name, value in sorted(submission.query.items()) if value)
    return "form-" + hashlib.sha256(submission.content + query.encode()).hexdigest()


def _summarize(document: Mapping[str, Any], count: int, *, is_problem: bool) -> str:
    if is_problem:
        return FAULTS_VI.format(count=count)
    if document["dry_run"]:
        return CHECKED_VI
    receipt = (document["report"].get("receipt") or {}).get("code")
    return TAKEN_VI.format(receipt=f", biên nhận {receipt}" if receipt else "")
