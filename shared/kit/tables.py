"""Tables: the rows of an answer as CSV.

A list, and an answer that holds a list of figures or rows, is a table: a column for each member of a row, nested members
with a point between (`coverage.reported`). CSV has a header row of these names (RFC 4180, UTF-8).
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from shared.kit.representations import RowFormat

BYTE_ORDER_MARK = "\ufeff"
TABLE_MEMBERS = (
    "items", "figures", "rows", "values", "curves", "observations", "postings", "components", "years", "history", "criteria",
)  # fmt: skip
"""Members that hold the rows of an answer; the first of these that is a list of objects."""
PART = "part"
"""The column with the name of the member, where several members of an answer hold rows."""
SPREAD = "columns"
"""A member of a row that is a list in the order of the codes that the object around the rows has under the same name."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The path to the rows of an answer, and their columns."""

    path: tuple[str, ...]
    """The member that holds the rows; of two members, each object of the first holds rows in the second. None: the answer is the list."""
    columns: tuple[str, ...]
    outer: tuple[str, ...] = ()
    """The members of the objects around the rows, which each row repeats."""
    top: frozenset[str] = frozenset()
    """The members of the whole answer, and the members of these."""
    open: bool = False
    """Whether rows may have members that the schema does not name."""
    parts: tuple[str, ...] = ()
    """The members of the answer that hold rows, where there are several; the path is then that of the rows in each."""
    repeated: tuple[str, ...] = ()
    """Members of the answer that each row of CSV repeats after its own: of which unit and period it is, such as `unit.name`."""

    @property
    def members(self) -> frozenset[str]:
        """The members of rows that the schema names, also those that have members themselves."""
        return frozenset(
            ".".join(steps[:end])
            for steps in (column.split(".") for column in self.columns)
            for end in range(1, len(steps) + 1)
        )

    def list_holders(self, document: Document) -> list[Document]:
        """Return the objects around the rows."""
        if self.parts:
            return [document[part] for part in self.parts]
        return document.get(self.path[0], []) if len(self.path) > 1 else [document]

    def rows(self, document: Any) -> Iterator[tuple[Document, Document]]:
        """Yield each row with the members of the object around it."""
        if not self.path:
            yield from (({}, row) for row in document)
            return
        holders = self.list_holders(document)
        for part, holder in zip(self.parts or [None] * len(holders), holders, strict=True):
            for row in holder.get(self.path[-1], []):
                yield (holder if part is None else {PART: part, **holder}), row


def find_table(model: Any) -> Table | None:
    """Return the table of an answer's model; None where it is no list and holds no list of rows."""
    if (row_model := _to_row_model(model)) is not None:
        return Table((), _list_columns(row_model), open=_is_open(row_model))
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    top = frozenset(_list_paths(model))
    if row := _find_row_model(model):
        member, row_model = row
        repeated = tuple(getattr(model, "repeated_in_rows", ()))
        return Table(
            (member,), _list_columns(row_model), top=top, open=_is_open(row_model), repeated=repeated
        )
    parts = {name: _to_row_model(field.annotation) for name, field in model.model_fields.items()}
    nested = (_find_nested_table(name, part, top) for name, part in parts.items() if part)
    return next(filter(None, nested), None) or _find_parts(model, top)


def find_row_formats(model: Any) -> Sequence[RowFormat]:
    """Return the formats that the model of an answer's rows lists in `row_formats`, besides JSON and CSV."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return ()
    row = _find_row_model(model)
    return tuple(getattr(row[1], "row_formats", ())) if row else ()


def find_tables(model: Any) -> dict[str, Table]:
    """Return the table of each member of an answer that is a list of objects."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    rows = {name: _to_row_model(field.annotation) for name, field in model.model_fields.items()}
    return {
        name: _find_nested_table(name, row_model)
        or Table((name,), _list_columns(row_model), open=_is_open(row_model))
        for name, row_model in rows.items()
        if row_model is not None
    }


def _find_nested_table(name: str, part: type[BaseModel], top: frozenset[str] = frozenset()) -> Table | None:
    """Return the table of a member whose objects hold rows themselves; None where they hold none."""
    row = _find_row_model(part)
    if row is None:
        return None
    member, row_model = row
    outer = tuple(column for column in _list_columns(part) if column.split(".")[0] != member)
    return Table((name, member), _list_columns(row_model), outer, top, _is_open(row_model))


def _find_parts(model: type[BaseModel], top: frozenset[str]) -> Table | None:
    """Return the table of an answer in which several objects of one model hold rows."""
    models = {name: _to_model(field.annotation) for name, field in model.model_fields.items()}
    for part in models.values():
        if part is not None and (row := _find_row_model(part)):
            member, row_model = row
            names = tuple(name for name, candidate in models.items() if candidate is part)
            return Table((member,), _list_columns(row_model), (PART,), top, _is_open(row_model), names)
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
    if getattr(annotation, "__origin__", None) in {list, dict}:
        return None
    models = [
        candidate
        for candidate in (annotation, *get_args(annotation))
        if isinstance(candidate, type) and issubclass(candidate, BaseModel)
    ]
    return models[0] if len(models) == 1 else None


def _is_open(model: type[BaseModel]) -> bool:
    return model.model_config.get("extra") == "allow"


def _list_paths(model: type[BaseModel]) -> Iterator[str]:
    """Yield the members of a model, each followed by the members that it has itself."""
    for name, field in model.model_fields.items():
        yield name
        if nested := _to_model(field.annotation):
            yield from (f"{name}.{inner}" for inner in _list_paths(nested))


def _list_columns(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the members of a model that have no members themselves."""
    paths = list(_list_paths(model))
    outer = {path.rpartition(".")[0] for path in paths}
    return tuple(path for path in paths if path not in outer)


def to_csv(table: Table, body: bytes, fields: Sequence[str], *, byte_order_mark: bool) -> bytes:
    """Return the rows of a JSON answer as CSV; numbers are written as in the JSON, lists in a cell as JSON."""
    document = json.loads(body, parse_float=str)
    rows = [_spread(holder, row) for holder, row in table.rows(document)]
    inner = [*table.columns, *(list_further_members(table, rows) if table.open else ())]
    outer = [f"{table.path[0]}.{column}" if column in inner else column for column in table.outer]
    repeated = list(table.repeated)
    if not table.top.issuperset(fields):
        inner = [column for column in inner if _is_picked(column, fields)]
        repeated = [column for column in repeated if _is_picked(column, fields)]
    codes = [code for holder, _ in rows for code in holder.get(SPREAD, ())] if SPREAD in inner else []
    inner = [
        name
        for column in inner
        for name in (dict.fromkeys(codes) if codes and column == SPREAD else [column])
    ]
    output = io.StringIO()
    if byte_order_mark:
        output.write(BYTE_ORDER_MARK)
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow([*outer, *inner, *repeated])
    last_cells = [_to_cell(document, column) for column in repeated]
    for holder, row in rows:
        cells = [_to_cell(holder, column) for column in table.outer]
        writer.writerow([*cells, *(_to_cell(row, column) for column in inner), *last_cells])
    return output.getvalue().encode()


def _spread(holder: Document, row: Document) -> tuple[Document, Document]:
    """Return a row with a member for each of its values that stand in the order of the codes of the object around it."""
    codes, values = holder.get(SPREAD), row.get(SPREAD)
    if isinstance(codes, list) and isinstance(values, list):
        row = {**row, **dict(zip(codes, values, strict=True))}
    return holder, row


def _is_picked(column: str, fields: Sequence[str]) -> bool:
    steps = column.split(".")
    return any(".".join(steps[:end]) in fields for end in range(1, len(steps) + 1))


def list_further_members(table: Table, rows: Iterable[tuple[Document, Document]]) -> list[str]:
    """Return the members of rows that the schema does not name."""
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
