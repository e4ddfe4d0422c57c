"""The address of the entries that a figure is made of."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from services.funding.progress.rules import TOTAL
from services.funding.store import NO_COMPONENT

ENTRIES = "/v1/funding/entries"
TERMS = (
    "year", "program", "component", "capital", "source", "unit", "origin_year", "month", "below", "until",
    "as_of",
)  # fmt: skip
"""What entries may be narrowed by."""


def lineage(keys: Mapping[str, str | int | None], asked: Mapping[str, Any]) -> str:
    """Give the address for a row with these keys, in an answer to what was asked for."""
    terms = {**asked, **{name: value for name, value in keys.items() if value != TOTAL}}
    if keys.get("component", TOTAL) is None:
        terms["component"] = NO_COMPONENT
    if keys.get("unit", TOTAL) != TOTAL:
        terms["below"] = "false"
    said = {name: _text(terms[name]) for name in TERMS if terms.get(name) is not None}
    return f"{ENTRIES}?{urlencode(said, doseq=True)}"


def _text(term: Any) -> Any:
    return term.isoformat() if isinstance(term, date) else term
