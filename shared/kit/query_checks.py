"""The checks of a query as a whole: parameters that the operation does not have, and values beyond the one that it takes.

FastAPI ignores both, so a misspelt `dry_run` would take effect and a misspelt filter would answer for everything.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.kit.paging import InvalidCursor, PageCursor, digest_listing
from shared.kit.problems import Fault, Malformed, Sentence, make_fault, to_json_pointer
from shared.kit.validation_faults import UnknownParameter, make_refusal_error

MAX_FAULTS = 20
"""Of unknown parameters; a query with more of them is no typing error, and to look for similar names takes time."""
MAX_NAME_LENGTH = 60
"""A longer name is cut in the answer, and no similar name is looked for."""
SIMILARITY = 0.55
"""The least ratio of similar names: `unit_code` and `unit` have 0.62."""

NO_PARAMETERS = Sentence("địa chỉ này không nhận tham số nào", "this operation has no parameters")
UNKNOWN_NEAREST = Sentence(
    "Không có tham số “{name}”; tên gần nhất là “{nearest}”.",
    "There is no parameter “{name}”; the nearest is “{nearest}”.",
)
UNKNOWN = Sentence("Không có tham số “{name}”: {names}.", "There is no parameter “{name}”: {names}.")
NAMES = Sentence("các tham số là {names}", "the parameters are {names}")
REPEATED = Sentence(
    "Tham số “{name}” chỉ nhận một giá trị, ở đây có {count}.",
    "The parameter “{name}” takes one value; here it has {count}.",
)
ADDRESS_NOT_UTF8 = Sentence("địa chỉ không phải là UTF-8", "the address is not UTF-8")
MORE = Sentence("Còn {more} tham số khác không có.", "There are {more} more unknown parameters.")


class ReceivedQuery(BaseModel):
    """All parameters of a query, by name: a list where a name is repeated."""

    model_config = ConfigDict(extra="allow")


def make_query_check(parameters: Mapping[str, bool]) -> Any:
    """Return the dependency that refuses other parameters than these, and repeated ones that take one value.

    It fails as the validation of a parameter does, so that FastAPI adds its faults to all others of the request.
    """

    async def check_query(
        _: Annotated[
            ReceivedQuery,
            AfterValidator(partial(_require_known, parameters)),
            Query(include_in_schema=False),
        ],
    ) -> None:
        return

    return Depends(check_query)


def iterate_parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the name of each query parameter, and whether it takes several values."""
    for field in dependant.query_params:
        if field.field_info.include_in_schema:  # type: ignore[attr-defined]  # a `Query`
            yield field.alias, _takes_several(field.field_info.annotation)
    for dependency in dependant.dependencies:
        yield from iterate_parameters(dependency)


def _takes_several(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", annotation)
    return origin in {list, tuple, set, frozenset} or any(
        _takes_several(argument)
        for argument in getattr(annotation, "__args__", ())
        if argument is not annotation
    )


def _require_known(parameters: Mapping[str, bool], query: ReceivedQuery) -> ReceivedQuery:
    """Return the query, or raise an error that names every unknown and every repeated parameter."""
    if faults := _find_faults(parameters, query):
        raise make_refusal_error(UnknownParameter(faults=faults))
    return query


def _find_faults(parameters: Mapping[str, bool], query: ReceivedQuery) -> list[Fault]:
    """Return a fault for each unknown parameter, and for each that has more values than it takes."""
    faults: list[Fault] = []
    unknown: list[str] = []
    for name, value in (query.model_extra or {}).items():
        if name not in parameters:
            unknown.append(name)
        elif isinstance(value, list) and len(value) > 1 and not parameters[name]:
            faults.append(
                make_fault(_point_to(name), "repeated_parameter", REPEATED, name=name, count=len(value))
            )
    faults += [_to_unknown_fault(name, parameters) for name in unknown[:MAX_FAULTS]]
    if len(unknown) > MAX_FAULTS:
        faults.append(make_fault("/query", "more_faults", MORE, more=len(unknown) - MAX_FAULTS))
    return faults


def _point_to(name: str) -> str:
    return to_json_pointer(["query", name[:MAX_NAME_LENGTH]])


def _to_unknown_fault(name: str, parameters: Mapping[str, bool]) -> Fault:
    pointer, shown = _point_to(name), name[:MAX_NAME_LENGTH]
    nearest = find_nearest(name, parameters)
    if nearest is not None:
        return make_fault(pointer, UnknownParameter.code, UNKNOWN_NEAREST, name=shown, nearest=nearest)
    names = NAMES.filled(names=", ".join(sorted(parameters))) if parameters else NO_PARAMETERS
    return make_fault(pointer, UnknownParameter.code, UNKNOWN, name=shown, names=names)


def find_nearest(name: str, names: Mapping[str, Any]) -> str | None:
    """Return the most similar one of names; None where none is similar."""
    if len(name) > MAX_NAME_LENGTH:
        return None
    written = name.lower().replace("-", "_").strip()
    return next(iter(get_close_matches(written, names, 1, SIMILARITY)), None)


def require_utf8(request: Request) -> None:
    """Raise `Malformed` for an address whose percent-encoded bytes are no UTF-8; they would be read as other characters."""
    for part in (request.scope.get("raw_path", b""), request.scope["query_string"]):
        if b"%" in part:
            try:
                unquote_to_bytes(part).decode()
            except UnicodeDecodeError as error:
                raise Malformed(reason=ADDRESS_NOT_UTF8) from error


def find_request_errors(dependant: Dependant, request: Request) -> Iterator[Any]:
    """Yield the errors of FastAPI's for every part of a request but its body, without calling a dependency.

    A dependency that refuses ends FastAPI's own reading, so that it names no error of the parameters after it.
    """
    for dependency in dependant.dependencies:
        yield from find_request_errors(dependency, request)
    for fields, values in (
        (dependant.path_params, request.path_params),
        (dependant.query_params, request.query_params),
        (dependant.header_params, request.headers),
    ):
        yield from request_params_to_args(fields, values)[1]


def find_cursor_fault(parameters: Mapping[str, bool], request: Request) -> Fault | None:
    """Return the fault of a cursor that was not issued by this list with these filters; unknown parameters filter nothing."""
    cursor = request.query_params.get("cursor")
    if cursor is None or "cursor" not in parameters:
        return None
    filters = [(name, value) for name, value in request.query_params.multi_items() if name in parameters]
    try:
        PageCursor(digest_listing(request.url.path, filters), cursor).decode()
    except InvalidCursor as refusal:
        return Fault("/query/cursor", refusal.code, refusal.detail)
    return None
