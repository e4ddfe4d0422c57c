"""Refusals of templates that offices upload.

Problem
├── Invalid
│   └── TemplateFileRefused       422 template_file_refused       the Word file is no template; every fault is named
├── Forbidden
│   └── TemplateForAllRefused     403 template_for_all_refused    a template for all units needs the grant of a province
├── NotFound
│   └── TemplateVersionNotFound   404 template_version_not_found  no template has this version
└── Conflict
    └── TemplateRecorded          409 template_recorded           this version is kept already
"""

from services.papers.drafts.refusals import DRAFT_REFUSALS
from shared.kit.problems import Conflict, Fault, Forbidden, Invalid, NotFound, Sentence

TEMPLATE_REFUSALS = {
    **DRAFT_REFUSALS,
    "file_kind_unknown": Sentence(
        "Chỉ nhận tệp Word (docx) làm mẫu văn bản.", "Only a Word file (docx) is taken as a template."
    ),
    "file_has_external_links": Sentence(
        "Tệp có liên kết ra ngoài (liên kết, ảnh, mẫu hoặc trường đọc từ nơi khác).",
        "The file has links to the outside: hyperlinks, pictures, a template, or fields that read from elsewhere.",
    ),
}


class TemplateFileRefused(Invalid):
    """The Word file cannot be a template; `errors` names every slot and every part that is wrong."""

    code = "template_file_refused"
    title = Sentence("Không nhận được mẫu văn bản", "The template cannot be taken")
    detail = Sentence("Tệp không dùng được: xem danh sách lỗi.", "The file cannot be used: see errors.")


class TemplateForAllRefused(Forbidden):
    """A template without a unit is used for all units, and needs the grant of a province."""

    code = "template_for_all_refused"
    detail = Sentence(
        "Mẫu dùng cho mọi đơn vị cần quyền đối với một tỉnh; hãy nêu unit.",
        "A template for all units needs the grant of a province; name a unit.",
    )


class TemplateVersionNotFound(NotFound):
    """No template has this version."""

    code = "template_version_not_found"
    detail = Sentence("Không có mẫu văn bản phiên bản {version}.", "No template has the version {version}.")


class TemplateRecorded(Conflict):
    """The same file with the same name, days and legal basis is kept already."""

    code = "template_recorded"
    detail = Sentence(
        "Mẫu văn bản này đã được lưu với đúng nội dung, ngày và căn cứ đó.",
        "This template is kept already, with the same file, day and legal basis.",
    )


def make_file_faults(codes: list[str]) -> list[Fault]:
    """Return the faults of a file by their codes."""
    return [Fault("", code, TEMPLATE_REFUSALS[code]) for code in codes]
