"""The job of a form that was sent: read the file as the form of reports or of the register that it says it is."""

from typing import Any

from services.papers.forms.guards import FileRefusedError
from services.papers.forms.reading import read_report_form
from services.papers.forms.registers.definitions import find_register
from services.papers.forms.registers.reading import read_register
from services.papers.forms.sheets import read_file


def read_form(argument: Any, content: bytes) -> tuple[Any, bytes]:
    """Return what a file states as JSON, or the code with which it is refused.

    `argument` may have program and form, as the address names them, and whether the file was sent as a workbook.
    """
    sent = argument or {}
    try:
        file = read_file(content, declared_workbook=bool(sent.get("declared_workbook")))
        program, form = (file.meta.get(part) or sent.get(part) for part in ("program", "form"))
        register = find_register(program, form)
        if register is not None:
            return read_register(register, file), b""
        return read_report_form(file), b""
    except FileRefusedError as refusal:
        return {"refused": refusal.code}, b""
