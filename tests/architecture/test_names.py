"""The name of a class or of a type alias stands for one thing in the whole tree, so that a search finds it and a reader need not ask which is meant."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for folder in ("gateway", "services", "shared") for path in (ROOT / folder).rglob("*.py")
)

ALIAS = re.compile(r"[A-Z][A-Za-z]*[a-z]")
"""A name in CamelCase; constants are in capitals, and type variables end with a T."""

MAX_EXCEPTIONS = 12
EXCEPTIONS = {
    "Base": "the declarative base of the tables of one history of migrations, named as in SQLAlchemy's manual",
}
"""Names of several classes, and why each keeps its name."""


def list_aliases(tree: ast.Module) -> list[str]:
    """Return the names of the type aliases of a module."""
    assigned = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    names = [target.id for target in assigned if isinstance(target, ast.Name)]
    return [name for name in names if ALIAS.fullmatch(name)]


def find_types() -> dict[str, list[str]]:
    """Return the modules that define a class or a type alias, by its name."""
    modules = defaultdict(list)
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        for name in (*classes, *list_aliases(tree)):
            modules[name].append(str(path.relative_to(ROOT)))
    return modules


def test_the_name_of_a_type_stands_for_one_thing() -> None:
    shared_names = {name: paths for name, paths in find_types().items() if len(paths) > 1}
    assert not {name: paths for name, paths in shared_names.items() if name not in EXCEPTIONS}
    assert shared_names.keys() >= EXCEPTIONS.keys(), "an exception is not needed any more"


def test_exceptions_are_few_and_have_a_reason() -> None:
    assert len(EXCEPTIONS) <= MAX_EXCEPTIONS
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())
