"""Packages of Office Open XML with fixed times, so that equal content gives equal bytes."""

import zipfile
from io import BytesIO

FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def fix_times(content: bytes) -> bytes:
    """Return the package with its entries in the same order and one fixed time."""
    output = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as package, zipfile.ZipFile(output, "w") as fixed:
        for entry in package.infolist():
            info = zipfile.ZipInfo(entry.filename, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            fixed.writestr(info, package.read(entry))
    return output.getvalue()
