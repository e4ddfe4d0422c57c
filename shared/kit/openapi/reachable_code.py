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
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.kit.exception_handlers import to_problem_document
from shared.kit.problems import Problem

CONSTRUCTION = frozenset({"__init__", "__post_init__", "__aenter__", "__enter__", "__call__"})
"""Methods that run without being named where their class is named."""

NO_FACTS = frozenset({"faults", "headers"})
"""Arguments of a problem that are no facts."""

CONTAINERS = (tuple, list, frozenset, set)
Members = dict[str, tuple[FunctionType, bool]]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class ReachableCode:
    """The result of the search."""

    problems: set[type[Problem]] = field(default_factory=set)
    facts: dict[type[Problem], set[str]] = field(default_factory=dict)
    """The names of the facts that each problem is raised with."""
    texts: set[str] = field(default_factory=set)
    """Every string of the code; the names of header fields are among them."""
    names: set[str] = field(default_factory=set)
    """Every name of the code; `HTTP_201_CREATED` is one where the status is answered."""
    calls: set[str] = field(default_factory=set)
    """The names of the methods that are called."""
    values: list[Any] = field(default_factory=list)
    """The functions, classes and instances that are named."""

    def add(self, other: "ReachableCode") -> None:
        """Add what another piece of code names."""
        self.problems |= other.problems
        for problem, names in other.facts.items():
            self.facts.setdefault(problem, set()).update(names)
        self.texts |= other.texts
        self.names |= other.names
        self.calls |= other.calls


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

    def list_members(self, owner: type[Any]) -> Members:
        """Return the methods of a class by name."""
        if owner not in self._members:
            self._members[owner] = _list_members(owner)
        return self._members[owner]

    def read(self, function: FunctionType) -> ReachableCode:
        """Return what one function names."""
        if function not in self._functions:
            code = self._functions[function] = ReachableCode()
            if (node := self._find_node(function)) is not None:
                reading = _FunctionReading(code, {**function.__globals__, **_read_closure(function)})
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
            for member in value:
                self.reach(member)
        elif self._reader.is_readable(type(value)):
            self._reach_class(type(value))

    def reach_annotation(self, annotation: Any) -> None:
        """Reach the classes of a type, and the validators among its metadata."""
        if isinstance(annotation, type):
            self._reach_class(annotation)
        metadata = getattr(annotation, "__metadata__", ())
        if isinstance(annotation, FieldInfo):
            metadata = (*annotation.metadata, annotation.annotation)
        for argument in (*get_args(annotation), *metadata):
            if isinstance(validate := getattr(argument, "func", None), FunctionType):
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
        if issubclass(owner, BaseModel):
            for member in owner.model_fields.values():
                self.reach_annotation(member)
        else:
            for base in owner.__mro__:
                for annotation in inspect.get_annotations(base).values():
                    self.reach_annotation(annotation)
        members = self._reader.list_members(owner)
        for name in members.keys() & CONSTRUCTION:
            self._reach_function(members[name][0])

    def _read(self, function: FunctionType) -> None:
        for annotation in function.__annotations__.values():
            self.reach_annotation(annotation)
        code = self._reader.read(function)
        self.code.add(code)
        for value in code.values:
            self.reach(value)


class _FunctionReading(ast.NodeVisitor):
    """Visits the statements of one function, with the values that its free names have."""

    def __init__(self, code: ReachableCode, namespace: Mapping[str, Any]) -> None:
        self.code = code
        self.namespace = namespace

    def visit_Try(self, node: ast.Try) -> None:
        """Leave out a block whose problems become part of an answer."""
        answered = any(self._answers_problems(handler) for handler in node.handlers)
        for part in (*(() if answered else node.body), *node.handlers, *node.orelse, *node.finalbody):
            self.visit(part)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Leave out the classes that are caught."""
        for statement in node.body:
            self.visit(statement)

    def visit_Call(self, node: ast.Call) -> None:
        """Note a method that is called; leave out the classes of `isinstance`."""
        if isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            self.visit(node.args[0])
            return
        if isinstance(node.func, ast.Attribute):
            self.code.calls.add(node.func.attr)
        problem = _resolve(node.func, self.namespace)
        if isinstance(problem, type) and issubclass(problem, Problem):
            names = {keyword.arg for keyword in node.keywords if keyword.arg}
            self.code.facts.setdefault(problem, set()).update(names - NO_FACTS)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Note a string."""
        if isinstance(node.value, str):
            self.code.texts.add(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name and its value."""
        self.code.names.add(node.id)
        self._note(_resolve(node, self.namespace))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note an attribute; one of `self` may be a method that is handed on."""
        self.code.names.add(node.attr)
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            self.code.calls.add(node.attr)
        self._note(_resolve(node, self.namespace))
        self.generic_visit(node)

    def _note(self, value: Any) -> None:
        if isinstance(value, type) and issubclass(value, Problem):
            self.code.problems.add(value)
        elif isinstance(value, str):
            self.code.texts.add(value)
        elif value is not None and not isinstance(value, ModuleType):
            self.code.values.append(value)

    def _answers_problems(self, handler: ast.ExceptHandler) -> bool:
        """Whether a handler writes the document of every problem itself, or hands it to a class that does."""
        if _resolve(handler.type, self.namespace) is not Problem:
            return False
        values = [
            _resolve(part, self.namespace) for statement in handler.body for part in ast.walk(statement)
        ]
        return any(value is to_problem_document or _writes_documents(value) for value in values)


def _writes_documents(value: Any) -> bool:
    return isinstance(value, type) and any(
        to_problem_document.__name__ in method.__code__.co_names
        for method, _ in _list_members(value).values()
    )


def _resolve(node: ast.AST | None, namespace: Mapping[str, Any]) -> Any:
    """Return the value of a name, or of an attribute of a module or a class; None for any other expression."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, namespace)
        if isinstance(owner, ModuleType | type):
            return getattr(owner, node.attr, None)
    return None


def _list_members(owner: type[Any]) -> Members:
    """Return the functions of a class and its bases by name; true for the getter of a property."""
    members: Members = {}
    for base in reversed(owner.__mro__):
        for name, member in vars(base).items():
            function = getattr(member, "__func__", member)
            if isinstance(getter := getattr(member, "fget", None), FunctionType):
                members[name] = getter, True
            elif isinstance(function, FunctionType):
                members[name] = function, False
    return members


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
