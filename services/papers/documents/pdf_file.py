"""Write a filled document as PDF/A by typst, each figure a link to its lineage. A job."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Literal

import typst

from services.papers.documents.dates import write_day

FOLDER = Path(__file__).parent
FONTS = FOLDER / "fonts"
STANDARD: Literal["a-2b"] = "a-2b"
UNDATED = "2024-01-01"
"""The day in the file of a document that has neither a day nor an instant; PDF/A requires one."""


def write_pdf(filled: Any, _: bytes) -> tuple[Any, bytes]:
    """Return the PDF of a filled document."""
    day = date.fromisoformat(filled["date"] or str(filled.get("as_of") or UNDATED)[:10])
    document = {
        **filled,
        "day": write_day(filled["heading"]["place"], filled["date"]),
        "made_on": [day.year, day.month, day.day],
    }
    content = typst.compile(
        str(FOLDER / "document.typ"),
        root=str(FOLDER),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"document": json.dumps(document, ensure_ascii=False)},
        timestamp=0,
    )
    return {}, content
