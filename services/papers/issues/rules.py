"""Issued documents: what is refused, and how an issue is compared with now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.kit.problems import NotFound, Sentence

RESERVED = frozenset({"forms", "issues", "templates", "published"})
"""Words of the addresses, which name no template."""

Figures = Sequence[Mapping[str, Any]]


class IssueNotFound(NotFound):
    """No issued document has this id."""

    code = "issue_not_found"
    detail = Sentence("Không có văn bản đã ban hành {issue}.", "There is no issued document {issue}.")


class ReservedTemplate(NotFound):
    """The word is a part of the addresses, and names no template."""

    code = "template_reserved"
    detail = Sentence("“{template}” không phải là mẫu văn bản.", "“{template}” is no template.")


@dataclass(frozen=True, slots=True)
class MovedFigure:
    """A figure that is not the same as when the document was issued."""

    slot: str
    label: str
    text_before: str
    text_after: str
    before: float | int | Decimal | None
    after: float | int | Decimal | None
    changes_print: bool
    """Whether it would be printed differently."""
    service: str
    indicator: str
    lineage: str | None


def compare_figures(before: Figures, after: Figures) -> list[MovedFigure]:
    """Return the figures that moved between an issue and later answers, in the order of the slots."""
    later = {figure["slot"]: figure for figure in after}
    moved = []
    for figure in before:
        now = later.get(figure["slot"])
        if now is not None and now["value"] != figure["value"]:
            moved.append(
                MovedFigure(
                    slot=figure["slot"],
                    label=figure["label"],
                    text_before=figure["text"],
                    text_after=now["text"],
                    before=figure["value"],
                    after=now["value"],
                    changes_print=figure["text"] != now["text"],
                    service=figure["service"],
                    indicator=figure["indicator"],
                    lineage=now["lineage"],
                )
            )
    return moved
