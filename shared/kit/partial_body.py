"""Bodies that are read as far as they can be, so that one answer names every fault of shape and of meaning.

FastAPI alone stops at shape: a wrong type in row 7 hides an unknown unit in row 12. A route that takes a `PartialBody[Model]`
gets what could be read, and the faults of what could not; its rules look at the first and join the second. The OpenAPI
schema is the model's own.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from shared.kit.problems import Fault, Sentence, make_fault, to_json_pointer
from shared.kit.validation_faults import to_fault

MAX_FAULTS_SHOWN = 1000
"""A body with more faults than this is no report; the answer stays readable and says that there are more."""

MORE_FAULTS = Sentence(
    "Còn {more} lỗi khác không nêu ở đây.", "There are {more} more faults, not named here."
)


class PartialModel(BaseModel):
    """A model that can be read in part: it says what stands in for an unread field, and which list holds its rows."""

    rows: ClassVar[str | None] = None
    """The list that is read row by row; None where the body is one statement without rows."""
    each_row_told: ClassVar[bool] = False
    """Whether each row at fault is told at least one of its faults, however many the body has: it is answered by itself."""
    unread: ClassVar[Mapping[str, Any]]
    row_unread: ClassVar[Mapping[str, Any]] = {}
    """What stands in for an unread field of a row; a row with another fault is left out."""


Model = TypeVar("Model", bound=PartialModel)

EVERYTHING_READ: frozenset[str] = frozenset()


class PartialBody(Generic[Model]):
    """What of a body could be read.

    `ordinals` gives the place of each row that was read in the list as posted, and `partial` the fields of a row that
    were not read, by its place.
    """

    __slots__ = ("body", "faults", "ordinals", "partial", "unread")

    def __init__(
        self,
        body: Model,
        faults: tuple[Fault, ...] = (),
        unread: frozenset[str] = frozenset(),
        ordinals: tuple[int, ...] | range = range(0),
        partial: Mapping[int, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.body = body
        self.faults = faults
        self.unread = unread
        self.ordinals = ordinals
        self.partial = partial

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(
            lambda raw, read: _read(model, raw, read), handler(model)
        )


def _said(model: type[PartialModel], found: list[ErrorDetails]) -> tuple[Fault, ...]:
    said, more = found[:MAX_FAULTS_SHOWN], Counter[str]()
    told = {_row_told(model, one) for one in said}
    for one in found[MAX_FAULTS_SHOWN:]:
        row = _row_told(model, one)
        if row and row not in told:
            said.append(one)
            told.add(row)
        else:
            more[row] += 1
    unsaid = (make_fault(row, "more_faults", MORE_FAULTS, more=count) for row, count in more.items())
    return (*(_named(model, one) for one in said), *unsaid)


def _row_told(model: type[PartialModel], one: ErrorDetails) -> str:
    """Point to the row that must be told of a fault; nowhere where the body as a whole is."""
    in_a_row = model.each_row_told and len(one["loc"]) > 1 and one["loc"][0] == model.rows
    return to_json_pointer(one["loc"][:2]) if in_a_row else ""


def _named(model: type[PartialModel], one: ErrorDetails) -> Fault:
    """Name a fault; too many rows have a code of their own, such as `too_many_observations`."""
    found = to_fault(one)
    too_many = one["type"] == "too_long" and one["loc"] == (model.rows,)
    return replace(found, code=f"too_many_{model.rows}") if too_many else found


def _read(model: type[Model], raw: Any, read: Callable[[Any], Model]) -> PartialBody[Model]:
    try:
        body = read(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if not isinstance(raw, Mapping):
            raise
    else:
        return PartialBody(body, ordinals=range(len(getattr(body, model.rows)) if model.rows else 0))

    unread = frozenset(str(one["loc"][0]) for one in found if one["loc"][:1] != (model.rows,))
    kept: dict[str, Any] = {name: value for name, value in raw.items() if name not in unread}
    kept |= {name: model.unread[name] for name in unread if name in model.unread}
    faults = _said(model, found)
    if model.rows is None:
        return PartialBody(read(kept), faults, unread)
    posted = raw.get(model.rows, [])
    rows: list[Any] = posted if isinstance(posted, list) else []
    partial = _partial_rows(model, found)
    all_rows_unread = any(one["loc"] == (model.rows,) for one in found) or not isinstance(posted, list)
    ordinals = (
        ()
        if all_rows_unread
        else tuple(at for at in range(len(rows)) if partial.get(at, EVERYTHING_READ) is not None)
    )
    kept[model.rows] = [_patched(model, rows[at], partial.get(at)) for at in ordinals]
    if all_rows_unread:
        unread |= {model.rows}
    fields = {at: names for at, names in partial.items() if names is not None}
    return PartialBody(read(kept), faults, unread, ordinals, fields)


def _partial_rows(model: type[Model], found: list[ErrorDetails]) -> dict[int, frozenset[str] | None]:
    """Give, for each row at fault, the fields that were not read; None where nothing of the row can be used."""
    partial: dict[int, frozenset[str] | None] = {}
    for one in found:
        if one["loc"][:1] != (model.rows,) or len(one["loc"]) == 1:
            continue
        at, *field = one["loc"][1:]
        assert isinstance(at, int)
        replaceable = bool(field) and (field[0] in model.row_unread or one["type"] == "extra_forbidden")
        known = partial.get(at, EVERYTHING_READ)
        partial[at] = known | {str(field[0])} if replaceable and known is not None else None
    return partial


def _patched(model: type[Model], row: Any, unread: frozenset[str] | None) -> Any:
    if not unread:
        return row
    stand_ins = {name: model.row_unread[name] for name in unread if name in model.row_unread}
    return {name: value for name, value in row.items() if name not in unread} | stand_ins
