"""Read the paragraphs and content controls of a Word file. Part of a job: lxml is imported in its process only."""

import zipfile
from io import BytesIO
from typing import Any

from services.papers.forms.guards import FileRefusedError, check_file

MAX_PARAGRAPHS = 5_000
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_draft(_: Any, content: bytes) -> tuple[Any, bytes]:
    """Return the paragraphs of a Word file with their controls, or the code with which it is refused."""
    try:
        check_file(content, expected="docx")
        return {"paragraphs": _read_paragraphs(content)}, b""
    except FileRefusedError as refusal:
        return {"refused": refusal.code}, b""


def _read_paragraphs(content: bytes) -> list[dict[str, Any]]:
    from lxml import etree  # noqa: PLC0415 (only where a file is read)

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    with zipfile.ZipFile(BytesIO(content)) as package:
        try:
            root = etree.fromstring(package.read("word/document.xml"), parser)
        except etree.XMLSyntaxError as error:
            raise FileRefusedError("file_unreadable") from error
    paragraphs = []
    for element in root.iter(f"{WORD}p"):
        text = _read_text(element)
        controls = [
            {"tag": tag.get(f"{WORD}val"), "text": _read_text(control)}
            for control in (*element.iter(f"{WORD}sdt"), *_find_controls_around(element))
            if (tag := control.find(f"{WORD}sdtPr/{WORD}tag")) is not None
        ]
        if text.strip():
            paragraphs.append({"text": text, "controls": controls})
        if len(paragraphs) > MAX_PARAGRAPHS:
            raise FileRefusedError("sheet_too_large")
    return paragraphs


def _find_controls_around(paragraph: Any) -> list[Any]:
    """Return the controls whose first paragraph it is: Word puts a control around the paragraph that it fills."""
    return [
        control
        for control in paragraph.iterancestors(f"{WORD}sdt")
        if next(control.iter(f"{WORD}p")) is paragraph
    ]


def _read_text(element: Any) -> str:
    return "".join(node.text or "" for node in element.iter(f"{WORD}t"))
