"""Guards of files that came from outside: what is refused before anything is unpacked. Only the standard library.

The limits are of the file, of the number of its entries, and of their size once unpacked. A workbook of a macro, with links to
other workbooks or with embedded objects is refused: nobody needs these on a form.
"""

import zipfile
import zlib
from io import BytesIO
from typing import Literal

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_ENTRIES = 200
MAX_UNPACKED_BYTES = 50 * 1024 * 1024
CHUNK_BYTES = 256 * 1024

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = 0x1
FORBIDDEN_PARTS = {
    "vbaproject": "file_has_macros",
    "macrosheets/": "file_has_macros",
    "activex": "file_has_macros",
    "externallinks/": "file_has_external_links",
    "connections.xml": "file_has_external_links",
    "querytables/": "file_has_external_links",
    "embeddings/": "file_has_embedded_objects",
    "oleobject": "file_has_embedded_objects",
}
"""What no name of an entry may hold, in small letters, and the code of the refusal."""

MACRO_TYPE = b"macroEnabled"
CONTENT_TYPES = "[Content_Types].xml"
OLE_MACROS = ("_VBA_PROJECT".encode("utf-16-le"), b"_VBA_PROJECT")
OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

FileKind = Literal["xlsx", "xls", "csv", "docx"]


class FileRefusedError(Exception):
    """A guard refuses a file; the code says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_file(content: bytes, *, expected: FileKind | None = None) -> FileKind:
    """Return the kind of a file by its first bytes; raises `FileRefusedError`."""
    if len(content) > MAX_FILE_BYTES:
        raise FileRefusedError("file_too_large")
    kind = _find_kind(content)
    if expected is not None and kind != expected:
        raise FileRefusedError("file_kind_unknown")
    return kind


def _find_kind(content: bytes) -> FileKind:
    if content.startswith(ZIP_SIGNATURE):
        return _check_package(content)
    if content.startswith(OLE_SIGNATURE):
        if OLE_ENCRYPTED in content:
            raise FileRefusedError("file_encrypted")
        if any(mark in content for mark in OLE_MACROS):
            raise FileRefusedError("file_has_macros")
        return "xls"
    if b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefusedError("file_kind_unknown")
    return "csv"


def _check_package(content: bytes) -> FileKind:
    """Check a package of Office Open XML: its directory first, then what each entry holds, within the limit."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            entries = package.infolist()
            if len(entries) > MAX_ENTRIES:
                raise FileRefusedError("file_has_too_many_entries")
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
                raise FileRefusedError("file_unpacks_too_large")
            names = [entry.filename.lower() for entry in entries]
            for part, code in FORBIDDEN_PARTS.items():
                if any(part in name for name in names):
                    raise FileRefusedError(code)
            if any(entry.flag_bits & ENCRYPTED for entry in entries):
                raise FileRefusedError("file_encrypted")
            if len(set(names)) != len(names):
                raise FileRefusedError("file_unreadable")
            _check_unpacked_size(package)
            if MACRO_TYPE in package.read(CONTENT_TYPES):
                raise FileRefusedError("file_has_macros")
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        zlib.error,
    ) as error:
        raise FileRefusedError("file_unreadable") from error
    return "docx" if "word/document.xml" in names else "xlsx"


def _check_unpacked_size(package: zipfile.ZipFile) -> None:
    """Unpack each entry without keeping it: the directory may say less than there is, which the checksum shows."""
    left = MAX_UNPACKED_BYTES
    for entry in package.infolist():
        with package.open(entry) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise FileRefusedError("file_unpacks_too_large")
