"""Take the form of a register: send its rows to the program, one by one or as one body, and translate the answers back to cells."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from services.papers.forms.annotation import CHECKED_VI, FAULTS_VI, TAKEN_VI
from services.papers.forms.registers.annotation import annotate_register
from services.papers.forms.registers.definitions import RegisterForm
from services.papers.forms.registers.layout import RegisterLayout
from services.papers.forms.registers.source import read_register_layout
from services.papers.forms.registers.translation import (
    CellPlace,
    RegisterBody,
    RegisterRowsRefused,
    add_places,
    translate_register,
)
from services.papers.forms.submissions import RELAYED_FIELDS, FormAnswer, FormSubmission
from services.papers.forms.translation import FormTarget, refuse_cells
from services.papers.gateway import CallerGateway, RefusedByService, read_answer
from services.papers.jobs.runner import JobRunner
from shared.periods import Period

CHECKED_AT_ONCE = 4
"""Rows that are checked at the same time, so that one form leaves room for other callers."""

OF_THE_CALLER = frozenset({
    HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT,
})  # fmt: skip
"""Refusals that are not of one row: they are passed on, and the same file can be sent again."""

UNIT_NOT_GRANTED = "unit_not_granted"

PlacedFault = tuple[dict[str, Any], CellPlace | None]


@dataclass
class RegisterAnswer:
    """What the program answered to the rows of a form."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    """The program's answer to one body of all rows."""
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    """What became of each row that was sent alone."""
    faults: list[PlacedFault] = field(default_factory=list)


async def make_register_workbook(
    jobs: JobRunner, layout: RegisterLayout, sent: Mapping[str, Any] | None = None
) -> bytes:
    """Return the workbook of a register, blank or with what was sent."""
    _, workbook = await jobs.run("write_register", {"layout": layout.to_document(), "sent": sent})
    return workbook


async def take_register(
    gateway: CallerGateway,
    jobs: JobRunner,
    submission: FormSubmission,
    register: RegisterForm,
    form: Mapping[str, Any],
    target: FormTarget,
) -> FormAnswer:
    """Return the program's answer to the rows of a form; raises the problems of the form and `RefusedByService`."""
    layout = await read_register_layout(gateway, register, target.unit, Period.parse(target.period))
    bodies = translate_register(register, form, target, layout)
    key = submission.key or submission.fingerprint
    dry_run = submission.dry_run or bool(form["faults"])
    send = _send_whole if register.rows_member else _send_rows
    answer = await send(gateway, register, bodies, key=key, dry_run=dry_run)
    document, is_problem, status = _to_document(submission, form, bodies, answer)
    workbook = None
    if submission.wants_workbook:
        placed = [*_place_cell_faults(document, form), *answer.faults]
        summary = _summarize(len(placed), is_refused=bool(placed), dry_run=submission.dry_run)
        sent = annotate_register(layout, form, placed, summary)
        workbook = await make_register_workbook(jobs, layout, sent)
    return FormAnswer(status, document, is_problem, answer.headers, workbook)


async def _send_whole(
    gateway: CallerGateway, register: RegisterForm, bodies: Sequence[RegisterBody], *, key: str, dry_run: bool
) -> RegisterAnswer:
    """Send one body of all rows; raises `RefusedByService` where the refusal names no part of it."""
    (translated,) = bodies
    answer = await gateway.post(register.path, translated.body, key=key, dry_run=dry_run)
    document = read_answer(answer)
    if answer.status_code >= HTTPStatus.BAD_REQUEST and not (
        document.get("errors") or document.get("verdicts")
    ):
        raise RefusedByService(answer)
    faults = [*document.get("errors", ())]
    at_rows = f"/{register.rows_member}"
    for verdict in document.get("verdicts", ()):
        if "ordinal" in verdict and verdict.get("outcome", "refused") == "refused":
            pointer = f"{at_rows}/{verdict['ordinal']}"
            verdict["cell"] = translated.places[pointer].cell
            faults += verdict.get("errors") or [{**verdict, "pointer": pointer}]
    placed = add_places(faults, translated.places)
    headers = {name: answer.headers[name] for name in RELAYED_FIELDS if name in answer.headers}
    return RegisterAnswer(answer.status_code, headers, document, faults=placed)


async def _send_rows(
    gateway: CallerGateway, register: RegisterForm, bodies: Sequence[RegisterBody], *, key: str, dry_run: bool
) -> RegisterAnswer:
    """Check every row, and send them one after the other only where none is refused: a refused form keeps nothing."""
    checked = await _check_rows(gateway, register, bodies, key)
    result = _collect_answers(checked, bodies, dry_run=True)
    if dry_run or result.faults:
        return result
    answers = []
    for body in bodies:
        answer = await gateway.post(register.path, body.body, key=_make_row_key(key, body.body))
        if answer.status_code in OF_THE_CALLER:
            raise RefusedByService(answer)
        answers.append(answer)
    return _collect_answers(answers, bodies, dry_run=False)


async def _check_rows(
    gateway: CallerGateway, register: RegisterForm, bodies: Sequence[RegisterBody], key: str
) -> list[httpx.Response]:
    places = asyncio.Semaphore(CHECKED_AT_ONCE)

    async def check(body: RegisterBody) -> httpx.Response:
        async with places:
            row_key = _make_row_key(key, body.body)
            return await gateway.post(register.path, body.body, key=row_key, dry_run=True)

    answers = await asyncio.gather(*(check(body) for body in bodies))
    for answer in answers:
        if answer.status_code in OF_THE_CALLER or _is_of_the_caller(answer):
            raise RefusedByService(answer)
    return answers


def _is_of_the_caller(answer: httpx.Response) -> bool:
    """Whether the caller may not write this register at all, whatever the unit of a row."""
    if answer.status_code != HTTPStatus.FORBIDDEN:
        return False
    return bool(read_answer(answer).get("code") != UNIT_NOT_GRANTED)


def _make_row_key(key: str, body: Mapping[str, Any]) -> str:
    """Return the Idempotency-Key of a row: that of the file and the row's content, wherever the row stands."""
    return "row-" + hashlib.sha256(f"{key} {sorted(body.items())}".encode()).hexdigest()


def _collect_answers(
    answers: Sequence[httpx.Response], bodies: Sequence[RegisterBody], *, dry_run: bool
) -> RegisterAnswer:
    """Return what became of the rows."""
    result = RegisterAnswer(HTTPStatus.OK)
    for index, (answer, body) in enumerate(zip(answers, bodies, strict=True)):
        row_cell = body.places[""].cell
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            is_new = answer.status_code == HTTPStatus.CREATED
            if is_new:
                result.status = HTTPStatus.CREATED
            outcome = "fits" if dry_run else "recorded" if is_new else "existing"
            location = None if dry_run else answer.headers.get("location")
            result.outcomes.append({"row": index, "cell": row_cell, "outcome": outcome, "location": location})
            continue
        problem = read_answer(answer)
        named = {"pointer": "", **{name: problem[name] for name in ("code", "detail") if name in problem}}
        faults = problem.get("errors") or [named]
        for fault, place in add_places(faults, body.places):
            fault["pointer"] = f"/rows/{index}{fault.get('pointer', '')}"
            result.faults.append((fault, place))
        result.outcomes.append({"row": index, "cell": row_cell, "outcome": "refused", "location": None})
    if result.faults:
        result.status = HTTPStatus.UNPROCESSABLE_ENTITY
    return result


def _to_document(
    submission: FormSubmission,
    form: Mapping[str, Any],
    bodies: Sequence[RegisterBody],
    answer: RegisterAnswer,
) -> tuple[dict[str, Any], bool, int]:
    """Return the answer as JSON, whether it is a problem, and its status."""
    faults = [fault for fault, _ in answer.faults]
    if form["faults"]:
        refusal = refuse_cells(form["faults"], faults)
        return refusal.document(submission.language, submission.path), True, refusal.status
    if answer.report is None and faults:
        outcomes = [row["outcome"] for row in answer.outcomes]
        refused = RegisterRowsRefused(
            faults,
            outcomes=answer.outcomes,
            refused=outcomes.count("refused"),
            rows=len(bodies),
            recorded=outcomes.count("recorded"),
        )
        return refused.document(submission.language, submission.path), True, refused.status
    if answer.status >= HTTPStatus.BAD_REQUEST:
        assert answer.report is not None, "a refusal without faults is passed on"
        return {**answer.report, "instance": submission.path}, True, answer.status
    document = {
        "report": answer.report,
        "rows": answer.outcomes,
        "dry_run": submission.dry_run,
        "cells": sum(len(row["values"]) for row in form["rows"]),
        "read_as_numbers": form["read_as_numbers"],
        "hidden_rows": form["hidden_rows"],
        "missing": {"units": [], "columns": []},
    }
    return document, False, answer.status


def _place_cell_faults(document: Mapping[str, Any], form: Mapping[str, Any]) -> list[PlacedFault]:
    """Return the faults of cells that could not be read, without a place on the layout."""
    count = len(form["faults"])
    return [(fault, None) for fault in document.get("errors", ())[:count]]


def _summarize(count: int, *, is_refused: bool, dry_run: bool) -> str:
    if is_refused:
        return FAULTS_VI.format(count=count)
    return CHECKED_VI if dry_run else TAKEN_VI.format(receipt="")
