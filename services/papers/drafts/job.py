"""The job of a draft: read the Word file and compare it, within the limits of time and memory of one file."""

from dataclasses import asdict
from typing import Any

from services.papers.drafts.reading import read_draft
from services.papers.drafts.rules import check_draft


def check_draft_file(filled: Any, content: bytes) -> tuple[Any, bytes]:
    """Return the check of a Word file against the figures of its issue, or the code with which it is refused."""
    draft, _ = read_draft(None, content)
    if "refused" in draft:
        return draft, b""
    return asdict(check_draft(filled, draft["paragraphs"])), b""
