"""Rules of the source files: length, names, docstrings, imports, words."""

import ast
import contextlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("gateway", "services", "shared", "migrations")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py"))

MOST_LINES = 350
"""A file of more than about 300 lines is split by noun; 50 more are allowed for a table of sentences."""

VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "core"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
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


def to_relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read_source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_checks_see_the_source_files() -> None:
    assert len(MODULES) > 100
    assert len(INITS) > 15


def test_no_file_is_too_long() -> None:
    assert not [to_relative(path) for path in MODULES if len(read_source(path).splitlines()) > MOST_LINES]


def test_no_file_has_a_vague_name() -> None:
    assert not [to_relative(path) for path in MODULES if {path.stem, path.parent.name} & VAGUE]


def test_nothing_is_unfinished() -> None:
    this = Path(__file__).resolve()
    texts = [path for path in [*MODULES, *TESTS] if path != this]
    assert not [to_relative(path) for path in texts if UNFINISHED.search(read_source(path))]


@pytest.mark.parametrize("path", INITS, ids=to_relative)
def test_an_init_file_is_a_docstring_only(path: Any) -> None:
    tree = ast.parse(read_source(path))
    assert ast.get_docstring(tree), "describe the package"
    assert len(tree.body) == 1, "move the code to a named module"


def test_every_module_has_a_docstring() -> None:
    undescribed = [path for path in MODULES if not ast.get_docstring(ast.parse(read_source(path)))]
    assert not [to_relative(path) for path in undescribed]


def find_imports(path: Path) -> set[str]:
    """Return the names of the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(read_source(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_the_kit_knows_no_noun_of_the_domain() -> None:
    nouns = re.compile(
        r"\b(communes?|districts?|provinces?|indicators?|poverty|recognitions?|disburse\w*|households?)\b",
        re.IGNORECASE,
    )
    nouns_by_file = {
        to_relative(path): sorted({match[0].lower() for match in nouns.finditer(read_source(path))})
        for path in (ROOT / "shared" / "kit").rglob("*.py")
        if path.name != "__init__.py" and nouns.search(read_source(path))
    }
    examples_only = {
        "shared/kit/change_feed.py",
        "shared/kit/identity.py",
        "shared/kit/openapi/header_fields.py",
        "shared/kit/settings.py",
        "shared/kit/service.py",
    }
    assert set(nouns_by_file) <= examples_only, nouns_by_file


def test_the_reporting_engine_knows_no_program() -> None:
    program = re.compile(
        r"\b(ntm|ocop|giảm nghèo|nông thôn mới|services\.(rural|poverty|ethnic|funding))\b", re.IGNORECASE
    )
    engine = (ROOT / "shared" / "reporting").rglob("*.py")
    assert not [to_relative(path) for path in engine if program.search(read_source(path))]


def test_only_the_kit_commits() -> None:
    commits = re.compile(r"\.(commit|rollback)\(\)")
    outside = [path for path in MODULES if "kit" not in path.parts and "migrations" not in path.parts]
    assert not [to_relative(path) for path in outside if commits.search(read_source(path))]


def test_every_rules_module_is_in_the_import_contract() -> None:
    """lint-imports checks imports, indirect ones too; this checks that its list holds every `rules.py`."""
    rules = [path for path in MODULES if path.name == "rules.py"]
    assert len(rules) > 5
    assert not [to_relative(path) for path in rules if find_imports(path) & FRAMEWORKS]
    contracts = tomllib.loads(read_source(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    [modules] = [
        contract["source_modules"] for contract in contracts if contract["name"] == "Rules know no framework"
    ]
    for pattern in ("services.**.rules", "gateway.**.rules", "shared.**.rules"):
        assert pattern in modules
    for module in modules:
        if "*" not in module:
            assert (ROOT / (module.replace(".", "/") + ".py")).exists(), module


def test_no_text_has_merge_markers() -> None:
    marker = re.compile(r"(?m)^(<{7} |>{7} )")
    texts = [
        *MODULES,
        *TESTS,
        *ROOT.glob("*.*"),
        *(ROOT / "examples").rglob("*.*"),
        *(ROOT / "docs").rglob("*.*"),
    ]
    suffixes = {".py", ".md", ".toml", ".yml", ".ini", ".txt", ".json", ".csv"}
    assert ROOT / "README.md" in texts
    assert not [
        to_relative(path) for path in texts if path.suffix in suffixes and marker.search(read_source(path))
    ]


REGISTRY_HOSTS = (
    ("pypi", "org"),
    ("python" + "hosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("debian", "org"),
    ("crates", "io"),
)
"""In parts, so that this file does not contain a host that it forbids."""


def read_repository_texts() -> Iterator[Any]:
    """Yield path and text of every text file, except files that are made on this machine."""
    generated = re.compile(r"\.git|\.venv|var|\.env|\.\w*cache|__pycache__|\.hypothesis|htmlcov")
    for top in sorted(ROOT.iterdir()):
        if generated.fullmatch(top.name):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                with contextlib.suppress(UnicodeDecodeError):
                    yield path, path.read_text(encoding="utf-8")


def test_no_text_names_a_home_folder_or_a_package_registry() -> None:
    hosts = "|".join(r"\.".join(parts) for parts in REGISTRY_HOSTS)
    forbidden = re.compile(rf"/(root|home)/\w|\b({hosts})\b")
    assert not [to_relative(path) for path, text in read_repository_texts() if forbidden.search(text)]
    assert forbidden.search("https://" + ".".join(("files", *REGISTRY_HOSTS[1])))
