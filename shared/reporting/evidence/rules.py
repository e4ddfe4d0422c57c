"""The files that are accepted as evidence. Pure.

A file has a type, a size and a hash, and no name: scans are often named after persons, and no name of a person is kept.
"""

import hashlib

from shared.kit.problems import Invalid, NotFound, Problem, Sentence

MAX_FILE_BYTES = 5 * 1024 * 1024
"""Room for a report with annexes: a signed paper scanned at 200 dpi is under one megabyte a page."""

FILE_SIGNATURES: dict[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x03\x04",
}
"""The accepted media types, each with the bytes that such a file begins with."""


class UnsupportedEvidence(Problem):
    """The media type of the file is not accepted, or its bytes are not of that type."""

    status = 415
    code = "evidence_type"
    title = Sentence("Loại tệp không nhận", "Unsupported file")
    detail = Sentence(
        "Chỉ nhận: {types}; tệp phải đúng loại đã nêu.",
        "Only {types} are accepted, and the bytes must be of the type stated.",
    )


class EvidenceMismatch(Invalid):
    """The hash of the bytes is not the one in the address."""

    code = "evidence_mismatch"
    detail = Sentence(
        "Mã băm của tệp là {actual}, không phải mã trong địa chỉ.",
        "The file's hash is {actual}, not the one in the address.",
    )


class EvidenceNamed(Invalid):
    """The file was sent with a name."""

    code = "evidence_named"
    detail = Sentence(
        "Tệp không được kèm tên (Content-Disposition): tên tệp quét thường là tên người; hãy gửi tệp không tên.",
        "A file is sent without a name (Content-Disposition): scans are often named after persons.",
    )


class EvidenceNotFound(NotFound):
    """No file has this hash."""

    code = "evidence_not_found"
    detail = Sentence("Không có tệp minh chứng này.", "There is no such file.")


def check_evidence(sha256: str, media_type: str, disposition: str, content: bytes) -> None:
    """Raise a problem for a file with a name, of a type that is not accepted, or of another hash than its address."""
    if "name" in disposition.lower():
        raise EvidenceNamed
    signature = FILE_SIGNATURES.get(media_type)
    if signature is None or not content.startswith(signature):
        raise UnsupportedEvidence(types=", ".join(FILE_SIGNATURES))
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise EvidenceMismatch(actual=actual)
