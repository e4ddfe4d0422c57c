"""Write a filled document as PDF/A by typst, each figure a link to its lineage. A job."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import typst

from services.papers.documents.dates import write_day
from shared.kit.exact_json import write_json

FOLDER = Path(__file__).parent
FONTS = FOLDER / "fonts"
STANDARD: Literal["a-2b"] = "a-2b"
UNDATED = "2024-01-01"
"""The day in the file of a document that has neither a day nor an instant; PDF/A requires one."""


def place_footnotes(
    paragraphs: Sequence[Mapping[str, Any]], notes: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]]]:
    """Return the paragraphs with the text of each note at its first mark, and the notes that no mark names."""
    waiting = list(notes)

    def place(run: Mapping[str, Any]) -> Mapping[str, Any]:
        for note in waiting if "note" in run else ():
            if note["mark"] == run["note"] and note.get("check") == run.get("check"):
                waiting.remove(note)
                return {**run, "footnote": note["runs"]}
        return run

    placed = []
    for paragraph in paragraphs:
        changed = {**paragraph, "runs": [place(run) for run in paragraph["runs"]]}
        if "rows" in paragraph:
            changed["rows"] = [[[place(run) for run in cell] for cell in row] for row in paragraph["rows"]]
        placed.append(changed)
    return placed, waiting


def write_pdf(filled: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the PDF of a filled document."""
    day = date.fromisoformat(filled["date"] or str(filled.get("as_of") or UNDATED)[:10])
    paragraphs, left_over = place_footnotes(filled["paragraphs"], filled["notes"])
    document = {
        **filled,
        "paragraphs": paragraphs,
        "notes": left_over,
        "day": write_day(filled["heading"]["place"], filled["date"]),
        "figures": [
            figure | {"value": None if figure["value"] is None else str(figure["value"])}
            for figure in filled["figures"]
        ],
        "made_on": [day.year, day.month, day.day],
    }
    content = typst.compile(
        str(FOLDER / "document.typ"),
        root=str(FOLDER),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"document": write_json(document).decode()},
        timestamp=0,
    )
    return {}, content
