"""Take a form: read the file, send its report to the program, translate the answer back to cells."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from services.papers.forms.annotation import CHECKED_VI, FAULTS_VI, TAKEN_VI, annotate
from services.papers.forms.layout import FormLayout
from services.papers.forms.registers.actions import take_register
from services.papers.forms.registers.definitions import find_register
from services.papers.forms.source import read_layout
from services.papers.forms.submissions import RELAYED_FIELDS, FormAnswer, FormSubmission
from services.papers.forms.translation import (
    add_cells,
    find_missing,
    refuse_cells,
    refuse_file,
    require_same_columns,
    require_target,
    translate,
)
from services.papers.gateway import CallerGateway, read_answer
from services.papers.jobs.runner import JobRunner
from shared.periods import Period


async def make_workbook(jobs: JobRunner, layout: FormLayout, sent: Mapping[str, Any] | None = None) -> bytes:
    """Return the workbook of a layout, blank or with what was sent."""
    _, workbook = await jobs.run("write_form", {"layout": layout.to_document(), "sent": sent})
    return workbook


async def take_form(gateway: CallerGateway, jobs: JobRunner, submission: FormSubmission) -> FormAnswer:
    """Return the program's answer to a form; raises `FormFileRefused` for a file that is none."""
    argument = {**submission.query, "declared_workbook": submission.declared_workbook}
    form, _ = await jobs.run("read_form", argument, submission.content)
    if "refused" in form:
        raise refuse_file(form["refused"])
    target = require_target(form["meta"], submission.query)
    register = find_register(target.program, target.form)
    if register is not None:
        return await take_register(gateway, jobs, submission, register, form, target)
    layout = await read_layout(gateway, target.program, target.form, target.unit, Period.parse(target.period))
    require_same_columns(form, layout)
    translated = translate(form, target, layout)
    cell_faults = [*form["faults"], *translated.faults]
    dry_run = submission.dry_run or bool(cell_faults)
    key = submission.key or submission.fingerprint
    path = f"/v1/{target.program}/reports"
    answer = await gateway.post(f"{path}?dry_run=true" if dry_run else path, translated.body, key=key)
    document = read_answer(answer)
    is_problem = answer.status_code >= HTTPStatus.BAD_REQUEST
    status = answer.status_code
    if is_problem:
        document["instance"] = submission.path
        add_cells(document, translated.cells)
    if cell_faults:
        refusal = refuse_cells(cell_faults, document.get("errors", ()) if is_problem else ())
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
            "hidden_rows": form["hidden_rows"],
            "missing": find_missing(form, layout),
        }
    workbook = None
    if submission.wants_workbook:
        faults = document.get("errors") or ([document] if is_problem else [])
        sent = annotate(layout, form, faults, _summarize(document, len(faults), is_problem=is_problem))
        workbook = await make_workbook(jobs, layout, sent)
    headers = {name: answer.headers[name] for name in RELAYED_FIELDS if name in answer.headers}
    return FormAnswer(status, document, is_problem, headers, workbook)


def _summarize(document: Mapping[str, Any], count: int, *, is_problem: bool) -> str:
    if is_problem:
        return FAULTS_VI.format(count=count)
    if document["dry_run"]:
        return CHECKED_VI
    receipt = (document["report"].get("receipt") or {}).get("code")
    return TAKEN_VI.format(receipt=f", biên nhận {receipt}" if receipt else "")
