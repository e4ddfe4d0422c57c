"""The paragraphs of an uploaded template: words and tags in their order, as they stand in the Word file. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.papers.documents.dates import write_day

DOCUMENT = "document"
DOCUMENT_SLOTS = ("number", "date", "unit", "unit_name", "period", "year")
"""Slots of the document itself: `document.number` and others."""
NO_NUMBER = "……"
NO_DATE = "ngày …… tháng …… năm ……"


def make_document_slots(words: Mapping[str, str], number: str, on: str | None) -> dict[str, str]:
    """Return the text of each slot of the document itself, by its tag."""
    texts = {
        **words,
        "number": number or NO_NUMBER,
        "date": write_day("", on).lstrip(", ") if on else NO_DATE,
    }
    return {f"{DOCUMENT}.{name}": texts[name] for name in DOCUMENT_SLOTS}


def make_piece_runs(
    pieces: Iterable[Mapping[str, str]], figures: Mapping[str, Any], slots: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the runs of a paragraph from its pieces; `figures` are printed figures by slot, `slots` the texts of the document's own."""
    runs: list[dict[str, Any]] = []
    for piece in pieces:
        tag = piece.get("tag")
        if tag is not None and tag in figures:
            figure = figures[tag]
            runs.append({"text": figure.text, "slot": tag, "lineage": figure.lineage, "label": figure.label})
        else:
            runs.append({"text": slots.get(tag, "") if tag else piece["text"]})
    return runs
