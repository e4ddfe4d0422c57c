"""The architecture decision records: one form, and numbers without gaps."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences"]


def test_the_numbers_have_no_gaps() -> None:
    assert [record.name[:5] for record in RECORDS] == [f"{n:04}-" for n in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_has_a_title_a_status_and_three_sections(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    title, blank, status, *_ = text.splitlines()
    assert re.fullmatch(rf"# {record.name[:4]} [A-Z].*[^.]", title)
    assert (blank, status) == ("", "Status: accepted.")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
