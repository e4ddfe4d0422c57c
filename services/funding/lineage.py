"""The address of the entries that a figure is made of. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

TOTAL = "total"
"""The key of a total."""

NO_COMPONENT = "none"
"""The value of the parameter `component` for money of the program as a whole."""

ENTRIES = "/v1/funding/entries"
PARAMETERS = (
    "year", "program", "component", "capital", "source", "unit", "unit_since", "origin_year", "month", "below", "until",
    "as_of",
)  # fmt: skip
"""The parameters by which entries are narrowed."""


def build_lineage(keys: Mapping[str, str | int | date | None], parameters: Mapping[str, Any]) -> str:
    """Return the address of the entries of a row with these keys; `parameters` are those of the request."""
    terms = {**parameters, **{name: value for name, value in keys.items() if value != TOTAL}}
    if keys.get("component", TOTAL) is None:
        terms["component"] = NO_COMPONENT
    if keys.get("unit", TOTAL) != TOTAL:
        terms["below"] = "false"
    query = {name: _to_text(terms[name]) for name in PARAMETERS if terms.get(name) is not None}
    return f"{ENTRIES}?{urlencode(query, doseq=True)}"


def _to_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
