"""The route class of every operation: it refuses query parameters that the operation does not have.

FastAPI ignores them, so a misspelt `dry_run` would take effect and a misspelt filter would answer for everything. A
parameter that takes one value and has two is refused too. These faults are named in one answer with those of the values.
"""

import json
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.kit.etags import apply_if_none_match, make_weak_etag
from shared.kit.problems import Fault, Invalid, NotFound, Sentence, make_fault, to_json_pointer
from shared.kit.query_lists import CommaSeparated, split_list
from shared.kit.representations import (
    CSV,
    JSON,
    MediaRange,
    Table,
    UnsupportedMediaType,
    find_table,
    negotiate,
    pick_fields,
    to_csv,
)
from shared.kit.validation_faults import UnknownParameter, make_refusal_error

RouteHandler = Callable[[Request], Coroutine[Any, Any, Response]]

MAX_FAULTS = 20
"""Of unknown parameters; a query with more of them is no typing error, and to look for similar names takes time."""
MAX_NAME_LENGTH = 60
"""A longer name is cut in the answer, and no similar name is looked for."""
MAX_FIELDS = 100
"""More than any answer has."""
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
MORE = Sentence("Còn {more} tham số khác không có.", "There are {more} more unknown parameters.")


class ReceivedQuery(BaseModel):
    """All parameters of a query, by name: a list where a name is repeated."""

    model_config = ConfigDict(extra="allow")


class OperationRoute(APIRoute):
    """A route of the interface. Every route of every service is one."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependencies: Any = None, **options: Any
    ) -> None:
        self.parameters: dict[str, bool] = {}
        own = [_make_query_check(self.parameters)]
        self.table = find_table(_find_response_model(endpoint, options))
        if self.table is not None and set(options.get("methods") or {"GET"}) == {"GET"}:
            own.append(Depends(_declare_fields))
        else:
            self.table = None
        super().__init__(path, endpoint, dependencies=[*own, *(dependencies or [])], **options)
        self.parameters.update(_iterate_parameters(self.dependant))
        if self.table is not None:
            self.responses = _with_csv(self.responses)

    @property
    def media_types(self) -> Sequence[str]:
        """The media types of a successful answer; empty where the endpoint makes the response of another one."""
        declared = self.responses.get(HTTPStatus.OK, {}).get("content", {})
        return (JSON, *(name for name in declared if name != JSON)) if self.response_field else ()

    def get_route_handler(self) -> RouteHandler:
        """Return FastAPI's handler. A dependency that refuses a value does not hide that the query has unknown parameters."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if self.body_field is not None:
                _require_json(request)
            accepted = ",".join(request.headers.getlist("accept"))
            media_range = negotiate(accepted, self.media_types) if self.media_types else None
            response = await answer(request)
            if self.table is None or media_range is None or response.status_code != HTTPStatus.OK:
                return response
            if response.headers.get("content-type", "").partition(";")[0] != JSON:
                return response  # the endpoint made another form of it
            return _represent(self.table, request, response, media_range)

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except (Invalid, NotFound) as refusal:
                query = ReceivedQuery.model_validate(
                    {name: request.query_params.getlist(name) for name in request.query_params}
                )
                if faults := _find_query_faults(self.parameters, query):
                    raise UnknownParameter(faults=[*faults, *refusal.faults]) from refusal
                raise

        return handle


async def _declare_fields(
    _: Annotated[
        list[str] | None,
        CommaSeparated,
        Query(
            alias="fields",
            max_length=MAX_FIELDS,
            description="only these members of the answer or of its rows, separated by commas or repeated; members of "
            "members with a point: coverage.reported",
        ),
    ] = None,
) -> None:
    return


def _find_response_model(endpoint: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    model = options.get("response_model")
    return get_typed_return_annotation(endpoint) if isinstance(model, DefaultPlaceholder | None) else model


def _with_csv(responses: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Return the declared responses with CSV beside the JSON of the successful one."""
    declared = responses.get(HTTPStatus.OK, {})
    content = {**declared.get("content", {}), CSV: {"schema": {"type": "string"}}}
    return {**responses, 200: {"description": "Successful Response", **declared, "content": content}}


def _require_json(request: Request) -> None:
    """Raise `UnsupportedMediaType` for a body that is not declared as JSON."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    kind, _, subtype = media_type.partition("/")
    if kind != "application" or (subtype != "json" and not subtype.endswith("+json")):
        raise UnsupportedMediaType(media_type, [JSON])


def _represent(table: Table, request: Request, response: Response, media_range: MediaRange) -> Response:
    """Return a list in the media type that was negotiated, with the members that were picked."""
    fields = split_list(request.query_params.getlist("fields"))
    body = bytes(response.body)
    if media_range.media_type == CSV:
        if fields:
            pick_fields(table, json.loads(body), fields)
        content = to_csv(table, body, fields, byte_order_mark=media_range.parameters.get("bom") == "true")
    elif fields:
        content = orjson.dumps(pick_fields(table, orjson.loads(body), fields))
    else:
        content = body
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    headers["vary"] = ", ".join(filter(None, [headers.get("vary"), "Accept"]))
    if content is body:
        return Response(content, headers=headers)
    tag = headers.pop("etag", None)
    if media_range.media_type == CSV:
        headers["content-type"] = "text/csv; charset=utf-8; header=present"
    if tag is not None:  # over the content without ages, which the endpoint alone knows
        headers["etag"] = make_weak_etag(f"{tag} {media_range.media_type} {fields}".encode())
    return apply_if_none_match(request, Response(content, headers=headers))


def _make_query_check(parameters: Mapping[str, bool]) -> Any:
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


def _iterate_parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the name of each query parameter, and whether it takes several values."""
    for field in dependant.query_params:
        if field.field_info.include_in_schema:  # type: ignore[attr-defined]  # a `Query`
            yield field.alias, _takes_several(field.field_info.annotation)
    for dependency in dependant.dependencies:
        yield from _iterate_parameters(dependency)


def _takes_several(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", annotation)
    return origin in {list, tuple, set, frozenset} or any(
        _takes_several(argument)
        for argument in getattr(annotation, "__args__", ())
        if argument is not annotation
    )


def _require_known(parameters: Mapping[str, bool], query: ReceivedQuery) -> ReceivedQuery:
    """Return the query, or raise an error that names every unknown and every repeated parameter."""
    if faults := _find_query_faults(parameters, query):
        raise make_refusal_error(UnknownParameter(faults=faults))
    return query


def _find_query_faults(parameters: Mapping[str, bool], query: ReceivedQuery) -> list[Fault]:
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
