"""The shape of the house: one job a file, the field's own words, nothing left for later."""

import ast
import contextlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("gateway", "services", "shared", "migrations")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py"))

MOST_LINES = 350
"""Past about three hundred a file is split by noun; fifty more are room for a table of sentences."""

VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "core"}
LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
INITS = [path for path in MODULES if path.name == "__init__.py"]
FRAMEWORKS = {
    "fastapi",
    "starlette",
    "sqlalchemy",
    "pydantic",
    "pydantic_settings",
    "httpx",
    "aiohttp",
    "asyncpg",
}


def said(path: Path) -> str:
    return str(path.relative_to(ROOT))


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_there_is_something_to_look_at():
    assert len(MODULES) > 100
    assert len(INITS) > 15


def test_no_file_is_too_long_for_one_head():
    assert not [said(path) for path in MODULES if len(source(path).splitlines()) > MOST_LINES]


def test_no_file_has_a_name_that_says_nothing():
    assert not [said(path) for path in MODULES if {path.stem, path.parent.name} & VAGUE]


def test_nothing_is_left_for_later():
    this = Path(__file__).resolve()
    found = [
        said(path) for path in [*MODULES, *TESTS] if path != this and LEFT_FOR_LATER.search(source(path))
    ]
    assert not found


@pytest.mark.parametrize("path", INITS, ids=said)
def test_a_packages_own_file_holds_prose_and_no_code(path):
    tree = ast.parse(source(path))
    assert ast.get_docstring(tree), "what is this package for?"
    assert len(tree.body) == 1, "code belongs into a module with a name"


def test_every_module_says_what_it_is_for():
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(source(path)))]
    assert not [said(path) for path in silent]


def imports(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(source(path)))
    names = [node for node in tree if isinstance(node, (ast.Import, ast.ImportFrom))]
    found = set()
    for node in names:
        found |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else {node.module or ""}
    return found


def test_the_kit_holds_no_noun_of_the_field():
    nouns = re.compile(
        r"\b(communes?|districts?|provinces?|indicators?|poverty|recognitions?|disburse\w*|households?)\b",
        re.IGNORECASE,
    )
    prose = {"__init__.py"}
    found = {
        said(path): sorted({it[0].lower() for it in nouns.finditer(source(path))})
        for path in (ROOT / "shared" / "kit").rglob("*.py")
        if path.name not in prose and nouns.search(source(path))
    }
    examples_only = {
        "shared/kit/change_feed.py",
        "shared/kit/identity.py",
        "shared/kit/settings.py",
        "shared/kit/service.py",
    }
    assert set(found) <= examples_only, found


def test_the_engine_knows_none_of_its_programs():
    program = re.compile(
        r"\b(ntm|ocop|giảm nghèo|nông thôn mới|services\.(rural|poverty|ethnic|funding))\b", re.IGNORECASE
    )
    engine = (ROOT / "shared" / "reporting").rglob("*.py")
    assert not [said(path) for path in engine if program.search(source(path))]


def test_stores_never_commit_and_only_the_kit_opens_transactions():
    commits = re.compile(r"\.(commit|rollback)\(\)")
    outside = [path for path in MODULES if "kit" not in path.parts and "migrations" not in path.parts]
    assert not [said(path) for path in outside if commits.search(source(path))]


def test_every_rule_module_is_held_to_the_contract_of_rules():
    """lint-imports follows imports of imports; this only sees that nobody escapes by the name of the file."""
    rules = [path for path in MODULES if path.name == "rules.py"]
    assert len(rules) > 5
    assert not {said(path): imports(path) & FRAMEWORKS for path in rules if imports(path) & FRAMEWORKS}
    contracts = tomllib.loads(source(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    held = next(it for it in contracts if it["name"] == "Rules know no framework")["source_modules"]
    for pattern in ("services.**.rules", "gateway.**.rules", "shared.**.rules"):
        assert pattern in held
    for module in held:
        if "*" not in module:
            assert (ROOT / (module.replace(".", "/") + ".py")).exists(), module


def test_no_text_holds_the_marks_of_a_merge():
    mark = re.compile(r"(?m)^(<{7} |>{7} )")
    texts = [*MODULES, *TESTS, *ROOT.glob("*.*"), *(ROOT / "examples").rglob("*.*")]
    kinds = {".py", ".md", ".toml", ".yml", ".ini", ".txt", ".json", ".csv"}
    assert ROOT / "README.md" in texts
    assert not [said(path) for path in texts if path.suffix in kinds and mark.search(source(path))]


REGISTRY_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("debian", "org"),
    ("crates", "io"),
)
"""In parts, so that this file does not hold what it forbids."""


def read_repository_texts():
    """Every file that can be read as text, but for what is made on this machine."""
    made_here = re.compile(r"\.git|\.venv|var|\.env|\.\w*cache|__pycache__|\.hypothesis|htmlcov")
    for top in sorted(ROOT.iterdir()):
        if made_here.fullmatch(top.name):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                with contextlib.suppress(UnicodeDecodeError):
                    yield path, path.read_text(encoding="utf-8")


def test_no_path_or_host_of_a_machine_is_written_down():
    hosts = "|".join(r"\.".join(parts) for parts in REGISTRY_HOSTS)
    forbidden = re.compile(rf"/(root|home)/\w|\b({hosts})\b")
    named = [said(path) for path, text in read_repository_texts() if forbidden.search(text)]
    assert not named
    assert forbidden.search("https://" + ".".join(("files", *REGISTRY_HOSTS[1])))
