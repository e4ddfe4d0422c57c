"""Which files are evidence. Pure.

A file has a type, a size and a hash, and no name: scans are often named after persons, and no person's name is kept.
"""

import hashlib

from shared.kit.problems import Invalid, NotFound, Problem, Sentence

MAX_FILE_BYTES = 5 * 1024 * 1024
"""A signed paper scanned at 200 dpi is under one megabyte a page; five hold a report with its annexes."""

BEGINNINGS: dict[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x03\x04",
}
"""Media types taken, with the bytes that such a file begins with."""


class UnsupportedEvidence(Problem):
    """The file is of a type that is not taken, or is not what it says."""

    status = 415
    code = "evidence_type"
    title = Sentence("Loại tệp không nhận", "Unsupported file")
    detail = Sentence(
        "Chỉ nhận: {types}; tệp phải đúng loại đã nêu.", "Only {types}, and the file must be what it says."
    )


class EvidenceMismatch(Invalid):
    """The bytes have another hash than the address says."""

    code = "evidence_mismatch"
    detail = Sentence(
        "Mã băm của tệp là {actual}, không phải mã trong địa chỉ.",
        "The file's hash is {actual}, not the one in the address.",
    )


class EvidenceNamed(Invalid):
    """The file came with a name."""

    code = "evidence_named"
    detail = Sentence(
        "Tệp không được kèm tên (Content-Disposition): tên tệp quét thường là tên người; hãy gửi tệp không tên.",
        "A file is sent without a name (Content-Disposition): scans are often named after persons.",
    )


class EvidenceNotFound(NotFound):
    """No file has this hash."""

    code = "evidence_not_found"
    detail = Sentence("Không có tệp minh chứng này.", "There is no such file.")


def refuse_unless_evidence(sha256: str, media_type: str, disposition: str, content: bytes) -> None:
    """Refuse what has a name, is not of a type that is taken, or is not the file that its address names."""
    if "name" in disposition.lower():
        raise EvidenceNamed
    beginning = BEGINNINGS.get(media_type)
    if beginning is None or not content.startswith(beginning):
        raise UnsupportedEvidence(types=", ".join(BEGINNINGS))
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise EvidenceMismatch(actual=actual)
