"""Bodies read field by field, so that one answer names every fault of shape and of meaning.

A route that takes a `Draft[Model]` gets the fields that could be read and the faults of those that could not; the rules
look at the first and join the second. The OpenAPI schema is the model's own.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from shared.kit.answers import shape_fault
from shared.kit.problems import Fault

Model = TypeVar("Model", bound=BaseModel)


class Draft(Generic[Model]):
    """What of a body could be read: its fields by name, and what is wrong with the others.

    No dataclass: Pydantic would read one field by field, and never ask here.
    """

    __slots__ = ("faults", "fields", "unread")

    def __init__(
        self, fields: Mapping[str, Any], faults: tuple[Fault, ...] = (), unread: frozenset[str] = frozenset()
    ) -> None:
        self.fields = fields
        self.faults = faults
        self.unread = unread

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)
        return core_schema.no_info_wrap_validator_function(
            lambda raw, read: _read(model, raw, read), handler(model)
        )


def _read(model: type[Model], raw: Any, read: Callable[[Any], Model]) -> Draft[Model]:
    try:
        return Draft(_fields(read(raw)))
    except ValidationError as error:
        if not isinstance(raw, Mapping):
            raise
        found = error.errors(include_url=False, include_input=False)
    unread = frozenset(str(one["loc"][0]) for one in found)
    stand_ins = {name: value for name, value in example_of(model).items() if name in unread}
    body = read({name: value for name, value in raw.items() if name not in unread} | stand_ins)
    fields = {name: value for name, value in _fields(body).items() if name not in unread}
    return Draft(fields, tuple(shape_fault(one) for one in found), unread)


def _fields(body: BaseModel) -> dict[str, Any]:
    return {name: getattr(body, name) for name in type(body).model_fields}


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """Give the example of a model, which is complete and valid: it stands in for what could not be read."""
    extra = cast("dict[str, Any]", model.model_config["json_schema_extra"])
    return cast("dict[str, Any]", extra["example"])
