"""The glossary: `docs/glossary.toml` is its source, `docs/glossary.md` what people read.

python -m tests.architecture.glossary --write
"""

import argparse
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SOURCE = Path("docs/glossary.toml")
PAGE = Path("docs/glossary.md")

HEAD = """# Glossary

The terms of the field and of the code. A name in the last column is a module, or a class or constant of a module.
This page is made from [glossary.toml](glossary.toml) by `.venv/bin/python -m tests.architecture.glossary --write`.
"""


def read_sections() -> list[dict[str, Any]]:
    sections: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["section"]
    return sections


def read_terms() -> list[dict[str, str]]:
    return [term for section in read_sections() for term in section["term"]]


def render() -> str:
    """The page: a table for each section, its terms in the order of the source."""
    parts = [HEAD]
    for section in read_sections():
        rows = [
            f"| {term['term']} | {term.get('vi', '')} | {term['meaning']} | `{term['lives_in']}` |"
            for term in section["term"]
        ]
        head = ["| Term | Vietnamese | Meaning | Where it lives |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([f"## {section['title']}", "", *head, *rows]) + "\n")
    return "\n".join(parts)


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    parent, _, attribute = name.rpartition(".")
    return find_module(name) or (find_module(parent) and hasattr(import_module(parent), attribute))


def find_module(name: str) -> bool:
    try:
        return bool(name) and find_spec(name) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write docs/glossary.md from docs/glossary.toml.")
    parser.add_argument("--write", action="store_true", required=True, help="write the page")
    parser.parse_args()
    PAGE.write_text(render(), encoding="utf-8")
    print(f"{PAGE} written")
