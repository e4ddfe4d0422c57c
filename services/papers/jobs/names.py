"""The functions that may run as jobs, by name. Each takes JSON and bytes, and returns JSON and bytes."""

from collections.abc import Callable, Mapping
from typing import Any

JobResult = tuple[Any, bytes]
JobFunction = Callable[[Any, bytes], JobResult]

JOBS: Mapping[str, str] = {
    "read_form": "services.papers.forms.reading:read_form",
    "write_form": "services.papers.forms.workbook:write_form",
}
"""Module and function of each job. A module is imported only in the process of the job."""
