"""Routes of the problem pages: every refusal of every service, in both languages, as HTML for people and JSON for programs."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel

from gateway.reference.collection import MergedReference
from gateway.reference.problem_pages import make_security_policy, render_index, render_problem
from gateway.reference.problem_reference import ProblemOut, ProblemsOut, describe_fault_code, list_problems
from shared.kit.etags import apply_if_none_match
from shared.kit.exception_handlers import negotiate_language, read_origin
from shared.kit.identity import Anyone
from shared.kit.problems import NotFound
from shared.kit.representations import CSV, JSON, negotiate
from shared.kit.resources import resource
from shared.kit.routes import OperationRoute

HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
"""The other form of an answer."""

CurrentReference = Annotated[MergedReference, Depends(resource(MergedReference))]
ProblemCode = Annotated[str, Path(max_length=60, pattern="^[a-z0-9_]+$", description="code of the problem")]

router = APIRouter(prefix="/problems", tags=["problems"], route_class=OperationRoute)


@router.get("", summary="List all problems", response_model=ProblemsOut, responses=HTML)
async def list_all_problems(*, request: Request, _: Anyone, reference: CurrentReference) -> Response:
    """List every refusal of every service with its meaning, its facts and what to do; HTML for a browser, else JSON."""
    problems = await _read_problems(request, reference)
    if _prefers_html(request, CSV):
        return _answer_page(request, render_index(problems, negotiate_language(request)))
    return _answer_document(request, problems)


@router.get("/{code}", summary="Read one problem", response_model=ProblemOut, responses=HTML)
async def read_problem(
    *, request: Request, _: Anyone, reference: CurrentReference, code: ProblemCode
) -> Response:
    """Read what a refusal means, which facts its documents carry, and what to do; HTML for a browser, else JSON.

    A code of one of the `errors` has a page too, with the sentences that it may have.
    """
    problem = _find_problem(await _read_problems(request, reference), code, read_origin(request))
    if _prefers_html(request):
        return _answer_page(request, render_problem(problem, negotiate_language(request)))
    return _answer_document(request, problem)


async def _read_problems(request: Request, reference: MergedReference) -> ProblemsOut:
    own = await asyncio.to_thread(request.app.openapi)
    document = await reference.document(own)
    faults = await reference.faults(own)
    return list_problems(await reference.problems(own), faults, document, read_origin(request))


def _find_problem(problems: ProblemsOut, code: str, origin: str) -> ProblemOut:
    """Return the problem, or the fault, of a code. Raises `NotFound`."""
    for problem in problems.items:
        if problem.code == code:
            return problem
    for fault in problems.faults:
        if fault.code == code:
            return describe_fault_code(fault, origin)
    raise NotFound


def _prefers_html(request: Request, *others: str) -> bool:
    """Whether Accept prefers HTML to JSON and the other media types of the route."""
    accepted = ",".join(request.headers.getlist("accept"))
    return negotiate(accepted, (JSON, "text/html", *others)).media_type == "text/html"


def _answer_page(request: Request, page: str) -> Response:
    headers = {
        "Content-Security-Policy": make_security_policy(),
        "Content-Language": negotiate_language(request),
        "Vary": "Accept, Accept-Language",
    }
    return apply_if_none_match(request, Response(page, media_type="text/html", headers=headers))


def _answer_document(request: Request, answer: BaseModel) -> Response:
    document = Response(answer.model_dump_json(), media_type="application/json", headers={"Vary": "Accept"})
    return apply_if_none_match(request, document)
