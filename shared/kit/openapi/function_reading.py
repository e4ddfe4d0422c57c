"""Read one function of the product: what its source names, calls and raises, and which faults it states."""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import FunctionType, ModuleType
from typing import Any

from shared.kit.exception_handlers import to_problem_document
from shared.kit.problems import Problem, Sentence

NO_FACTS = frozenset({"faults", "headers"})
"""Arguments of a problem that are no facts."""

FAULT_CODE = re.compile("[a-z]+(_[a-z]+)*")

Members = dict[str, tuple[FunctionType, bool]]


@dataclass
class ReachableCode:
    """The result of the search."""

    problems: set[type[Problem]] = field(default_factory=set)
    facts: dict[type[Problem], set[str]] = field(default_factory=dict)
    """The names of the facts that each problem is raised with."""
    faults: dict[str, set[Sentence]] = field(default_factory=dict)
    """The sentences of the faults that it names, by their code."""
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
        for code, sentences in other.faults.items():
            self.faults.setdefault(code, set()).update(sentences)
        self.texts |= other.texts
        self.names |= other.names
        self.calls |= other.calls

    def note_faults(self, elements: Iterable[Any]) -> None:
        """Note each code of a fault that stands before its sentence: among arguments, or in a tuple."""
        for code, sentence in pairwise(elements):
            if isinstance(code, str) and isinstance(sentence, Sentence) and FAULT_CODE.fullmatch(code):
                self.faults.setdefault(code, set()).add(sentence)


class FunctionReading(ast.NodeVisitor):
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
        problem = resolve(node.func, self.namespace)
        if isinstance(problem, type) and issubclass(problem, Problem):
            names = {keyword.arg for keyword in node.keywords if keyword.arg}
            self.code.facts.setdefault(problem, set()).update(names - NO_FACTS)
        self.code.note_faults(self._resolve_all(node.args))
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        """Note a code of a fault beside its sentence."""
        self.code.note_faults(self._resolve_all(node.elts))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Note a string."""
        if isinstance(node.value, str):
            self.code.texts.add(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name and its value."""
        self.code.names.add(node.id)
        self._note(resolve(node, self.namespace))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note an attribute; one of `self` may be a method that is handed on."""
        self.code.names.add(node.attr)
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            self.code.calls.add(node.attr)
        self._note(resolve(node, self.namespace))
        self.generic_visit(node)

    def _resolve_all(self, nodes: Iterable[ast.expr]) -> list[Any]:
        """Return the values of expressions; of a sentence whose facts are filled in, the sentence."""
        return [
            node.value if isinstance(node, ast.Constant) else resolve(_unfill(node), self.namespace)
            for node in nodes
        ]

    def _note(self, value: Any) -> None:
        if isinstance(value, type) and issubclass(value, Problem):
            self.code.problems.add(value)
        elif isinstance(value, str):
            self.code.texts.add(value)
        elif value is not None and not isinstance(value, ModuleType):
            self.code.values.append(value)

    def _answers_problems(self, handler: ast.ExceptHandler) -> bool:
        """Whether a handler writes the document of every problem itself, or hands it to a class that does."""
        if resolve(handler.type, self.namespace) is not Problem:
            return False
        values = [resolve(part, self.namespace) for statement in handler.body for part in ast.walk(statement)]
        return any(value is to_problem_document or _writes_documents(value) for value in values)


def _unfill(node: ast.expr) -> ast.expr:
    """Return `SENTENCE` of `SENTENCE.filled(…)`, and any other expression as it is."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "filled":
        return node.func.value
    return node


def _writes_documents(value: Any) -> bool:
    return isinstance(value, type) and any(
        to_problem_document.__name__ in method.__code__.co_names for method, _ in list_members(value).values()
    )


def resolve(node: ast.AST | None, namespace: Mapping[str, Any]) -> Any:
    """Return the value of a name, or of an attribute of a module or a class; None for any other expression."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolve(node.value, namespace)
        if isinstance(owner, ModuleType | type):
            return getattr(owner, node.attr, None)
    return None


def list_members(owner: type[Any]) -> Members:
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
