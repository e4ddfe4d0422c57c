"""Comparison of two OpenAPI documents: what would break a client of the older one.

Schema names and prose are no part of a contract. An addition is allowed as long as an old client does not notice it; a
removal or a change is a `Break`.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shared.kit.openapi.schemas import STANDARD_KEYWORDS

Direction = Literal["request", "response"]
Document = Mapping[str, Any]
Pairs = frozenset[tuple[str, str]]
"""References of the older and the newer document that are being compared, which ends the recursion of recursive schemas."""

PROSE = {"description", "summary", "title", "example", "examples", "tags"}
LEAKED = {"max_digits", "decimal_places"}
"""Names of Pydantic in v0.1.0's documents that no tool reads as a keyword."""

NAMED = {"properties", "schemas", "paths", "headers", "content", "responses"}
"""Objects whose keys are names, not keywords of OpenAPI."""

ELEMENTS = {"items": " /*", "additionalProperties": " /<name>"}
ALTERNATIVES = ("anyOf", "oneOf", "allOf")
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
REQUIRED_BEFORE = {("header", "Idempotency-Key")}
"""Parameters that v0.1.0 required and did not declare."""

ENFORCED_BEFORE = (("/in_kind /quantity", "exclusiveMinimum"), ("query source /*", "minLength"))
"""Limits that v0.1.0 enforced and did not state, by the end of their location."""

V0_1_0 = Path(__file__).parent / "v0_1_0"


@dataclass(frozen=True)
class Break:
    """A difference that a client of the older contract can notice.

    `location` is the operation and the part of it, such as `GET /v1/units response 200 /items`.
    """

    location: str
    reason: str

    def __str__(self) -> str:
        return f"{self.location}: {self.reason}"


def read_released_document(name: str) -> Document:
    """Return the document of a service as v0.1.0 had it, without prose."""
    document: Document = json.loads(gzip.decompress((V0_1_0 / f"{name}.json.gz").read_bytes()))
    return document


def remove_prose(value: Any, *, keys_are_names: bool = False) -> Any:
    """Return a part of a document without descriptions, titles, examples and tags, in the keywords of JSON Schema."""
    if isinstance(value, Mapping):
        return {
            key if keys_are_names else STANDARD_KEYWORDS.get(key, key): remove_prose(
                member, keys_are_names=not keys_are_names and key in NAMED
            )
            for key, member in value.items()
            if keys_are_names or key not in PROSE | LEAKED
        }
    return [remove_prose(member) for member in value] if isinstance(value, list) else value


def find_breaks(old: Document, new: Document) -> list[Break]:
    """Return every break of the contract `old` in the contract `new`."""
    return list(Comparison(remove_prose(old), remove_prose(new)).find_breaks())


@dataclass(frozen=True)
class Comparison:
    """Two documents without prose; each method yields the breaks of one kind of part."""

    old: Document
    new: Document

    def find_breaks(self) -> Iterator[Break]:
        """Yield the breaks of all operations of the older document."""
        for path, operations in self.old["paths"].items():
            for method in operations.keys() & set(METHODS):
                location = f"{method.upper()} {path}"
                operation = self.new["paths"].get(path, {}).get(method)
                if operation is None:
                    yield Break(location, "the operation is gone")
                else:
                    yield from self.compare_operations(operations[method], operation, location)

    def compare_operations(self, old: Document, new: Document, location: str) -> Iterator[Break]:
        yield from self.compare_parameters(old.get("parameters", []), new.get("parameters", []), location)
        yield from self.compare_request_bodies(
            old.get("requestBody"), new.get("requestBody"), f"{location} request"
        )
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield Break(f"{location} response {status}", "the response is gone")
                continue
            at = f"{location} response {status}"
            declared = resolve_references(new["responses"][status], self.new)
            yield from self.compare_contents(response, declared, at, "response")
            for header in response.get("headers", {}).keys() - declared.get("headers", {}).keys():
                yield Break(at, f"the header {header} is gone")
        compared = {"parameters", "requestBody", "responses"}
        if (
            "security" not in old
        ):  # who may call was not stated; tests of the guards prove that it is the same
            compared.add("security")
        yield from compare_keywords(old, new, location, compared=compared)

    def compare_parameters(self, old: list[Document], new: list[Document], location: str) -> Iterator[Break]:
        before = {(parameter["in"], parameter["name"]): remove_null(parameter) for parameter in old}
        stated = [remove_null(resolve_references(parameter, self.new)) for parameter in new]
        after = {(parameter["in"], parameter["name"]): parameter for parameter in stated}
        for key, parameter in before.items():
            at = f"{location} {key[0]} {key[1]}"
            if key not in after:
                yield Break(at, "the parameter is gone")
                continue
            yield from compare_keywords(parameter, after[key], at, compared={"schema"})
            yield from self.compare_schemas(parameter["schema"], after[key]["schema"], at, "request")
        for key in after.keys() - before.keys() - REQUIRED_BEFORE:
            if after[key].get("required"):
                yield Break(f"{location} {key[0]} {key[1]}", "a new parameter is required")

    def compare_request_bodies(
        self, old: Document | None, new: Document | None, location: str
    ) -> Iterator[Break]:
        if old is None:
            if new is not None and new.get("required"):
                yield Break(location, "a body is required where there was none")
        elif new is None:
            yield Break(location, "the body is gone")
        else:
            yield from compare_keywords(old, new, location, compared={"content"})
            yield from self.compare_contents(old, new, location, "request")

    def compare_contents(
        self, old: Document, new: Document, location: str, direction: Direction
    ) -> Iterator[Break]:
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield Break(location, f"the media type {media_type} is gone")
            elif "schema" in content:
                yield from self.compare_schemas(
                    content["schema"], new["content"][media_type].get("schema", {}), location, direction
                )

    def compare_schemas(
        self,
        old: Any,
        new: Any,
        location: str,
        direction: Direction,
        open_pairs: Pairs = frozenset(),
    ) -> Iterator[Break]:
        """Compare two schemas; a pair of references that is being compared already counts as alike."""
        pair = (read_reference(old), read_reference(new))
        if pair in open_pairs:
            return
        if all(pair):
            open_pairs |= {pair}
        old, new = resolve_references(old, self.old), resolve_references(new, self.new)
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if old != new:
                yield Break(location, f"{old!r} became {new!r}")
            return
        if direction == "request" and "anyOf" in new and "anyOf" not in old:
            yield from self.compare_alternatives([old], new["anyOf"], location, direction, open_pairs)
        else:
            yield from self.compare_keywords_of(old, new, location, direction, open_pairs)

    def compare_keywords_of(
        self, old: Document, new: Document, location: str, direction: Direction, open_pairs: Pairs
    ) -> Iterator[Break]:
        """Compare the members, elements, alternatives and other keywords of two schemas."""
        yield from self.compare_members(old, new, location, direction, open_pairs)
        for keyword, step in ELEMENTS.items():
            if keyword in old and keyword in new:
                yield from self.compare_schemas(
                    old[keyword], new[keyword], location + step, direction, open_pairs
                )
        for keyword in ALTERNATIVES:
            if keyword in old and keyword in new:
                yield from self.compare_alternatives(
                    old[keyword], new[keyword], location, direction, open_pairs
                )
        compared = {"properties", "required", *({*ELEMENTS, *ALTERNATIVES} & old.keys() & new.keys())}
        if list_values(old) and list_values(new):
            compared |= {"enum", "const"}
            lost = sorted(list_values(old) - list_values(new))
            yield from (Break(location, f"the value {value} is gone") for value in lost)
        yield from compare_keywords(old, new, location, compared=compared)

    def compare_members(
        self, old: Document, new: Document, location: str, direction: Direction, open_pairs: Pairs
    ) -> Iterator[Break]:
        for name, member in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                at = f"{location} /{name}"
                yield from self.compare_schemas(member, new["properties"][name], at, direction, open_pairs)
            else:
                yield Break(f"{location} /{name}", "the member is gone")
        yield from compare_required_members(old, new, location, direction)

    def compare_alternatives(
        self,
        old: list[Any],
        new: list[Any],
        location: str,
        direction: Direction,
        open_pairs: Pairs,
    ) -> Iterator[Break]:
        """Find for each old alternative a new one that keeps it; a response may not gain alternatives."""
        for alternative in old:
            trials = [
                list(self.compare_schemas(alternative, candidate, location, direction, open_pairs))
                for candidate in new
            ]
            yield from min(trials, key=len)
        if direction == "response" and len(new) > len(old):
            yield Break(location, "the response may be of more shapes than before")


def read_reference(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, Mapping) else ""


def resolve_references(schema: Any, document: Document) -> Any:
    """Return the schema that a chain of references leads to."""
    while name := read_reference(schema):
        *_, kind, name = name.split("/")
        schema = document["components"][kind][name]
    return schema


def remove_null(parameter: Document) -> Document:
    """Return a parameter without the alternative null, which no query can state."""
    schema = parameter["schema"]
    alternatives = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(alternatives) != 1:
        return parameter
    others = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
    return {**parameter, "schema": {**alternatives[0], **others}}


def list_values(schema: Document) -> set[str]:
    """Return the values that a schema lists, as JSON."""
    allowed = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
    return {json.dumps(value, ensure_ascii=False) for value in allowed}


def compare_required_members(
    old: Document, new: Document, location: str, direction: Direction
) -> Iterator[Break]:
    before, after = set(old.get("required", [])), set(new.get("required", []))
    members = set(old.get("properties", {}))
    for name in (before - after) & set(new.get("properties", {})):
        yield Break(f"{location} /{name}", "the member is no longer required")
    for name in after - before:
        if direction == "request" or name in members:
            yield Break(f"{location} /{name}", "the member became required")


def compare_keywords(old: Document, new: Document, location: str, *, compared: set[str]) -> Iterator[Break]:
    """Compare what is not compared elsewhere by its value: formats, limits, defaults, the operation's name."""
    enforced = {
        keyword for place, keyword in ENFORCED_BEFORE if location.endswith(place) and keyword not in old
    }
    for keyword in sorted((old.keys() | new.keys()) - compared - enforced):
        if old.get(keyword) != new.get(keyword):
            yield Break(location, f"{keyword} was {old.get(keyword)!r} and is {new.get(keyword)!r}")


def read_released_codes() -> Mapping[str, Any]:
    """Return the codes of v0.1.0: `problems` with their statuses, and `faults`, which appear in a problem's `errors`."""
    codes: Mapping[str, Any] = json.loads((V0_1_0 / "codes.json").read_text(encoding="utf-8"))
    return codes
