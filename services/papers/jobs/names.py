"""The functions that may run as jobs, by name. Each takes JSON and bytes, and returns JSON and bytes."""

from collections.abc import Callable, Mapping
from typing import Any

JobResult = tuple[Any, bytes]
JobFunction = Callable[[Any, bytes], JobResult]

JOBS: Mapping[str, str] = {
    "check_draft": "services.papers.drafts.job:check_draft_file",
    "fill_docx": "services.papers.documents.own_layout:fill_docx",
    "read_form": "services.papers.forms.job:read_form",
    "read_template": "services.papers.templates.reading:read_template",
    "write_docx": "services.papers.documents.docx_file:write_docx",
    "write_pdf": "services.papers.documents.pdf_file:write_pdf",
    "write_xlsx": "services.papers.documents.xlsx_file:write_xlsx",
    "write_register": "services.papers.forms.registers.workbook:write_register",
    "write_form": "services.papers.forms.workbook:write_form",
}
"""Module and function of each job. A module is imported only in the process of the job."""
