"""Exception handlers: every exception that leaves a route becomes a problem document.

An expected refusal is no crash and leaves no traceback in the log. Any other exception is logged whole, and its document
says only that the server failed.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.exceptions import HTTPException

from shared.kit.database import DATABASE_ERRORS
from shared.kit.decimal_fields import to_json_number
from shared.kit.exact_json import restore_numbers
from shared.kit.identity import TOKEN_REQUIRED
from shared.kit.json_body import UNSTORABLE_CHARACTER
from shared.kit.problems import (
    Conflict,
    Language,
    Malformed,
    NotFound,
    Problem,
    Sentence,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.kit.resources import get_resources
from shared.kit.settings import ServiceSettings
from shared.kit.storage import DISK_FULL, Storage, StorageFull
from shared.kit.validation_faults import to_request_refusal

log = structlog.get_logger()

PROBLEM_JSON = "application/problem+json"

ConstraintProblems = Mapping[str, Callable[[], Problem]]
"""The problem that a violated constraint means, by the name of the constraint."""

RETRYABLE_STATES = frozenset({"40001", "40P01", "55P03", "57014", "25P03"})
"""SQLSTATE of serialization failure, deadlock, lock and statement timeout, idle timeout."""

UNREACHABLE_STATES = ("08", "28", "3D", "53", "57P")
"""SQLSTATE, by its beginning: connection lost, access refused, no such database, out of resources, shutting down or starting."""

NOT_ACCEPTING = "55000"
"""SQLSTATE of a database that accepts no connections; in any other place it is a bug of ours."""

READ_ONLY = "25006"
"""SQLSTATE of a write on a standby."""

UNREADABLE = Sentence("không đọc được nội dung", "it cannot be read")
NOT_IN_UTF8 = "22021"
"""SQLSTATE of a text with U+0000, which comes only from a path or a query: bodies are checked by the kit."""


def negotiate_language(request: Request) -> Language:
    """Return Vietnamese unless the client prefers English (Accept-Language)."""
    weights = {"vi": 0.0, "en": 0.0}
    for preference in request.headers.get("accept-language", "").replace(" ", "").split(","):
        tag, _, quality = preference.partition(";q=")
        name = tag.split("-")[0].lower()
        if name in weights:
            try:
                weights[name] = max(weights[name], float(quality or 1))
            except ValueError:
                continue
    return "en" if weights["en"] > weights["vi"] else "vi"


def _plain(fact: Any) -> Any:
    if isinstance(fact, Decimal):
        return to_json_number(fact)
    return fact.isoformat() if isinstance(fact, date) else str(fact)


def read_origin(request: Request) -> str:
    """Return the gateway's address for clients."""
    return get_resources(request.app).get(ServiceSettings).origin


def to_problem_document(request: Request, problem: Problem, instance: str) -> dict[str, Any]:
    """Return the document of a problem, in the language of the request."""
    return problem.document(negotiate_language(request), instance, read_origin(request))


def to_problem_response(request: Request, problem: Problem) -> Response:
    """Return the response with the document of a problem, in the language of the request."""
    language = negotiate_language(request)
    document = to_problem_document(request, problem, request.url.path)
    return Response(
        restore_numbers(json.dumps(document, ensure_ascii=False, default=_plain).encode()),
        status_code=problem.status,
        media_type=problem.media_type,
        headers={**problem.headers, "Content-Language": language},
    )


def _list_methods(request: Request) -> str:
    """Return the value of Allow: the methods of all routes at the path of a request, OPTIONS, and HEAD where there is GET.

    A route that is named by the path itself goes before one with parameters, such as /notes/many before /notes/{id}.
    """
    path = request.scope["path"]
    matching = [route for route in iter_route_contexts(request.app.routes) if route.path_regex.match(path)]
    named = [route for route in matching if route.path == path] or matching
    methods = {method for route in named for method in route.methods or ()}
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))


def _http_problem(request: Request, error: HTTPException, limit_bytes: int) -> Problem:
    if isinstance(error.__cause__, Problem):  # FastAPI raises its own 400 from what our parser raised
        return error.__cause__
    by_status: dict[int, Callable[[], Problem]] = {
        401: lambda: Unauthenticated(reason=TOKEN_REQUIRED),
        404: NotFound,
        405: lambda: MethodNotAllowed(headers={"Allow": _list_methods(request)}),
        413: lambda: TooLarge(limit_bytes=limit_bytes),
        503: Unavailable,
    }
    return by_status.get(error.status_code, lambda: Malformed(reason=UNREADABLE))()


class MethodNotAllowed(Problem):
    """The path exists and does not take the method."""

    status = 405
    code = "method_not_allowed"
    title = Sentence("Phương thức không được hỗ trợ", "Method not allowed")
    detail = Sentence("Địa chỉ này không nhận phương thức đó.", "This address does not take that method.")


class Busy(Unavailable):
    """A lock was not free in time, or all connections are in use; the same request can be sent again."""

    code = "busy"
    detail = Sentence("Hệ thống đang bận; hãy gửi lại.", "The service is busy; send the same request again.")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class DatabaseReadOnly(Unavailable):
    """The write reached a standby, which a failover has not promoted, or has demoted; nothing was written."""

    code = "database_read_only"
    detail = Sentence(
        "Cơ sở dữ liệu đang chỉ đọc được trong lúc chuyển đổi máy chủ; không ghi gì, hãy gửi lại.",
        "The database can only be read while its server is being replaced; nothing was written, send the same request again.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


STATE_PROBLEMS: Mapping[str | None, Callable[[], Problem]] = {
    NOT_IN_UTF8: lambda: Malformed(reason=UNSTORABLE_CHARACTER),
    DISK_FULL: StorageFull,
    READ_ONLY: DatabaseReadOnly,
}


def _database_problem(error: Exception, violations: ConstraintProblems) -> Problem | None:
    """Return what an error of the database means to the caller; None where it is a bug of ours, or no such error."""
    if isinstance(error, DBAPIError):
        return _statement_problem(error, violations)
    if isinstance(error, OSError) and error.filename is not None:  # an error of a file, not of a connection
        return None
    return Busy()


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same work may succeed when it is done again: a lock was not free in time, or two writers waited for each other."""
    return _read_state(error) in RETRYABLE_STATES


def _read_state(error: DBAPIError) -> str | None:
    """Return the SQLSTATE of an error."""
    cause = getattr(error.orig, "__cause__", None) or error.orig
    state: str | None = getattr(cause, "sqlstate", None) or getattr(error.orig, "sqlstate", None)
    return state


def _statement_problem(error: DBAPIError, violations: ConstraintProblems) -> Problem | None:
    cause = getattr(error.orig, "__cause__", None) or error.orig
    state = _read_state(error)
    if isinstance(error, IntegrityError):
        name = str(getattr(cause, "constraint_name", None))
        return violations[name]() if name in violations else Conflict(constraint=name)
    if state in STATE_PROBLEMS:
        return STATE_PROBLEMS[state]()
    connecting = error.statement is None
    if error.connection_invalidated or str(state).startswith(UNREACHABLE_STATES):
        return Busy()
    if state in RETRYABLE_STATES or (connecting and state == NOT_ACCEPTING):
        return Busy()
    return None


def _recognize_full_disk(problem: Problem | None, storage: Storage) -> Problem | None:
    """Return `StorageFull` for a refusal of a full disk, and for a database that is away because of one."""
    if isinstance(problem, StorageFull):
        storage.note_refusal()
    elif isinstance(problem, Busy) and storage.is_full():
        return StorageFull()
    return problem


def install_exception_handlers(app: FastAPI, *, violations: ConstraintProblems, max_body_bytes: int) -> None:
    """Install the handlers that answer every exception by a problem document."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return to_problem_response(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return to_problem_response(request, to_request_refusal(error.errors()))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.method == "OPTIONS" and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": _list_methods(request)})
        return to_problem_response(request, _http_problem(request, error, max_body_bytes))

    async def on_database(request: Request, error: Exception) -> Response:
        storage = get_resources(request.app).get(Storage)
        problem = _recognize_full_disk(_database_problem(error, violations), storage)
        if problem is None:
            log.error("database error", path=request.url.path, exc_info=error)
        elif isinstance(problem, StorageFull):
            log.error("disk full", path=request.url.path, reason=str(error))
        elif isinstance(problem, Busy):
            log.warning("database busy or unreachable", path=request.url.path, reason=str(error))
        return to_problem_response(request, problem or Problem())

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    for error_class in DATABASE_ERRORS:
        app.add_exception_handler(error_class, on_database)
