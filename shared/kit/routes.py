"""The route class of every operation: what is alike for all of them, before and after their own function.

It refuses query parameters that the operation does not have, bodies and answers of other media types, and gives lists and
figures as CSV, in a further format of their rows, or with the members that are picked. The faults of a query are named in one answer.
"""

import json
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from shared.kit.etags import apply_if_none_match, make_weak_etag
from shared.kit.exact_json import ESCAPED_MARK, read_json, restore_numbers, write_json
from shared.kit.identity import Guard
from shared.kit.picked_fields import pick_fields, require_fields
from shared.kit.problems import Fault, Invalid, NotFound, Problem
from shared.kit.query_checks import (
    find_cursor_fault,
    find_request_errors,
    iterate_parameters,
    make_query_check,
    require_utf8,
)
from shared.kit.query_lists import CommaSeparated, split_list
from shared.kit.representations import CSV, JSON, MediaRange, RowFormat, UnsupportedMediaType, negotiate
from shared.kit.tables import Table, find_row_formats, find_table, find_tables, to_csv
from shared.kit.validation_faults import UnknownParameter, parseable_by, to_request_refusal

RouteHandler = Callable[[Request], Coroutine[Any, Any, Response]]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that only read."""

MAX_FIELDS = 100
"""More than any answer has."""


class OperationRoute(APIRoute):
    """A route of the interface. Every route of every service is one."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, dependencies: Any = None, **options: Any
    ) -> None:
        self.parameters: dict[str, bool] = {}
        own = [make_query_check(self.parameters)]
        model = _find_response_model(endpoint, options)
        reads = set(options.get("methods") or {"GET"}) == {"GET"}
        self.table = find_table(model) if reads else None
        self.tables = find_tables(model)
        self.formats = {row_format.media_type: row_format for row_format in find_row_formats(model)}
        if self.table is not None:
            own.append(_make_fields_parameter(self.table))
        super().__init__(path, endpoint, dependencies=[*own, *(dependencies or [])], **options)
        self.parameters.update(iterate_parameters(self.dependant))
        self._guards = tuple(_iterate_guards(self.dependant))
        if self.table is not None:
            self.responses = _with_tables(self.responses, self.formats)

    @property
    def media_types(self) -> Sequence[str]:
        """The media types of a successful answer; empty where the endpoint itself chooses one."""
        declared = self.responses.get(HTTPStatus.OK, {}).get("content", {})
        if self.response_field:
            return (JSON, *(name for name in declared if name != JSON))
        own = None if isinstance(self.response_class, DefaultPlaceholder) else self.response_class.media_type
        return tuple(declared) or ((own,) if own else ())

    def get_route_handler(self) -> RouteHandler:
        """Return FastAPI's handler, with what all operations do before and after their own function."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            await self.require_caller(request)
            if self.parameters or self.param_convertors:
                require_utf8(request)
            if self.body_field is not None:
                _require_json(request)
            accepted = ",".join(request.headers.getlist("accept"))
            media_range = negotiate(accepted, self.media_types, self._is_taken) if self.media_types else None
            response = await self._answer(handler, request)
            if hasattr(response, "body") and ESCAPED_MARK in response.body:
                response = _with_exact_numbers(response)
            if media_range is not None and self._gives_rows(response):
                response = self._represent(request, response, media_range)
            return apply_if_none_match(request, response) if "etag" in response.headers else response

        return handle

    async def require_caller(self, request: Request) -> None:
        """Let the guard of a write refuse before anything of the body is read, or a stored answer is given again."""
        if request.method not in SAFE:
            for guard in self._guards:
                await guard(request)

    async def _answer(self, handler: RouteHandler, request: Request) -> Response:
        """Return the answer of the handler; a refusal of the query names every fault of it at once."""
        try:
            return await handler(request)
        except RequestValidationError as error:
            raise self.make_refusal(request, error.errors()) from error
        except (Invalid, NotFound) as refused:  # maybe of a dependency, before the rest of the query was read
            errors = [*find_request_errors(self.dependant, request)]
            if not errors:
                raise
            raise self.make_refusal(request, errors, self._to_faults(refused)) from refused

    def make_refusal(self, request: Request, errors: Sequence[Any], others: Sequence[Fault] = ()) -> Problem:
        """Return the one problem that names the errors of a request, a fault of its cursor, and other faults."""
        refusal = to_request_refusal(errors)
        cursor_fault = find_cursor_fault(self.parameters, request)
        further = [*([] if cursor_fault is None else [cursor_fault]), *others]
        if not further:
            return refusal
        kind = UnknownParameter if isinstance(refusal, UnknownParameter) else Invalid
        return kind(faults=dict.fromkeys([*refusal.faults, *further]))

    def _to_faults(self, refused: Problem) -> Sequence[Fault]:
        """Return the faults of a refusal; what names a parameter and has no faults of its own is a fault of that parameter."""
        names = [name for name in refused.facts if name in self.parameters]
        detail = refused.detail.filled(**refused.facts)
        return refused.faults or [Fault(f"/query/{name}", refused.code, detail) for name in names[:1]]

    def _gives_rows(self, response: Response) -> bool:
        """Whether an answer is the JSON of rows; the endpoint may have made another form of it."""
        media_type = response.headers.get("content-type", "").partition(";")[0]
        return self.table is not None and response.status_code == HTTPStatus.OK and media_type == JSON

    def _is_taken(self, media_range: MediaRange) -> bool:
        """Whether an answer can be written as the parameters of a media range say."""
        row_format: RowFormat | None = self.formats.get(media_range.media_type)
        return row_format is None or row_format.is_taken(media_range.parameters)

    def _represent(self, request: Request, response: Response, media_range: MediaRange) -> Response:
        """Return the rows in the media type that was negotiated, with the members that were picked."""
        assert self.table is not None
        fields = split_list(request.query_params.getlist("fields"))
        body = bytes(response.body)
        own_headers: dict[str, str] = {}
        if row_format := self.formats.get(media_range.media_type):
            document = json.loads(body, parse_float=str)
            content, content_type, further = row_format.write(request, document, media_range.parameters)
            own_headers = {"content-type": content_type, **further}
        elif media_range.media_type == CSV:
            content = self._write_csv(body, fields, media_range)
            own_headers = {"content-type": "text/csv; charset=utf-8; header=present"}
        elif fields:
            content = write_json(pick_fields(self.table, read_json(body), fields))
        else:
            content = body
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        headers["vary"] = ", ".join(filter(None, [headers.get("vary"), "Accept"]))
        if content is body:
            return Response(content, headers=headers)
        tag = headers.pop("etag", None)
        headers |= own_headers
        if tag is not None:  # over the content without ages, which the endpoint alone knows
            form = (media_range.media_type, *sorted(media_range.parameters.items())) if own_headers else JSON
            language = own_headers.get("content-language", "")
            headers["vary"] += ", Accept-Language" if language else ""
            headers["etag"] = make_weak_etag(f"{tag} {form} {fields} {language}".encode())
        return Response(content, headers=headers)

    def _write_csv(self, body: bytes, fields: Sequence[str], media_range: MediaRange) -> bytes:
        """Return the rows as CSV: those of a list that is picked by its name alone, else those of the table."""
        assert self.table is not None
        with_mark = media_range.parameters.get("bom") == "true"
        if len(fields) == 1 and fields[0] in self.tables:
            return to_csv(self.tables[fields[0]], body, (), byte_order_mark=with_mark)
        if fields:
            pick_fields(self.table, json.loads(body), fields)
        return to_csv(self.table, body, fields, byte_order_mark=with_mark)


def _with_exact_numbers(response: Response) -> Response:
    """Return a response with the numbers that its serializer could not write."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(
        restore_numbers(bytes(response.body)), response.status_code, headers, background=response.background
    )


def _make_fields_parameter(table: Table) -> Any:
    """Return the dependency that declares `fields`, and refuses names of no member before anything is read."""

    async def declare_fields(
        _: Annotated[
            list[str] | None,
            CommaSeparated,
            parseable_by(partial(_require_fields, table)),
            Query(
                alias="fields",
                max_length=MAX_FIELDS,
                description="only these members of the answer or of its rows, separated by commas or repeated; members of "
                "members with a point: coverage.reported",
            ),
        ] = None,
    ) -> None:
        return

    return Depends(declare_fields)


def _require_fields(table: Table, fields: list[str] | None) -> None:
    require_fields(table, fields or ())


def _iterate_guards(dependant: Dependant) -> Iterator[Guard]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Guard):
            yield dependency.call
        yield from _iterate_guards(dependency)


def _find_response_model(endpoint: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    model = options.get("response_model")
    return get_typed_return_annotation(endpoint) if isinstance(model, DefaultPlaceholder | None) else model


def _with_tables(
    responses: Mapping[int | str, dict[str, Any]], formats: Iterable[str]
) -> dict[int | str, dict[str, Any]]:
    """Return the declared responses with CSV and the further formats of rows beside the JSON of the successful one."""
    declared = responses.get(HTTPStatus.OK, {})
    tables = {media_type: {"schema": {"type": "string"}} for media_type in (CSV, *formats)}
    content = {**declared.get("content", {}), **tables}
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
