"""The parts of a Word file that have text, and their content controls. Part of a job: lxml is imported in its process only."""

import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from services.papers.documents.packages import FIXED_TIME

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAIN_PART = "word/document.xml"
TEXT_PART = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml")


class XmlUnreadableError(Exception):
    """A part is not well-formed, or declares a document type."""


def parse_part(content: bytes) -> Any:
    """Return the root element of a part; no entity is resolved and nothing is fetched. Raises `XmlUnreadableError`."""
    from lxml import etree  # noqa: PLC0415 (only where a file is read)

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise XmlUnreadableError from error
    if root.getroottree().docinfo.doctype:
        raise XmlUnreadableError
    return root


def iterate_controls(root: Any) -> Iterator[tuple[Any, str | None]]:
    """Yield each content control with its tag."""
    for control in root.iter(f"{WORD}sdt"):
        yield control, read_tag(control)


def read_tag(control: Any) -> str | None:
    """Return the tag of a content control; None where it has none."""
    tag = control.find(f"{WORD}sdtPr/{WORD}tag")
    text = "" if tag is None else str(tag.get(f"{WORD}val") or "").strip()
    return text or None


def read_text(element: Any) -> str:
    """Return the text of an element."""
    return "".join(node.text or "" for node in element.iter(f"{WORD}t"))


def replace_parts(content: bytes, change: Callable[[Any], bool]) -> bytes:
    """Return a Word file whose parts with text were changed; `change` says whether it did. The times of entries are fixed."""
    from lxml import etree  # noqa: PLC0415 (only where a file is written)

    output = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as package, zipfile.ZipFile(output, "w") as changed:
        for entry in package.infolist():
            part = package.read(entry)
            if TEXT_PART.fullmatch(entry.filename):
                root = parse_part(part)
                if change(root):
                    part = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
            info = zipfile.ZipInfo(entry.filename, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            changed.writestr(info, part)
    return output.getvalue()
