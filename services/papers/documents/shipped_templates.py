"""The templates that come with the product: one TOML file each, in `shipped/`."""

import tomllib
from functools import cache
from pathlib import Path

from services.papers.documents.templates import Template

SHIPPED = Path(__file__).with_name("shipped")


@cache
def load_shipped_templates() -> tuple[Template, ...]:
    """Return the shipped templates, by the names of their files."""
    documents = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.toml")))
    return tuple(Template(document["code"], document) for document in documents)
