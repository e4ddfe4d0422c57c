"""Refusals of a draft's file.

Problem
└── Invalid
    └── DraftFileRefused    422 draft_file_refused   the file is no Word file that can be compared
"""

from services.papers.forms.translation import FILE_REFUSALS
from shared.kit.problems import Fault, Invalid, Sentence

DRAFT_REFUSALS = {
    **FILE_REFUSALS,
    "file_kind_unknown": Sentence(
        "Chỉ nhận tệp Word (docx) của văn bản.", "Only the Word file (docx) of the document is taken."
    ),
    "file_has_macros": Sentence(
        "Tệp có macro; hãy lưu dạng .docx.", "The file has macros; save it as .docx."
    ),
    "sheet_too_large": Sentence("Văn bản có quá nhiều đoạn.", "The document has too many paragraphs."),
}


class DraftFileRefused(Invalid):
    """The file is no Word file that can be compared; `errors` says why."""

    code = "draft_file_refused"
    title = Sentence("Không nhận được dự thảo", "The draft cannot be taken")
    detail = Sentence("Tệp không dùng được: xem danh sách lỗi.", "The file cannot be used: see errors.")


def to_draft_refusal(code: str) -> DraftFileRefused:
    """Return the refusal of a draft for what its reading found."""
    return DraftFileRefused(faults=[Fault("", code, DRAFT_REFUSALS[code])])
