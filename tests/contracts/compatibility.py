"""What a client of an older contract would miss in a newer one: two OpenAPI documents compared, operation by operation.

Names of schemas and prose are no part of a contract. What is new is allowed as long as an old client does not notice
it; what is gone or different is a `Break`.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Direction = Literal["request", "response"]
Document = Mapping[str, Any]
Pairs = frozenset[tuple[str, str]]
"""References of the older and the newer document that are being compared, so that recursive schemas come to an end."""

PROSE = {"description", "summary", "title", "example", "examples", "tags"}
NAMED = {"properties", "schemas", "paths", "headers", "content", "responses"}
"""The objects whose keys are names and not keywords of OpenAPI."""

ELEMENTS = {"items": " /*", "additionalProperties": " /<name>"}
ALTERNATIVES = ("anyOf", "oneOf", "allOf")
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
V0_1_0 = Path(__file__).parent / "v0_1_0"


@dataclass(frozen=True)
class Break:
    """One place where the newer contract does not keep what the older one promised."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def released_document(name: str) -> Document:
    """Return the document of a service as v0.1.0 had it, without prose."""
    document: Document = json.loads(gzip.decompress((V0_1_0 / f"{name}.json.gz").read_bytes()))
    return document


def without_prose(value: Any, *, keys_are_names: bool = False) -> Any:
    """Return a part of a document without descriptions, titles, examples and tags."""
    if isinstance(value, Mapping):
        return {
            key: without_prose(member, keys_are_names=not keys_are_names and key in NAMED)
            for key, member in value.items()
            if keys_are_names or key not in PROSE
        }
    return [without_prose(member) for member in value] if isinstance(value, list) else value


def find_breaks(old: Document, new: Document) -> list[Break]:
    """Return every place where `new` breaks what `old` promised."""
    return list(Comparison(without_prose(old), without_prose(new)).breaks())


@dataclass(frozen=True)
class Comparison:
    """Two documents without prose; each method yields the breaks of one kind of part."""

    old: Document
    new: Document

    def breaks(self) -> Iterator[Break]:
        for path, operations in self.old["paths"].items():
            for method in operations.keys() & set(METHODS):
                place = f"{method.upper()} {path}"
                operation = self.new["paths"].get(path, {}).get(method)
                if operation is None:
                    yield Break(place, "the operation is gone")
                else:
                    yield from self.operation(operations[method], operation, place)

    def operation(self, old: Document, new: Document, place: str) -> Iterator[Break]:
        yield from self.parameters(old.get("parameters", []), new.get("parameters", []), place)
        yield from self.request_body(old.get("requestBody"), new.get("requestBody"), f"{place} request")
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield Break(f"{place} response {status}", "the response is gone")
                continue
            at = f"{place} response {status}"
            yield from self.contents(response, new["responses"][status], at, "response")
            for header in (
                response.get("headers", {}).keys() - new["responses"][status].get("headers", {}).keys()
            ):
                yield Break(at, f"the header {header} is gone")
        yield from keywords(old, new, place, compared={"parameters", "requestBody", "responses"})

    def parameters(self, old: list[Document], new: list[Document], place: str) -> Iterator[Break]:
        before = {(parameter["in"], parameter["name"]): parameter for parameter in old}
        after = {(parameter["in"], parameter["name"]): parameter for parameter in new}
        for key, parameter in before.items():
            at = f"{place} {key[0]} {key[1]}"
            if key not in after:
                yield Break(at, "the parameter is gone")
                continue
            yield from keywords(parameter, after[key], at, compared={"schema"})
            yield from self.schema(parameter["schema"], after[key]["schema"], at, "request")
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield Break(f"{place} {key[0]} {key[1]}", "a new parameter is required")

    def request_body(self, old: Document | None, new: Document | None, place: str) -> Iterator[Break]:
        if old is None:
            if new is not None and new.get("required"):
                yield Break(place, "a body is required where there was none")
        elif new is None:
            yield Break(place, "the body is gone")
        else:
            yield from keywords(old, new, place, compared={"content"})
            yield from self.contents(old, new, place, "request")

    def contents(self, old: Document, new: Document, place: str, direction: Direction) -> Iterator[Break]:
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield Break(place, f"the media type {media_type} is gone")
            elif "schema" in content:
                yield from self.schema(
                    content["schema"], new["content"][media_type].get("schema", {}), place, direction
                )

    def schema(
        self,
        old: Any,
        new: Any,
        place: str,
        direction: Direction,
        open_pairs: Pairs = frozenset(),
    ) -> Iterator[Break]:
        """Compare two schemas; a pair of references that is being compared already is taken to be alike."""
        pair = (reference(old), reference(new))
        if pair in open_pairs:
            return
        if all(pair):
            open_pairs |= {pair}
        old, new = resolve(old, self.old), resolve(new, self.new)
        if not isinstance(old, Mapping) or not isinstance(new, Mapping):
            if old != new:
                yield Break(place, f"{old!r} became {new!r}")
            return
        yield from self.members(old, new, place, direction, open_pairs)
        for keyword, step in ELEMENTS.items():
            if keyword in old and keyword in new:
                yield from self.schema(old[keyword], new[keyword], place + step, direction, open_pairs)
        for keyword in ALTERNATIVES:
            if keyword in old and keyword in new:
                yield from self.alternatives(old[keyword], new[keyword], place, direction, open_pairs)
        compared = {"properties", "required", *({*ELEMENTS, *ALTERNATIVES} & old.keys() & new.keys())}
        if values(old) and values(new):
            compared |= {"enum", "const"}
            lost = sorted(values(old) - values(new))
            yield from (Break(place, f"the value {value} is gone") for value in lost)
        yield from keywords(old, new, place, compared=compared)

    def members(
        self, old: Document, new: Document, place: str, direction: Direction, open_pairs: Pairs
    ) -> Iterator[Break]:
        for name, member in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                at = f"{place} /{name}"
                yield from self.schema(member, new["properties"][name], at, direction, open_pairs)
            else:
                yield Break(f"{place} /{name}", "the member is gone")
        yield from required_members(old, new, place, direction)

    def alternatives(
        self,
        old: list[Any],
        new: list[Any],
        place: str,
        direction: Direction,
        open_pairs: Pairs,
    ) -> Iterator[Break]:
        """Find for each old alternative a new one that keeps it; a response may not gain alternatives."""
        for alternative in old:
            trials = [
                list(self.schema(alternative, candidate, place, direction, open_pairs)) for candidate in new
            ]
            yield from min(trials, key=len)
        if direction == "response" and len(new) > len(old):
            yield Break(place, "the response may be of more shapes than before")


def reference(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, Mapping) else ""


def resolve(schema: Any, document: Document) -> Any:
    """Follow references until something else is met."""
    while name := reference(schema):
        schema = document["components"]["schemas"][name.rpartition("/")[2]]
    return schema


def values(schema: Document) -> set[str]:
    """Return the values that a schema lists, as JSON."""
    listed = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
    return {json.dumps(value, ensure_ascii=False) for value in listed}


def required_members(old: Document, new: Document, place: str, direction: Direction) -> Iterator[Break]:
    before, after = set(old.get("required", [])), set(new.get("required", []))
    members = set(old.get("properties", {}))
    for name in (before - after) & set(new.get("properties", {})):
        yield Break(f"{place} /{name}", "the member is no longer required")
    for name in after - before:
        if direction == "request" or name in members:
            yield Break(f"{place} /{name}", "the member became required")


def keywords(old: Document, new: Document, place: str, *, compared: set[str]) -> Iterator[Break]:
    """Compare what is not compared elsewhere by its value: formats, limits, defaults, the operation's name."""
    for keyword in sorted((old.keys() | new.keys()) - compared):
        if old.get(keyword) != new.get(keyword):
            yield Break(place, f"{keyword} was {old.get(keyword)!r} and is {new.get(keyword)!r}")


def released_codes() -> Mapping[str, Any]:
    """Return the codes of v0.1.0: `problems` with their statuses, and `faults`, which stand in a problem's `errors`."""
    codes: Mapping[str, Any] = json.loads((V0_1_0 / "codes.json").read_text(encoding="utf-8"))
    return codes
