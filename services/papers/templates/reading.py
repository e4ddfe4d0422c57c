"""Read the Word file of a template: its paragraphs, its content controls, and what it must not have. A job."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from services.papers.documents.word_package import (
    MAIN_PART,
    TEXT_PART,
    WORD,
    XmlUnreadableError,
    iterate_controls,
    parse_part,
    read_tag,
    read_text,
)
from services.papers.forms.guards import CONTENT_TYPES, FileRefusedError, check_file

MAX_CONTROLS = 2_000
MAX_PARAGRAPHS = 5_000
SHOWN_CHARACTERS = 64
"""As long as Word lets a tag be."""

WORD_DOCUMENT = b"wordprocessingml.document.main+xml"
RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
FETCHING_FIELD = re.compile(
    r"\b(INCLUDETEXT|INCLUDEPICTURE|IMPORT|DDE|DDEAUTO|LINK|DATABASE|RD|MERGEFIELD|HYPERLINK(?!\s+\\l))\b",
    re.IGNORECASE,
)
"""Fields that read from elsewhere when the document is opened or printed; links within the document are none."""

KINDS_WITHOUT_TEXT = frozenset({
    "checkbox", "picture", "comboBox", "dropDownList", "docPartObj", "docPartList", "group", "repeatingSection",
    "citation", "bibliography", "equation",
})  # fmt: skip
STRUCTURES = frozenset({"docPartObj", "docPartList", "group", "repeatingSection"})
"""Controls that Word makes around a table of contents or a section, which are no slots."""

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BLANKS = frozenset({f"{WORD}tab", f"{WORD}br", f"{WORD}cr"})


def read_template(_: Any, content: bytes) -> tuple[Any, bytes]:
    """Return what a Word file has as JSON: `controls`, `paragraphs` and `refused`, the codes of what it must not have."""
    try:
        check_file(content, expected="docx")
        with zipfile.ZipFile(BytesIO(content)) as package:
            if WORD_DOCUMENT not in package.read(CONTENT_TYPES):
                return {"refused": ["file_kind_unknown"]}, b""
            roots = {
                name: parse_part(package.read(name))
                for name in package.namelist()
                if TEXT_PART.fullmatch(name) or name.lower().endswith(".rels")
            }
        return _read_roots(roots), b""
    except FileRefusedError as refusal:
        return {"refused": [refusal.code]}, b""
    except XmlUnreadableError:
        return {"refused": ["file_unreadable"]}, b""


def _read_roots(roots: dict[str, Any]) -> dict[str, Any]:
    texts = [root for name, root in roots.items() if TEXT_PART.fullmatch(name)]
    links = [root for name, root in roots.items() if not TEXT_PART.fullmatch(name)]
    refused = []
    if any(_reaches_outside(root) for root in links) or any(_has_fetching_field(root) for root in texts):
        refused.append("file_has_external_links")
    if any(next(root.iter(f"{WORD}altChunk"), None) is not None for root in texts):
        refused.append("file_has_embedded_objects")
    controls = [control for root in texts for control in _list_controls(root)]
    paragraphs = list(_iterate_paragraphs(roots[MAIN_PART]))
    if len(controls) > MAX_CONTROLS or len(paragraphs) > MAX_PARAGRAPHS:
        return {"refused": [*refused, "sheet_too_large"]}
    return {"refused": refused, "controls": controls, "paragraphs": paragraphs}


def _reaches_outside(relationships: Any) -> bool:
    return any(
        str(element.get("TargetMode", "")).lower() == "external"
        for element in relationships.iter(RELATIONSHIP)
    )


def _has_fetching_field(root: Any) -> bool:
    instructions = "".join(
        " " if node.tag == f"{WORD}fldChar" else node.text or ""
        for node in root.iter(f"{WORD}instrText", f"{WORD}fldChar")
    )
    simple = " ".join(str(node.get(f"{WORD}instr", "")) for node in root.iter(f"{WORD}fldSimple"))
    return FETCHING_FIELD.search(f"{instructions} {simple}") is not None


def _list_controls(root: Any) -> Iterator[dict[str, Any]]:
    """Yield tag, name and kind of each control that is a slot or must be one; `kind` is empty where it holds text."""
    for control, tag in iterate_controls(root):
        properties = control.find(f"{WORD}sdtPr")
        names = {str(child.tag).rpartition("}")[2] for child in (() if properties is None else properties)}
        if tag is None and names & STRUCTURES:
            continue
        alias = None if properties is None else properties.find(f"{WORD}alias")
        name = (alias.get(f"{WORD}val") if alias is not None else "") or read_text(control)
        yield {"tag": tag, "name": str(name)[:SHOWN_CHARACTERS], "kind": _find_wrong_kind(control, names)}


def _find_wrong_kind(control: Any, names: set[str]) -> str:
    """Return why a control cannot hold a figure; empty where it can."""
    if wrong := sorted(names & KINDS_WITHOUT_TEXT):
        return wrong[0]
    content = control.find(f"{WORD}sdtContent")
    if content is None:
        return ""
    if next(content.iter(f"{WORD}sdt"), None) is not None:
        return "nested"
    return "row" if content.find(f"{WORD}tr") is not None else ""


def _iterate_paragraphs(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the paragraphs of the text that have words or slots, in their order."""
    pieces: list[dict[str, str]] = []
    for kind, text in _walk(root):
        if kind != "end":
            pieces.append({kind: text})
            continue
        joined = _join(pieces)
        if any("tag" in piece or piece["text"].strip() for piece in joined):
            yield {"style": "paragraph", "pieces": joined}
        pieces = []


def _walk(element: Any) -> Iterator[tuple[str, str]]:
    """Yield words, tags, and the ends of paragraphs."""
    for child in element:
        if child.tag == f"{WORD}sdt" and (tag := read_tag(child)) is not None:
            yield "tag", tag
            if (
                child.find(f"{WORD}sdtContent/{WORD}p") is not None
                or child.find(f"{WORD}sdtContent/{WORD}tc") is not None
            ):
                yield "end", ""
        elif child.tag == f"{WORD}t":
            yield "text", child.text or ""
        elif child.tag in BLANKS:
            yield "text", " "
        elif child.tag != FALLBACK and isinstance(child.tag, str):
            yield from _walk(child)
            if child.tag == f"{WORD}p":
                yield "end", ""


def _join(pieces: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return pieces with neighbouring words as one."""
    joined: list[dict[str, str]] = []
    for piece in pieces:
        if "text" in piece and joined and "text" in joined[-1]:
            joined[-1] = {"text": joined[-1]["text"] + piece["text"]}
        else:
            joined.append(piece)
    return joined
