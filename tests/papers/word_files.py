"""Word files of an office, made for tests: paragraphs with content controls."""

import zipfile
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml import parse_xml

from services.papers.documents.word_package import WORD as WORD_NAMESPACE
from services.papers.documents.word_package import parse_part, read_tag, read_text

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def make_control(tag: str | None, *, properties: str = "", content: str = "<w:r><w:t>…</w:t></w:r>") -> str:
    """Return the XML of a content control."""
    tagged = "" if tag is None else f'<w:tag w:val="{tag}"/>'
    return f"<w:sdt {NAMESPACE}><w:sdtPr>{tagged}{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def make_word_file(*lines: str | tuple[str, ...], header: str = "", around: tuple[str, ...] = ()) -> bytes:
    """Return a Word file: a paragraph for each line, whose words are texts and whose controls are XML; `around` hold a paragraph."""
    document: Any = Document()
    for line in lines:
        paragraph = document.add_paragraph()
        for piece in (line,) if isinstance(line, str) else line:
            if piece.startswith("<"):
                paragraph._p.append(parse_xml(piece))
            else:
                paragraph.add_run(piece)
    for tag in around:
        control = make_control(tag, content="<w:p><w:r><w:t>…</w:t></w:r></w:p>")
        document.element.body.insert(0, parse_xml(control))
    if header:
        document.sections[0].header.paragraphs[0]._p.append(parse_xml(header))
    output = BytesIO()
    document.save(output)
    return output.getvalue()


def replace_entry(content: bytes, name: str, change: Any) -> bytes:
    """Return a package with one entry changed by a function, or added where it is bytes."""
    output = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as package, zipfile.ZipFile(output, "w") as changed:
        for entry in package.infolist():
            part = package.read(entry)
            changed.writestr(entry, change(part) if entry.filename == name and callable(change) else part)
        if not callable(change):
            changed.writestr(name, change)
    return output.getvalue()


def read_controls(content: bytes, part: str = "word/document.xml") -> dict[str | None, str]:
    """Return the text of each content control by its tag."""
    with zipfile.ZipFile(BytesIO(content)) as package:
        root = parse_part(package.read(part))
    return {read_tag(control): read_text(control) for control in root.iter(f"{WORD_NAMESPACE}sdt")}
