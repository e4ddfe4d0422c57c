"""A class name stands for one thing in the whole tree, so that a search finds it and a reader need not ask which is meant."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for folder in ("gateway", "services", "shared") for path in (ROOT / folder).rglob("*.py")
)

MAX_EXCEPTIONS = 12
EXCEPTIONS = {
    "Base": "the declarative base of the tables of one history of migrations, named as in SQLAlchemy's manual",
}
"""Names of several classes, and why each keeps its name."""


def find_classes() -> dict[str, list[str]]:
    """Return the modules that define a class, by the name of the class."""
    modules = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(str(path.relative_to(ROOT)))
    return modules


def test_a_class_name_stands_for_one_thing():
    shared_names = {name: paths for name, paths in find_classes().items() if len(paths) > 1}
    assert not {name: paths for name, paths in shared_names.items() if name not in EXCEPTIONS}
    assert shared_names.keys() >= EXCEPTIONS.keys(), "an exception is not needed any more"


def test_exceptions_are_few_and_have_a_reason():
    assert len(EXCEPTIONS) <= MAX_EXCEPTIONS
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())
