"""Bodies that are read as far as they can be, so that one answer names every fault of shape and of meaning.

FastAPI alone stops at shape: a wrong type in row 7 hides an unknown unit in row 12. A route that takes a `Draft[Model]`
gets what could be read, and the faults of what could not; its rules look at the first and join the second. The OpenAPI
schema is the model's own.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from shared.kit.answers import shape_fault
from shared.kit.problems import Fault, Sentence, fault

MAX_FAULTS_SAID = 1000
"""A body with more faults than this is no report; the answer stays readable and says that there are more."""

MORE_FAULTS = Sentence(
    "Còn {more} lỗi khác không nêu ở đây.", "There are {more} more faults, not named here."
)


class DraftModel(BaseModel):
    """A model that can be read in part: it says what stands in for an unread field, and which list holds its rows."""

    rows: ClassVar[str | None] = None
    """The list that is read row by row; None where the body is one statement without rows."""
    unread: ClassVar[Mapping[str, Any]]


Model = TypeVar("Model", bound=DraftModel)


class Draft(Generic[Model]):
    """What of a body could be read. `ordinals` gives the place of each row that was read in the list as posted."""

    __slots__ = ("body", "faults", "ordinals", "unread")

    def __init__(
        self,
        body: Model,
        faults: tuple[Fault, ...] = (),
        unread: frozenset[str] = frozenset(),
        ordinals: tuple[int, ...] | range = range(0),
    ) -> None:
        self.body = body
        self.faults = faults
        self.unread = unread
        self.ordinals = ordinals

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(
            lambda raw, read: _read(model, raw, read), handler(model)
        )


def _said(found: list[ErrorDetails]) -> tuple[Fault, ...]:
    faults = tuple(shape_fault(one) for one in found[:MAX_FAULTS_SAID])
    more = len(found) - len(faults)
    return (*faults, fault("", "more_faults", MORE_FAULTS, more=more)) if more else faults


def _read(model: type[Model], raw: Any, read: Callable[[Any], Model]) -> Draft[Model]:
    try:
        body = read(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if not isinstance(raw, Mapping):
            raise
    else:
        return Draft(body, ordinals=range(len(getattr(body, model.rows)) if model.rows else 0))

    unread = frozenset(str(one["loc"][0]) for one in found if one["loc"][:1] != (model.rows,))
    kept: dict[str, Any] = {name: value for name, value in raw.items() if name not in unread}
    kept |= {name: model.unread[name] for name in unread if name in model.unread}
    faults = _said(found)
    if model.rows is None:
        return Draft(read(kept), faults, unread)
    posted = raw.get(model.rows, [])
    rows: list[Any] = posted if isinstance(posted, list) else []
    bad_rows = {one["loc"][1] for one in found if one["loc"][:1] == (model.rows,) and len(one["loc"]) > 1}
    all_rows_unread = any(one["loc"] == (model.rows,) for one in found) or not isinstance(posted, list)
    ordinals = () if all_rows_unread else tuple(at for at in range(len(rows)) if at not in bad_rows)
    kept[model.rows] = [rows[at] for at in ordinals]
    if all_rows_unread:
        unread |= {model.rows}
    return Draft(read(kept), faults, unread, ordinals)
