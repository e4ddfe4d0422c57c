"""The files that are accepted as evidence. Pure.

A file has a type, a size and a hash, and no name: scans are often named after persons, and no name of a person is kept.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from functools import partial

from shared.kit.problems import Invalid, NotFound, Problem, Sentence

MAX_FILE_BYTES = 5 * 1024 * 1024
"""Room for a report with annexes: a signed paper scanned at 200 dpi is under one megabyte a page."""

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OLD_SPREADSHEET, OLD_TEXT_DOCUMENT = "application/vnd.ms-excel", "application/msword"
CSV, HEIC = "text/csv", "image/heic"

MAX_PARTS = 2000
"""Files inside of a document; one with hundreds of sheets has fewer."""
MAIN_PARTS = {SPREADSHEET: "xl/workbook.xml", TEXT_DOCUMENT: "word/document.xml"}
MACROS = "vbaproject.bin"
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a file of Office 97 to 2003 [MS-CFB]."""
STREAMS = {
    OLD_SPREADSHEET: ("Workbook", "Book"),
    OLD_TEXT_DOCUMENT: ("WordDocument",),
}
"""The streams of which such a file has one, as its directory names them."""
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
"""Major brands of a still photo in HEIF; `mif1` needs one of the others among the compatible ones."""


def _has_main_part(media_type: str, content: bytes) -> bool:
    """Whether a document of Office has the part of its type, and no macros. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [info.filename.lower() for info in archive.infolist()]
    except (
        zipfile.BadZipFile,
        ValueError,
        RuntimeError,
        OSError,
    ):  # RuntimeError: a version of zip that is not read
        return False
    has_macros = any(name.rpartition("/")[2] == MACROS for name in names)
    return len(names) <= MAX_PARTS and MAIN_PARTS[media_type] in names and not has_macros


def _has_stream(media_type: str, content: bytes) -> bool:
    """Whether a file of Office 97 to 2003 names the stream of its type, and none of macros."""

    def names(stream: str) -> bool:
        return f"{stream}\0".encode("utf-16-le") in content

    return (
        content.startswith(COMPOUND_FILE)
        and any(map(names, STREAMS[media_type]))
        and not names("_VBA_PROJECT")
    )


def _is_csv(content: bytes) -> bool:
    """Whether the bytes are text in UTF-8 with a separator in its first line, and no control characters."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    first_line = text.partition("\n")[0]
    return not CONTROL.search(text) and any(separator in first_line for separator in ",;\t")


def _is_heic(content: bytes) -> bool:
    """Whether the first box is that of a HEIF photo (ISO/IEC 23008-12)."""
    size = int.from_bytes(content[:4], "big")
    if content[4:8] != b"ftyp" or not MIN_FTYP_BYTES <= size <= min(len(content), MAX_FTYP_BYTES):
        return False
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, size, 4))}
    return content[8:12] in HEIC_BRANDS and bool(brands & (HEIC_BRANDS - {b"mif1"}))


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MIN_FTYP_BYTES, MAX_FTYP_BYTES = 16, 256

FILE_TYPES: dict[str, Callable[[bytes], bool]] = {
    "application/pdf": lambda content: content.startswith(b"%PDF-"),
    "image/jpeg": lambda content: content.startswith(b"\xff\xd8\xff"),
    "image/png": lambda content: content.startswith(b"\x89PNG\r\n\x1a\n"),
    SPREADSHEET: partial(_has_main_part, SPREADSHEET),
    TEXT_DOCUMENT: partial(_has_main_part, TEXT_DOCUMENT),
    OLD_SPREADSHEET: partial(_has_stream, OLD_SPREADSHEET),
    OLD_TEXT_DOCUMENT: partial(_has_stream, OLD_TEXT_DOCUMENT),
    CSV: _is_csv,
    HEIC: _is_heic,
}
"""The accepted media types, each with the check whether bytes are of that type."""


class UnsupportedEvidence(Problem):
    """The media type of the file is not accepted, or its bytes are not of that type."""

    status = 415
    code = "evidence_type"
    title = Sentence("Loại tệp không nhận", "Unsupported file")
    detail = Sentence(
        "Chỉ nhận: {types}; tệp phải đúng loại đã nêu.",
        "Only {types} are accepted, and the bytes must be of the type stated.",
    )


class EvidenceQuotaExceeded(Problem):
    """The files of the client take as much room as it has."""

    status = 413
    code = "evidence_quota_exceeded"
    title = Sentence("Hết dung lượng tệp", "No room for files")
    detail = Sentence(
        "Các tệp của ứng dụng đã chiếm {used_bytes} trong {limit_bytes} byte; tệp này có {size_bytes} byte.",
        "The files of the client take {used_bytes} of {limit_bytes} bytes; this file has {size_bytes}.",
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
    is_of_type = FILE_TYPES.get(media_type)
    if is_of_type is None or not is_of_type(content):
        raise UnsupportedEvidence(types=", ".join(FILE_TYPES))
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise EvidenceMismatch(actual=actual)
