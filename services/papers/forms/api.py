"""The routes of forms in Excel: download one, and send it back."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.papers.forms.actions import make_workbook, take_form
from services.papers.forms.assembly import list_forms
from services.papers.forms.registers.actions import make_register_workbook
from services.papers.forms.registers.definitions import find_register, load_registers
from services.papers.forms.registers.source import read_register_layout
from services.papers.forms.schemas import FormKindOut, FormKindsOut, FormTakenOut
from services.papers.forms.source import read_layout
from services.papers.forms.submissions import FormSubmission
from services.papers.gateway import CurrentGateway, RelayingRoute
from services.papers.jobs.runner import CurrentJobs
from shared.kit.exact_json import write_json
from shared.kit.exception_handlers import negotiate_language
from shared.kit.representations import CSV, JSON, UnsupportedMediaType, negotiate
from shared.periods import PeriodKind
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodQuery, PeriodText
from shared.roles import READ, PublicReader

PROGRAMS = ("rural", "poverty", "ethnic")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
BINARY = "application/octet-stream"

FILE_CONTENT: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in (XLSX, XLS, CSV, BINARY)
}
PROBLEM = "application/problem+json"

router = APIRouter(prefix="/v1/papers/forms", tags=["forms"], route_class=RelayingRoute)

ProgramPath = Annotated[str, Path(pattern="^[a-z]{2,20}$", description="the program")]
FormPath = Annotated[str, Path(pattern="^[a-z0-9_]{2,60}$", description="code of the form")]
UnitOfForm = Annotated[UnitCode, Query(description="code of the reporting unit")]


@router.get("", summary="List the forms")
async def list_form_kinds(*, _: PublicReader, gateway: CurrentGateway) -> FormKindsOut:
    """List the forms of all programs and those of registers and batches, each with the address of its workbook."""
    catalogues = await asyncio.gather(*(gateway.get(f"/v1/{program}/catalogue") for program in PROGRAMS))
    reports = [
        FormKindOut(
            kind="report",
            program=program,
            form=kind.code,
            label=kind.label,
            label_en=kind.label_en,
            periods=list(kind.periods),
            path=f"/v1/papers/forms/{program}/{kind.code}.xlsx",
        )
        for program, catalogue in zip(PROGRAMS, catalogues, strict=True)
        for kind in list_forms(catalogue)
    ]
    registers = [
        FormKindOut(
            kind="register",
            program=register.program,
            form=register.form,
            label=register.label,
            label_en=register.label_en,
            periods=list(PeriodKind),
            path=f"/v1/papers/forms/{register.program}/{register.form}.xlsx",
        )
        for register in load_registers().values()
    ]
    return FormKindsOut(items=[*reports, *registers])


@router.get(
    "/{program}/{form}.xlsx",
    summary="Download a form",
    response_class=Response,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def read_blank_form(
    *,
    _: PublicReader,
    gateway: CurrentGateway,
    jobs: CurrentJobs,
    program: ProgramPath,
    form: FormPath,
    unit: UnitOfForm,
    period: PeriodQuery,
) -> Response:
    """Download a form as a workbook: units as rows, indicators as columns, made from the catalogue of the period's last day.

    Yellow cells are open. The value of the year before and the definition show when a cell is selected. A register has a row
    for each record, with lists of its codes and of what it has already at the end of the period.
    """
    register = find_register(program, form)
    if register is not None:
        rows = await read_register_layout(gateway, register, unit, period)
        workbook = await make_register_workbook(jobs, rows)
    else:
        workbook = await make_workbook(jobs, await read_layout(gateway, program, form, unit, period))
    return Response(workbook, media_type=XLSX, headers=_attach(f"{form}-{unit}-{period}.xlsx"))


@router.post(
    "",
    summary="Send a form",
    dependencies=[Depends(READ)],
    response_model=FormTakenOut,
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
    openapi_extra={"requestBody": {"required": True, "content": FILE_CONTENT}},
)
async def send_form(
    *,
    request: Request,
    gateway: CurrentGateway,
    jobs: CurrentJobs,
    dry_run: Annotated[bool, Query(description="check and decide everything, and keep nothing")] = False,
    program: Annotated[str | None, Query(pattern="^[a-z]{2,20}$", description="for a csv file")] = None,
    form: Annotated[str | None, Query(pattern="^[a-z0-9_]{2,60}$", description="for a csv file")] = None,
    unit: Annotated[UnitCode | None, Query(description="for a csv file; else the file must be of it")] = None,
    period: Annotated[
        PeriodText | None, Query(description="for a csv file; else the file must be of it")
    ] = None,
) -> Response:
    """Send a form (xlsx, xls, csv). The program decides; its answer has the cell beside each pointer.

    Each row of a register is sent alone, after all were checked: a refused form keeps nothing. A list of classification and a
    treasury batch are one request. With `Accept` of a workbook the answer is the form with the sent values, its faults marked. Without an Idempotency-Key
    the key is the fingerprint of the file, so a file that is sent twice is one report.
    """
    media_type = _require_file_type(request)
    accepted = negotiate(",".join(request.headers.getlist("accept")), (JSON, XLSX))
    submission = FormSubmission(
        content=await request.body(),
        query={"program": program, "form": form, "unit": unit, "period": period},
        key=request.headers.get("idempotency-key"),
        dry_run=dry_run,
        wants_workbook=accepted.media_type == XLSX,
        language=negotiate_language(request),
        path=request.url.path,
        declared_workbook=media_type in {XLSX, XLS},
    )
    answer = await take_form(gateway, jobs, submission)
    if answer.workbook is not None:
        headers = {**answer.headers, **_attach("bieu-da-kiem-tra.xlsx")}
        return Response(answer.workbook, answer.status, headers, media_type=XLSX)
    media_type = PROBLEM if answer.is_problem else JSON
    return Response(write_json(answer.document), answer.status, dict(answer.headers), media_type=media_type)


def _require_file_type(request: Request) -> str:
    """Return the media type of the body; raises `UnsupportedMediaType` for one that is no file of a form."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in FILE_CONTENT:
        raise UnsupportedMediaType(media_type, FILE_CONTENT)
    return media_type


def _attach(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
