"""Find what the code of an operation can reach: the problems that it may raise, the header fields and statuses that it names.

The source is read, not run. From a function the search follows the functions, classes and modules that it names, and the
methods that it calls on any class reached so far (rapid type analysis). It finds somewhat more than can happen.
See ADR 0015.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.kit.openapi.function_reading import FunctionReading, Members, ReachableCode, list_members
from shared.kit.partial_body import PartialModel, name_too_many_rows
from shared.kit.problems import Problem
from shared.kit.validation_faults import TOO_MANY

UNNAMED = frozenset(
    {
        "__init__",
        "__post_init__",
        "__aenter__",
        "__enter__",
        "__call__",
        "__iter__",
        "__getitem__",
        "__missing__",
    }
)
"""Methods that run without being named where their class is named; validators of a model do too."""

CONTAINERS = (tuple, list, frozenset, set)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class CodeReader:
    """Reads functions of the product; each once, whichever operations reach it."""

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._files: dict[str, Mapping[tuple[str, int], FunctionNode]] = {}
        self._functions: dict[FunctionType, ReachableCode] = {}
        self._members: dict[type[Any], Members] = {}

    def find_reachable(self, roots: Iterable[Any], annotations: Iterable[Any] = ()) -> ReachableCode:
        """Return what functions, classes and instances reach, and the validators of annotations."""
        search = _Search(self)
        for root in roots:
            search.reach(root)
        for annotation in annotations:
            search.reach_annotation(annotation)
        return search.run()

    def is_readable(self, value: Any) -> bool:
        """Whether a function or a class belongs to the product."""
        return str(getattr(value, "__module__", "")).partition(".")[0] in self._packages

    def is_validator(self, function: FunctionType) -> bool:
        """Whether a method of a model is decorated as a validator of Pydantic."""
        node = self._find_node(function) if self.is_readable(function) else None
        return node is not None and any(
            "validator" in ast.unparse(decorator) for decorator in node.decorator_list
        )

    def list_members(self, owner: type[Any]) -> Members:
        """Return the methods of a class by name."""
        if owner not in self._members:
            self._members[owner] = list_members(owner)
        return self._members[owner]

    def read(self, function: FunctionType) -> ReachableCode:
        """Return what one function names."""
        if function not in self._functions:
            code = self._functions[function] = ReachableCode()
            if (node := self._find_node(function)) is not None:
                reading = FunctionReading(code, {**function.__globals__, **_read_closure(function)})
                for statement in node.body:
                    reading.visit(statement)
        return self._functions[function]

    def _find_node(self, function: FunctionType) -> FunctionNode | None:
        """Return the definition of a function; None for one without a source, such as a generated method."""
        path = getattr(sys.modules.get(function.__module__), "__file__", None)
        if path is None or function.__code__.co_filename != path:
            return None
        if path not in self._files:
            self._files[path] = _parse_functions(path)
        return self._files[path].get((function.__name__, function.__code__.co_firstlineno))


class _Search:
    """One search: the functions still to read, and what was reached so far."""

    def __init__(self, reader: CodeReader) -> None:
        self.code = ReachableCode()
        self._reader = reader
        self._pending: list[FunctionType] = []
        self._functions: set[FunctionType] = set()
        self._classes: dict[type[Any], None] = {}
        self._annotations: dict[int, Any] = {}
        """The annotations that were reached, by identity: not each can be hashed."""

    def run(self) -> ReachableCode:
        """Read functions until no further one is reached."""
        while True:
            while self._pending:
                self._read(self._pending.pop())
            for owner in tuple(self._classes):
                members = self._reader.list_members(owner)
                for name in self.code.names.intersection(members):
                    method, is_property = members[name]
                    if is_property or name in self.code.calls:
                        self._reach_function(method)
            if not self._pending:
                return self.code

    def reach(self, value: Any) -> None:
        """Note a value that some code names."""
        while isinstance(value, partial):
            value = value.func
        function = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else value
        if isinstance(function, FunctionType):
            self._reach_function(function)
            if (owner := getattr(value, "__self__", None)) is not None:
                self.reach(owner)
        elif isinstance(value, type):
            self._reach_class(value)
        elif isinstance(value, Mapping):
            for member in value.values():
                self.reach(member)
        elif isinstance(value, CONTAINERS):
            self.code.note_faults(value)
            for member in value:
                self.reach(member)
        elif self._reader.is_readable(type(value)):
            self._reach_class(type(value))

    def reach_annotation(self, annotation: Any) -> None:
        """Reach the classes of a type, and the validators among its metadata."""
        if id(annotation) in self._annotations:
            return
        self._annotations[id(annotation)] = annotation
        if isinstance(annotation, type):
            self._reach_class(annotation)
        metadata = getattr(annotation, "__metadata__", ())
        if isinstance(annotation, FieldInfo):
            metadata = (*annotation.metadata, annotation.annotation)
        for argument in (*get_args(annotation), *metadata):
            if isinstance(validate := getattr(argument, "func", None), FunctionType | partial):
                self.reach(validate)
            elif not isinstance(argument, FieldInfo):
                self.reach_annotation(argument)

    def _reach_function(self, function: FunctionType) -> None:
        if function not in self._functions and self._reader.is_readable(function):
            self._functions.add(function)
            self._pending.append(function)

    def _reach_class(self, owner: type[Any]) -> None:
        if not self._reader.is_readable(owner) or owner in self._classes or issubclass(owner, Problem):
            return
        self._classes[owner] = None
        members = self._reader.list_members(owner)
        if issubclass(owner, PartialModel) and owner.rows is not None:
            self.code.note_faults((name_too_many_rows(owner), TOO_MANY.sentence))
        if issubclass(owner, BaseModel):
            for member in owner.model_fields.values():
                self.reach_annotation(member)
            for function, _ in members.values():
                if self._reader.is_validator(function):
                    self._reach_function(function)
        else:
            for base in owner.__mro__:
                for annotation in inspect.get_annotations(base).values():
                    self.reach_annotation(annotation)
        for name in members.keys() & UNNAMED:
            self._reach_function(members[name][0])

    def _read(self, function: FunctionType) -> None:
        for annotation in function.__annotations__.values():
            self.reach_annotation(annotation)
        code = self._reader.read(function)
        self.code.add(code)
        for value in code.values:
            self.reach(value)


def _read_closure(function: FunctionType) -> dict[str, Any]:
    """Return the variables that a function has from the functions around it."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = {}
    for name, cell in cells:
        with suppress(ValueError):  # a variable that has no value yet
            closure[name] = cell.cell_contents
    return closure


def _parse_functions(path: str) -> Mapping[tuple[str, int], FunctionNode]:
    """Return the definitions of a file by name and first line, decorators included."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return {
        (node.name, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])): node
        for node in ast.walk(tree)
        if isinstance(node, FunctionNode)
    }
