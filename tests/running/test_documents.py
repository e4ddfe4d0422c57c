"""README and docs agree with the repository: paths, links, make targets, commands, kinds of code blocks."""

import ast
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from services.__main__ import make_parser
from shared.local.settings import ROOT

DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {ROOT / "CHANGELOG.md"})
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
BLOCK = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")

BLOCK_KINDS = {"sh", "console", "ini", "text", "mermaid", "python", "toml", "sql", "typescript"}
"""`sh` blocks of README and docs/operate.md run in `test_backup.py`, `console` blocks of docs/operate.md in `test_operators_page.py`."""

TOP_FOLDERS = "clients|deploy|docs|examples|gateway|migrations|requirements|services|shared|tests"


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]


def find_blocks(page: str, *kinds: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page) if kind in kinds]


def iterate_commands(page: str) -> Iterator[Any]:
    """Yield the words of each command in the blocks of a page, without comments and leading variables."""
    for block in find_blocks(page, "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            if line and line.split()[0] not in {"curl", "-d"}:
                words = line.split(" #")[0].split()
                while words and re.match(r"[A-Z_]+=", words[0]):
                    words.pop(0)
                if words:
                    yield words


def test_every_block_has_a_kind(page: str) -> None:
    assert {kind for kind, _ in BLOCK.findall(page)} <= BLOCK_KINDS


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 140


def test_every_make_target_exists(page: str) -> None:
    targets = set(re.findall(r"(?m)^([a-z.-]+):", (ROOT / "Makefile").read_text()))
    in_prose = re.findall(r"`make\s([a-z.-]+)[^`]*`", page)
    in_blocks = [words[1] for words in iterate_commands(page) if words[0] == "make" and len(words) > 1]
    assert {*in_prose, *in_blocks} <= targets


def test_every_make_target_is_documented() -> None:
    targets = set(re.findall(r"(?m)^([a-z.-]+):.*## ", (ROOT / "Makefile").read_text()))
    text = "\n".join(PAGES.values())
    assert {target for target in targets - {"help"} if f"make {target}" not in text} == set()


def test_every_path_exists(page: str) -> None:
    paths = re.findall(rf"`((?:{TOP_FOLDERS})/[\w/.*-]*)`", page)
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []


def find_named_definitions(page: str) -> list[tuple[str, str]]:
    """Return file and name of each definition that a page names: "`name` in `file.py`", or a table row "`file.py` | `name`"."""
    in_prose = [(path, name) for name, path in re.findall(r"`(\w+)` in\s`([\w/]+\.py)`", page)]
    rows = re.findall(r"(?m)^\|.*?`([\w/]+\.py)` \| ((?:`[\w.]+`(?:, )?)+) \|", page)
    return in_prose + [(path, name) for path, names in rows for name in re.findall(r"`([\w.]+)`", names)]


def find_definitions(path: Path) -> set[str]:
    """Return the functions, classes, methods (`Class.method`) and constants that a file defines."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            members = [
                member for member in node.body if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef))
            ]
            names |= {node.name, *(f"{node.name}.{member.name}" for member in members)}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def test_every_definition_is_in_the_file_that_is_named(page: str) -> None:
    missing = [
        (path, name)
        for path, name in find_named_definitions(page)
        if not (ROOT / path).exists() or name not in find_definitions(ROOT / path)
    ]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(name: Any) -> None:
    folder = (ROOT / name).parent
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]) if "://" not in link]
    assert [link for link in links if not is_valid_link(folder, ROOT / name, link)] == []


def is_valid_link(folder: Path, page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = folder / path if path else page
    if not target.exists():
        return False
    headings = re.findall(r"(?m)^#+ (.*)$", target.read_text(encoding="utf-8")) if anchor else []
    return not anchor or anchor in {to_anchor(heading) for heading in headings}


def to_anchor(heading: str) -> str:
    """Return the anchor that a heading gets when it is shown as HTML."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_architecture_page_names_every_service_and_shared_part() -> None:
    parts = [path for folder in ("services", "shared") for path in (ROOT / folder).iterdir()]
    names = [
        f"`{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}`"
        for path in parts
        if not path.name.startswith("__") and (path.is_dir() or path.suffix == ".py")
    ]
    assert names
    assert [name for name in names if name not in PAGES["docs/architecture.md"]] == []


def test_every_module_that_is_run_exists(page: str) -> None:
    modules = re.findall(r"python -m ([\w.]+)", page)
    missing = [name for name in modules if find_spec(name) is None]
    assert missing == []


def test_every_command_of_the_launcher_is_valid(page: str) -> None:
    commands = [words for words in iterate_commands(page) if words[1:3] == ["-m", "services"]]
    for words in commands:
        make_parser().parse_args(shlex.split(" ".join(words[3:])))


def test_every_command_of_the_operators_page_is_executed_by_a_test() -> None:
    """Its `sh` blocks run in `test_backup.py`; commands of `console` blocks and in sentences are called by name in a test."""
    page = PAGES["docs/operate.md"]
    named = set(re.findall(r"python -m (?:services|gateway) ([a-z][a-z-]+)", page))
    in_blocks = set(
        re.findall(r"python -m (?:services|gateway) ([a-z][a-z-]+)", "\n".join(find_blocks(page, "sh")))
    )
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named - in_blocks if f'"{name}"' not in tests} == set()
