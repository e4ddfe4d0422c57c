"""Representations of an answer: the media type that the client accepts, CSV of a list, and the members that it picks.

A list, and an answer that holds one list of figures or rows, is a table: a column for each member of a row, nested members
with a point between (`coverage.reported`). CSV has a header row of these names (RFC 4180, UTF-8).
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from shared.kit.problems import Invalid, Problem, Sentence, make_fault

JSON, CSV = "application/json", "text/csv"
BYTE_ORDER_MARK = "\ufeff"
TABLE_MEMBERS = ("items", "figures", "rows", "values", "curves")
"""Members that hold the rows of an answer; the first of these that is a list of objects."""

Document = dict[str, Any]


class NotAcceptable(Problem):
    """The client accepts no representation that there is."""

    status = 406
    code = "not_acceptable"
    title = Sentence("Không có dạng được yêu cầu", "Not acceptable")
    detail = Sentence("Địa chỉ này chỉ trả về: {available}.", "This operation answers with: {available}.")


class UnsupportedMediaType(Problem):
    """The body is of a media type, or in a coding, that the operation does not take."""

    status = 415
    code = "unsupported_media_type"
    title = Sentence("Loại nội dung không nhận", "Unsupported media type")
    detail = Sentence(
        "Không nhận nội dung loại “{media_type}”; hãy gửi: {accepted}.",
        "A body of the type “{media_type}” is not taken; send: {accepted}.",
    )

    def __init__(self, media_type: str, accepted: Iterable[str]) -> None:
        types = ", ".join(accepted)
        super().__init__(media_type=media_type[:100], accepted=types, headers={"Accept": types})


FIELD_UNKNOWN = Sentence(
    "Không có trường “{name}”; các trường là {names}.",
    "There is no member “{name}”; the members are {names}.",
)


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One range of an Accept field: its type, its parameters, and its quality."""

    media_type: str
    parameters: Mapping[str, str]
    quality: float

    def specificity(self, media_type: str) -> int:
        """Return how exactly the range names a media type; 0 where it does not."""
        kind = media_type.partition("/")[0]
        return {media_type: 3, f"{kind}/*": 2, "*/*": 1}.get(self.media_type, 0)


def parse_accept(field_value: str) -> list[MediaRange]:
    """Return the ranges of an Accept field (RFC 9110, 12.5.1); one that cannot be read is left out."""
    ranges = []
    for text in field_value.split(","):
        media_type, *pairs = (part.strip().lower() for part in text.split(";"))
        parameters = {
            name.strip(): value.strip(' "') for name, _, value in (pair.partition("=") for pair in pairs)
        }
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        if media_type:
            ranges.append(MediaRange(media_type, parameters, quality))
    return ranges


def negotiate(field_value: str, available: Sequence[str]) -> MediaRange:
    """Return the media type that an Accept field prefers, the first where all are alike. Raises `NotAcceptable`."""
    ranges = parse_accept(field_value) or [MediaRange("*/*", {}, 1.0)]
    best: tuple[float, int, MediaRange] | None = None
    for rank, media_type in enumerate(available):
        exactness, quality, chosen = max(
            ((accepted.specificity(media_type), accepted.quality, accepted) for accepted in ranges),
            key=lambda candidate: candidate[:2],
        )
        if exactness and quality > 0 and (best is None or (quality, -rank) > best[:2]):
            best = quality, -rank, MediaRange(media_type, chosen.parameters, quality)
    if best is None:
        raise NotAcceptable(available=", ".join(available))
    return best[2]


@dataclass(frozen=True, slots=True)
class Table:
    """The path to the rows of an answer, and their columns."""

    path: tuple[str, ...]
    """The member that holds the rows; of two members, each object of the first holds rows in the second."""
    columns: tuple[str, ...]
    outer: tuple[str, ...] = ()
    """The members of the objects around the rows, which each row repeats."""
    top: frozenset[str] = frozenset()
    """The members of the whole answer."""
    open: bool = False
    """Whether rows may have members that the schema does not name."""

    def rows(self, document: Document) -> Iterator[tuple[Document, Document]]:
        """Yield each row with the object around it."""
        holders = document.get(self.path[0], []) if len(self.path) > 1 else [document]
        for holder in holders:
            for row in holder.get(self.path[-1], []):
                yield holder, row


def find_table(model: Any) -> Table | None:
    """Return the table of an answer's model; None where it is no list and holds no list of rows."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    top = frozenset(model.model_fields)
    if row := _find_row_model(model):
        member, row_model = row
        return Table((member,), _list_columns(row_model), top=top, open=_is_open(row_model))
    for name, field in model.model_fields.items():
        part = _to_row_model(field.annotation)
        if part is not None and (row := _find_row_model(part)):
            member, row_model = row
            outer = tuple(column for column in _list_columns(part) if column.split(".")[0] != member)
            return Table((name, member), _list_columns(row_model), outer, top, _is_open(row_model))
    return None


def _find_row_model(model: type[BaseModel]) -> tuple[str, type[BaseModel]] | None:
    for member in TABLE_MEMBERS:
        field = model.model_fields.get(member)
        row_model = _to_row_model(field.annotation) if field else None
        if row_model is not None:
            return member, row_model
    return None


def _to_row_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model of the objects of a list; None of anything else."""
    arguments = get_args(annotation) if getattr(annotation, "__origin__", None) is list else ()
    return _to_model(arguments[0]) if arguments else None


def _to_model(annotation: Any) -> type[BaseModel] | None:
    """Return the one model of an annotation, which may be optional."""
    models = [
        candidate
        for candidate in (annotation, *get_args(annotation))
        if isinstance(candidate, type) and issubclass(candidate, BaseModel)
    ]
    return models[0] if len(models) == 1 else None


def _is_open(model: type[BaseModel]) -> bool:
    return model.model_config.get("extra") == "allow"


def _list_columns(model: type[BaseModel]) -> tuple[str, ...]:
    columns: list[str] = []
    for name, field in model.model_fields.items():
        nested = (
            None
            if getattr(field.annotation, "__origin__", None) in {list, dict}
            else _to_model(field.annotation)
        )
        columns += [f"{name}.{inner}" for inner in _list_columns(nested)] if nested else [name]
    return tuple(columns)


def to_csv(table: Table, body: bytes, fields: Sequence[str], *, byte_order_mark: bool) -> bytes:
    """Return the rows of a JSON answer as CSV; numbers are written as in the JSON, lists in a cell as JSON."""
    document = json.loads(body, parse_float=str)
    rows = list(table.rows(document))
    inner = [*table.columns, *(_list_further_members(table, rows) if table.open else ())]
    outer = [f"{table.path[0]}.{column}" if column in inner else column for column in table.outer]
    if not table.top.issuperset(fields):
        inner = [column for column in inner if _is_picked(column, fields)]
    output = io.StringIO()
    if byte_order_mark:
        output.write(BYTE_ORDER_MARK)
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow([*outer, *inner])
    for holder, row in rows:
        writer.writerow(
            [
                *(_to_cell(holder, column) for column in table.outer),
                *(_to_cell(row, column) for column in inner),
            ]
        )
    return output.getvalue().encode()


def _is_picked(column: str, fields: Sequence[str]) -> bool:
    steps = column.split(".")
    return any(".".join(steps[:end]) in fields for end in range(1, len(steps) + 1))


def _list_further_members(table: Table, rows: Iterable[tuple[Document, Document]]) -> list[str]:
    described = {column.split(".")[0] for column in table.columns}
    return list(dict.fromkeys(name for _, row in rows for name in row if name not in described))


def _to_cell(row: Any, column: str) -> Any:
    if column in row:
        value = row[column]
    else:
        name, _, rest = column.partition(".")
        inner = row.get(name)
        return _to_cell(inner, rest) if rest and isinstance(inner, dict) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def pick_fields(table: Table, document: Document, fields: Sequence[str]) -> Document:
    """Return an answer with the picked members: of the whole, or of its rows. Raises `Invalid` for unknown ones.

    Where only members of rows are picked, the members around the rows stay.
    """
    rows = list(table.rows(document))
    members = {column.split(".")[0] for column in table.columns}
    members |= {*table.columns, *(_list_further_members(table, rows) if table.open else ())}
    _require_members(fields, table, members)
    in_rows = {field.removeprefix(f"{'.'.join(table.path)}.") for field in fields} & members
    top_members = set(fields) & table.top
    if in_rows:
        for holder in {id(holder): holder for holder, _ in rows}.values():
            holder[table.path[-1]] = [_pick(row, in_rows) for row in holder[table.path[-1]]]
    if not top_members:
        return document
    with_rows = in_rows - top_members or table.path[0] == "items"
    answered = top_members | {table.path[0]} if with_rows else top_members
    return {name: value for name, value in document.items() if name in answered or name == "next"}


def _require_members(fields: Sequence[str], table: Table, members: set[str]) -> None:
    prefix = f"{'.'.join(table.path)}."
    names = ", ".join(sorted(table.top | {member for member in members if "." not in member}))
    faults = [
        make_fault("/query/fields", "unknown_field", FIELD_UNKNOWN, name=name[:60], names=names)
        for name in fields
        if name not in table.top and name.removeprefix(prefix) not in members
    ]
    if faults:
        raise Invalid(faults=faults)


def _pick(row: Document, names: Iterable[str]) -> Document:
    picked: Document = {}
    for name in names:
        outer, _, rest = name.partition(".")
        if name in row:
            picked[name] = row[name]
        elif rest and isinstance(row.get(outer), dict):
            picked[outer] = {**picked.get(outer, {}), **_pick(row[outer], [rest])}
    return {name: picked[name] for name in row if name in picked}
