"""The example of a catalogue in a program's OpenAPI document, made of rows of its own catalogue."""

from typing import Any

from shared.reporting.catalogue.versions import to_plain
from shared.reporting.engine import ReportingEngine

DECISION = {"number": "12/QĐ-UBND", "date": "2026-01-05"}


def add_catalogue_example(document: dict[str, Any], *, engine: ReportingEngine) -> None:
    """Show, beside the body that replaces the catalogue, the rows of one form, of its first indicator and of its sum."""
    tables = to_plain(engine.catalogue.tables)
    forms = tables.get("form", [])[:1]
    codes = [form["code"] for form in forms]
    indicators = [row for row in tables.get("indicator", []) if row["form"] in codes][:1]
    terms = [[row["code"]] for row in indicators]
    figures = [row for row in tables.get("figure", []) if row["kind"] == "sum" and row["terms"] in terms]
    body = document["paths"][f"{engine.path}/catalogue"]["put"]["requestBody"]["content"]
    body["application/json"]["example"] = {
        "decision": DECISION,
        "tables": {
            "program": engine.catalogue.program,
            "form": forms,
            "indicator": indicators,
            "figure": figures[:1],
        },
    }
