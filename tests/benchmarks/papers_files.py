"""`python -m tests.benchmarks.papers_files`: the files of papers, without a service: a form of 10,000 cells and a bomb.

A form should be written and read in less than two seconds each, and a bomb refused in less than half a second.
"""

import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

from services.papers.forms.guards import FileRefusedError, check_file
from services.papers.forms.job import read_form
from services.papers.forms.layout import (
    ENTRY_SHEET,
    FIRST_VALUE_COLUMN,
    FormColumn,
    FormLayout,
    FormRow,
    name_cell,
)
from services.papers.forms.workbook import write_form

UNITS, INDICATORS = 100, 100
FORM_WITHIN_S, BOMB_WITHIN_S = 2.0, 0.5
BOMB_BYTES = 60 * 1024 * 1024


def make_layout() -> FormLayout:
    """Return a form of 10,000 open cells."""
    columns = tuple(
        FormColumn(
            f"indicator_{index}", None, None, f"Chỉ tiêu {index}", "", "households", 0, "0", "1000000", "commune", None, True
        )
        for index in range(INDICATORS)
    )  # fmt: skip
    return FormLayout(
        program="poverty", form="review", label="Biểu", unit="610", unit_name="Huyện", period="2024", catalogue_version="1",
        legal_basis="TT", status="official", columns=columns, checks=(),
        rows=tuple(FormRow(f"{20000 + index}", f"Xã {index}", "xa", "commune") for index in range(UNITS)),
    )  # fmt: skip


def make_bomb() -> bytes:
    """Return a package that says it unpacks to more than the limit."""
    output = BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", b"<Types/>")
        package.writestr("xl/worksheets/sheet1.xml", b"0" * BOMB_BYTES)
    return output.getvalue()


def measure(label: str, limit_s: float, work: Callable[[], Any]) -> Any:
    """Print how long some work takes, beside its limit, and return its result."""
    began_at = time.perf_counter()
    result = work()
    print(f"{label:<42} {time.perf_counter() - began_at:6.2f} s   (less than {limit_s} s)")
    return result


def refuse_bomb(bomb: bytes) -> str:
    """Return the code with which the bomb is refused."""
    try:
        return check_file(bomb)
    except FileRefusedError as refusal:
        return refusal.code


def main() -> None:
    """Measure and print."""
    layout = make_layout()
    first_row = layout.total_row - len(layout.rows)
    values = {
        name_cell(first_row + row, FIRST_VALUE_COLUMN + column): 7
        for row in range(UNITS)
        for column in range(INDICATORS)
    }
    sent = {"values": values, "faults": {}, "header": {}, "listed": [], "reasons": [], "answer": ""}
    argument = {"layout": layout.to_document(), "sent": sent}
    cells = f"{UNITS * INDICATORS:,} cells"
    _, workbook = measure(f"write a form of {cells}", FORM_WITHIN_S, lambda: write_form(argument, b""))
    form, _ = measure(f"read a form of {cells}", FORM_WITHIN_S, lambda: read_form(None, workbook))
    bomb = make_bomb()
    code = measure("refuse a bomb", BOMB_WITHIN_S, lambda: refuse_bomb(bomb))
    print(f"{len(form['values']):,} values in {ENTRY_SHEET}; the bomb: {code}")


if __name__ == "__main__":
    main()
