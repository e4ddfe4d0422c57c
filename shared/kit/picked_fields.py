"""The members of an answer that a client picks by `fields`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.tables import Document, Table, list_further_members

FIELD_UNKNOWN = Sentence(
    "Không có trường “{name}”; các trường là {names}.",
    "There is no member “{name}”; the members are {names}.",
)


def pick_fields(table: Table, document: Any, fields: Sequence[str]) -> Any:
    """Return an answer with the picked members: of the whole, or of its rows. Raises `Invalid` for unknown ones.

    Where only members of rows are picked, the members around the rows stay.
    """
    further = list_further_members(table, table.rows(document)) if table.open else ()
    members = table.members.union(further)
    _require_members(table, members, fields, "/query/fields")
    in_rows = {_below_rows(table, field) for field in fields} & members
    if not table.path:
        return [_pick(row, in_rows) for row in document]
    top_members = table.top.intersection(fields)
    if in_rows:
        for holder in table.list_holders(document):
            holder[table.path[-1]] = [_pick(row, in_rows) for row in holder[table.path[-1]]]
    if not top_members:
        return document
    with_rows = in_rows - top_members or table.path[0] == "items"
    answered = {*top_members, *(table.parts or table.path[:1])} if with_rows else top_members
    return _pick(document, {*answered, "next"})


def require_fields(table: Table, fields: Sequence[str]) -> None:
    """Raise `Invalid` that names every field which is no member of the answer or its rows, as far as the schema says."""
    if not table.open:
        _require_members(table, table.members, fields, "")


def _below_rows(table: Table, field: str) -> str:
    """Return a field without the path of the rows before it."""
    return field.removeprefix(f"{'.'.join(table.path)}.")


def _require_members(table: Table, members: Collection[str], fields: Sequence[str], pointer: str) -> None:
    faults = [
        make_fault(
            pointer,
            "unknown_field",
            FIELD_UNKNOWN,
            name=name[:60],
            names=", ".join(_list_names(table, members, name)),
        )
        for name in fields
        if name not in table.top and _below_rows(table, name) not in members
    ]
    if faults:
        raise Invalid(faults=faults)


def _list_names(table: Table, members: Collection[str], field: str) -> list[str]:
    """Return the members that a field could have meant: those beside it, or of the outermost objects."""
    names = {*table.top, *members}
    outer = field.rpartition(".")[0]
    while outer and _below_rows(table, outer) not in names:
        outer = outer.rpartition(".")[0]
    prefix = f"{_below_rows(table, outer)}." if outer else ""
    beside = {name for name in names if name.startswith(prefix) and "." not in name.removeprefix(prefix)}
    return sorted(beside) or sorted(name for name in names if "." not in name)


def _pick(row: Document, names: Iterable[str]) -> Document:
    picked: Document = {}
    for name in names:
        outer, _, rest = name.partition(".")
        if name in row:
            picked[name] = row[name]
        elif rest and isinstance(row.get(outer), dict):
            picked[outer] = {**picked.get(outer, {}), **_pick(row[outer], [rest])}
        elif rest and row.get(outer, rest) is None:
            picked[outer] = None
    return {name: picked[name] for name in row if name in picked}
