"""Bodies of untrusted clients, validated as far as they can be read.

FastAPI alone stops at shape: a wrong type in row 7 hides an unknown unit in row 12. A route that takes a
`PartialBody[Model]` gets what could be read, and the faults of the rest; its rules check the first and add to the second.
The OpenAPI schema is the model's own.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from shared.kit.problems import Fault, Sentence, make_fault, to_json_pointer
from shared.kit.validation_faults import to_fault

MAX_FAULTS_SHOWN = 1000
"""With more faults the response would not be readable; the others are counted."""

MORE_FAULTS = Sentence(
    "Còn {more} lỗi khác không nêu ở đây.", "There are {more} more faults, not named here."
)


class PartialModel(BaseModel):
    """A model that can be read in part: it states what replaces an unread field, and which list holds its rows."""

    rows: ClassVar[str | None] = None
    """The list that is read row by row; None for a body without rows."""
    names_each_row: ClassVar[bool] = False
    """Whether at least one fault of each faulty row is named, however many there are: each row gets its own answer."""
    keeps_items: ClassVar[bool] = False
    """Whether of any list the items are read that have no fault, of a body without rows; its rules name items by their index."""
    unread: ClassVar[Mapping[str, Any]]
    """The values that replace unread fields."""
    row_unread: ClassVar[Mapping[str, Any]] = {}
    """The values that replace unread fields of a row; a row with another fault is left out."""


ModelT = TypeVar("ModelT", bound=PartialModel)

NO_FIELDS: frozenset[str] = frozenset()


class PartialBody(Generic[ModelT]):
    """The readable part of a body.

    `unread` names the fields that were not read, `ordinals` the index of each row that was read in the posted list, and
    `partial` the unread fields of a row by its index. `items` has the index of each item that was read, of lists with faulty ones.
    """

    __slots__ = ("body", "faults", "items", "ordinals", "partial", "unread")

    def __init__(
        self,
        body: ModelT,
        faults: tuple[Fault, ...] = (),
        unread: frozenset[str] = frozenset(),
        ordinals: tuple[int, ...] | range = range(0),
        partial: Mapping[int, frozenset[str]] = MappingProxyType({}),
        items: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
    ) -> None:
        self.body = body
        self.faults = faults
        self.unread = unread
        self.ordinals = ordinals
        self.partial = partial
        self.items = items

    def point_to_posted(self, fault: Fault) -> Fault:
        """Return a fault of the read part with the pointer into the posted body: items with faults were left out of lists."""
        _, *path = fault.pointer.split("/")
        if len(path) < len(("list", "index")) or path[0] not in self.items or not path[1].isdecimal():
            return fault
        index = self.items[path[0]][int(path[1])]
        return replace(fault, pointer="/".join(("", path[0], str(index), *path[2:])))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(
            lambda raw, validate: _read(model, raw, validate), handler(model)
        )


def leave_out_unknown(model: type[PartialModel], raw: Any) -> Any:
    """Return a body without most of its unknown members, where there are more than are named: each would be a fault of its own.

    At least one of each object stays, so that what is refused stays so.
    """
    if not isinstance(raw, dict):
        return raw
    budget = MAX_FAULTS_SHOWN
    left = _leave_out(raw, model.model_fields, budget)
    rows = raw.get(model.rows) if model.rows else None
    if isinstance(rows, list) and sum(len(row) for row in rows if isinstance(row, dict)) > MAX_FAULTS_SHOWN:
        row_model = find_row_model(model)
        if row_model is not None:
            left = {**left, str(model.rows): [_leave_out(row, row_model.model_fields, 1) for row in rows]}
    return left


def find_row_model(model: type[PartialModel]) -> type[BaseModel] | None:
    """Return the model of the rows; None where they are of several or none."""
    field = model.model_fields.get(model.rows or "")
    arguments = get_args(field.annotation) if field is not None else ()
    row_model = arguments[0] if arguments else None
    return row_model if isinstance(row_model, type) and issubclass(row_model, BaseModel) else None


def _leave_out(raw: Any, known: Collection[str], most: int) -> Any:
    if not isinstance(raw, dict) or len(raw) <= len(known) + most:
        return raw
    unknown = [name for name in raw if name not in known]
    dropped = frozenset(unknown[most:])
    return {name: value for name, value in raw.items() if name not in dropped} if dropped else raw


def _read(model: type[ModelT], raw: Any, validate: Callable[[Any], ModelT]) -> PartialBody[ModelT]:
    raw = leave_out_unknown(model, raw)
    try:
        body = validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        no_rows = {((model.rows,), "missing"), ((model.rows,), "too_short")}
        if not isinstance(raw, Mapping) or any((row["loc"], row["type"]) in no_rows for row in errors):
            raise
    else:
        return PartialBody(body, ordinals=range(len(getattr(body, model.rows)) if model.rows else 0))

    unread = frozenset(str(error["loc"][0]) for error in errors if error["loc"][:1] != (model.rows,))
    values: dict[str, Any] = {name: value for name, value in raw.items() if name not in unread}
    values |= {name: model.unread[name] for name in unread if name in model.unread}
    faults = _to_faults(model, errors)
    if model.rows is None:
        items = _find_read_items(raw, errors) if model.keeps_items else {}
        kept = {name: [raw[name][index] for index in indexes] for name, indexes in items.items()}
        try:
            return PartialBody(validate(values | kept), faults, unread - items.keys(), items=items)
        except ValidationError:  # a list that may not be empty, say
            return PartialBody(validate(values), faults, unread)
    posted = raw.get(model.rows, [])
    rows: list[Any] = posted if isinstance(posted, list) else []
    partial = _find_partial_rows(model, errors)
    all_rows_unread = any(error["loc"] == (model.rows,) for error in errors) or not isinstance(posted, list)
    ordinals = (
        ()
        if all_rows_unread
        else tuple(index for index in range(len(rows)) if partial.get(index, NO_FIELDS) is not None)
    )
    values[model.rows] = [_replace_unread(model, rows[index], partial.get(index)) for index in ordinals]
    if all_rows_unread:
        unread |= {model.rows}
    fields = {index: names for index, names in partial.items() if names is not None}
    return PartialBody(validate(values), faults, unread, ordinals, fields)


def _find_read_items(raw: Mapping[str, Any], errors: list[ErrorDetails]) -> dict[str, tuple[int, ...]]:
    """Return the indexes of the items without a fault, of each list of which only items are faulty."""
    faulty: dict[str, set[object]] = {}
    for error in errors:
        name, *path = error["loc"]
        faulty.setdefault(str(name), set()).add(path[0] if path else None)
    return {
        name: tuple(index for index in range(len(raw[name])) if index not in indexes)
        for name, indexes in faulty.items()
        if isinstance(raw.get(name), list) and all(isinstance(index, int) for index in indexes)
    }


def _find_partial_rows(
    model: type[PartialModel], errors: list[ErrorDetails]
) -> dict[int, frozenset[str] | None]:
    """Return the unread fields of each faulty row, by its index; None where nothing of the row can be used."""
    partial: dict[int, frozenset[str] | None] = {}
    for error in errors:
        if error["loc"][:1] != (model.rows,) or len(error["loc"]) == 1:
            continue
        index, *field = error["loc"][1:]
        assert isinstance(index, int)
        replaceable = bool(field) and (field[0] in model.row_unread or error["type"] == "extra_forbidden")
        names = partial.get(index, NO_FIELDS)
        partial[index] = names | {str(field[0])} if replaceable and names is not None else None
    return partial


def _replace_unread(model: type[PartialModel], row: Any, unread: frozenset[str] | None) -> Any:
    if not unread:
        return row
    replacements = {name: model.row_unread[name] for name in unread if name in model.row_unread}
    return {name: value for name, value in row.items() if name not in unread} | replacements


def _to_faults(model: type[PartialModel], errors: list[ErrorDetails]) -> tuple[Fault, ...]:
    """Return the first faults, one of each row that must have one, and the count of the others."""
    shown, more = errors[:MAX_FAULTS_SHOWN], Counter[str]()
    rows_shown = {_point_to_row(model, error) for error in shown}
    for error in errors[MAX_FAULTS_SHOWN:]:
        row = _point_to_row(model, error)
        if row and row not in rows_shown:
            shown.append(error)
            rows_shown.add(row)
        else:
            more[row] += 1
    counts = (make_fault(row, "more_faults", MORE_FAULTS, more=count) for row, count in more.items())
    return (*(_to_fault(model, error) for error in shown), *counts)


def _point_to_row(model: type[PartialModel], error: ErrorDetails) -> str:
    """Return the pointer of the row that must have a fault of its own; empty for any other part of the body."""
    in_a_row = model.names_each_row and len(error["loc"]) > 1 and error["loc"][0] == model.rows
    return to_json_pointer(error["loc"][:2]) if in_a_row else ""


def _to_fault(model: type[PartialModel], error: ErrorDetails) -> Fault:
    """Convert an error of Pydantic; too many rows have a code of their own, such as `too_many_observations`."""
    fault = to_fault(error)
    too_many = error["type"] == "too_long" and error["loc"] == (model.rows,)
    return replace(fault, code=name_too_many_rows(model)) if too_many else fault


def name_too_many_rows(model: type[PartialModel]) -> str:
    """Return the code of the fault of a body with too many rows."""
    return f"too_many_{model.rows}"
