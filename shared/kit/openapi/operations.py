"""Complete each operation of a service's document from what its route is: guard, route class, code and body.

Nothing here is written by hand for one route: who may call it comes from the guard that enforces it, Idempotency-Key from the
route class that claims it, the refusals from the classes that its code can raise (ADR 0015).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared.kit.content_coding import RatioTooHigh, UnsupportedContentCoding
from shared.kit.exception_handlers import Busy, DatabaseReadOnly
from shared.kit.idempotency import IdempotencyKeyRequired, IdempotencyKeyReused
from shared.kit.identity import AllowsAnyone, AllowsPublic, Guard, Requires
from shared.kit.issuer_keys import KeysUnavailable
from shared.kit.json_body import parse_json
from shared.kit.openapi.header_fields import IDEMPOTENCY_KEY, IF_NONE_MATCH, NOT_MODIFIED, add_headers
from shared.kit.openapi.problem_schemas import refer_to_response
from shared.kit.openapi.reachable_code import CodeReader
from shared.kit.problems import Invalid, Malformed, Problem, Sentence, TooLarge
from shared.kit.representations import NotAcceptable, UnsupportedMediaType
from shared.kit.routes import OperationRoute
from shared.kit.transactions import TransactionRoute
from shared.kit.validation_faults import UnknownParameter

SCHEME = "client"
"""The security scheme of tokens."""

CREATED, OK = str(HTTPStatus.CREATED.value), str(HTTPStatus.OK.value)
READS = frozenset({"GET", "HEAD"})
CONDITIONAL = frozenset({"apply_if_none_match", "make_weak_etag"})
"""The functions of which an operation calls one, where it answers 304."""

NAMED_FIELDS = ("Age", "ETag", "Link", "Location", "Status-Parts")
"""Response header fields that the code of an operation names where it sends them."""

AGE_FIELDS = {"Age", "Status-Parts"}
"""Those that an answer without a body carries too."""

NOTHING_NEW = "Nothing new was kept: a dry run, or the same was there already"
CREATED_ONE = "It was created"
ANSWER = "The answer"
FASTAPI_DESCRIPTION = "Successful Response"


Facts = Mapping[type[Problem], set[str]]
Faults = Mapping[str, set[Sentence]]


def describe_operations(
    app: FastAPI, document: dict[str, Any], rules: Sequence[Callable[..., Any]]
) -> tuple[Facts, Faults]:
    """Complete the operations of a document; return what they refuse.

    First the problems that they may answer, with the names of their facts; then the faults that a problem may name, with
    their sentences. `rules` are functions that operations find in data.
    """
    routes = list(list_routes(app))
    endpoints = {str(route.endpoint.__module__) for route in routes if route.endpoint is not None}
    reader = CodeReader(frozenset(module.partition(".")[0] for module in (__name__, *endpoints)))
    problems: dict[type[Problem], set[str]] = {}
    faults = {code: set(sentences) for code, sentences in reader.find_reachable(rules).faults.items()}
    for route in routes:
        operations = document["paths"][route.path_format]
        for method in route.methods or ():
            described = _DescribedOperation(route, method, operations[method.lower()], reader)
            described.complete()
            for problem in described.problems:
                problems.setdefault(problem, set()).update(described.facts.get(problem, ()))
            for code, sentences in described.faults.items():
                faults.setdefault(code, set()).update(sentences)
    return problems, faults


def list_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Yield the routes whose operations are in the document."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            yield route


class _DescribedOperation:
    """One operation, and what its route says of it."""

    def __init__(
        self, route: RouteContext, method: str, operation: dict[str, Any], reader: CodeReader
    ) -> None:
        self.operation = operation
        self.problems: set[type[Problem]] = set()
        self._method = method
        self._checks_query = isinstance(route.original_route, OperationRoute)
        self._in_transaction = isinstance(route.original_route, TransactionRoute)
        dependencies = list(_iterate_dependencies(route.dependant))
        self._calls = [dependency.call for dependency in dependencies]
        self._guard = next(call for call in self._calls if isinstance(call, Guard))
        self._reads_json = "application/json" in operation.get("requestBody", {}).get("content", {})
        self._negotiates = isinstance(route.original_route, OperationRoute) and bool(
            route.original_route.media_types
        )
        roots = (*self._calls, parse_json) if self._reads_json else self._calls
        self._code = reader.find_reachable(roots, _iterate_parameters(dependencies))

    @property
    def facts(self) -> Facts:
        """The names of the facts that each problem is raised with."""
        return self._code.facts

    @property
    def faults(self) -> Faults:
        """The sentences of the faults that the operation names, by their code."""
        return self._code.faults

    @property
    def _answers_once(self) -> bool:
        return self._in_transaction and self._method == "POST"

    @property
    def _is_conditional(self) -> bool:
        return self._method in READS and (self._in_transaction or bool(self._code.names & CONDITIONAL))

    def complete(self) -> None:
        """Declare who may call the operation, its header fields, and its responses."""
        self._name_in_plain_case()
        self._declare_security()
        self._declare_request_fields()
        self._declare_successes()
        self._declare_refusals()

    def _name_in_plain_case(self) -> None:
        """Write a summary that FastAPI made of the function's name as a sentence: `Read status`."""
        words = self.operation["operationId"].replace("_", " ")
        if self.operation["summary"] == words.title():
            self.operation["summary"] = words.capitalize()

    def _declare_security(self) -> None:
        if "security" in self.operation:
            return
        guard = self._guard
        if isinstance(guard, Requires):
            self.operation["security"] = [{SCHEME: [scope]} for scope in guard.scopes]
            scopes = " or ".join(f"`{scope}`" for scope in guard.scopes)
            sentence = f"Needs a token with the scope {scopes}."
        elif isinstance(guard, AllowsPublic):
            self.operation["security"] = [{}, {SCHEME: []}]
            sentence = "Needs no token, unless the installation closes public reads."
        else:
            assert isinstance(guard, AllowsAnyone)
            self.operation["security"] = []
            sentence = "Needs no token."
        self.operation["description"] = f"{self.operation.get('description', '')}\n\n{sentence}".strip()

    def _declare_request_fields(self) -> None:
        parameters = self.operation.setdefault("parameters", [])
        if self._answers_once:
            parameters.append(deepcopy(IDEMPOTENCY_KEY))
        if self._is_conditional:
            parameters.append(deepcopy(IF_NONE_MATCH))
        if not parameters:
            del self.operation["parameters"]

    def _declare_successes(self) -> None:
        responses = self.operation["responses"]
        success = next(status for status in responses if status in {OK, CREATED})
        names = {parameter.get("name") for parameter in self.operation.get("parameters", ())}
        answered = set()
        if success == CREATED or "dry_run" in names:
            answered.add(OK)
        if self._method == "PUT" and "HTTP_201_CREATED" in self._code.names:
            answered.add(CREATED)
        for status in answered - responses.keys():
            responses[status] = deepcopy(responses[success])
            responses[status]["description"] = NOTHING_NEW if status == OK else CREATED_ONE
        if responses[success]["description"] == FASTAPI_DESCRIPTION:
            responses[success]["description"] = CREATED_ONE if success == CREATED else ANSWER
        fields = {"X-Request-Id", *(name for name in NAMED_FIELDS if name in self._code.texts)}
        if CREATED not in responses:
            fields.discard("Location")
        fields |= self._list_write_fields()
        if self._is_conditional:
            fields.add("ETag")
            responses["304"] = deepcopy(NOT_MODIFIED)
            add_headers(responses["304"], fields & AGE_FIELDS)
        for status in (OK, CREATED):
            if status in responses:
                add_headers(responses[status], fields)

    def _list_write_fields(self) -> set[str]:
        """Return the fields that the route class adds to the answer to a write."""
        if not self._in_transaction or self._method in READS:
            return set()
        return {"NTP-Change", "Idempotent-Replay"} if self._answers_once else {"NTP-Change"}

    def _declare_refusals(self) -> None:
        responses = self.operation["responses"]
        by_status: dict[int, set[str]] = {}
        for problem in self._list_problems():
            self.problems.add(problem)
            by_status.setdefault(problem.status, set()).add(problem.code)
        for status, codes in by_status.items():
            responses[str(status)] = refer_to_response(codes)

    def _list_problems(self) -> Iterator[type[Problem]]:
        """Yield what the code raises, and what the kit raises around it."""
        yield from self._code.problems - {Problem}
        yield Problem
        if not isinstance(self._guard, AllowsAnyone):
            yield KeysUnavailable
        has_body = "requestBody" in self.operation
        if has_body or "parameters" in self.operation:
            yield from (Malformed, Invalid)
        if has_body:
            yield from (TooLarge, RatioTooHigh, UnsupportedContentCoding)
        if self._reads_json:
            yield UnsupportedMediaType
        if self._negotiates:
            yield NotAcceptable
        if self._checks_query:
            yield UnknownParameter
        if self._in_transaction or "Database" in self._code.names:
            yield Busy
        if self._in_transaction and self._method not in READS:
            yield DatabaseReadOnly
        if self._answers_once:
            yield from (IdempotencyKeyRequired, IdempotencyKeyReused)


def _iterate_dependencies(dependant: Dependant) -> Iterator[Dependant]:
    """Yield a route's function and everything that it depends on."""
    yield dependant
    for dependency in dependant.dependencies:
        yield from _iterate_dependencies(dependency)


def _iterate_parameters(dependencies: list[Dependant]) -> Iterator[Any]:
    """Yield the parameters and the body, whose validators may refuse."""
    for dependency in dependencies:
        for kind in ("path_params", "query_params", "header_params", "body_params"):
            for parameter in getattr(dependency, kind):
                yield parameter.field_info
