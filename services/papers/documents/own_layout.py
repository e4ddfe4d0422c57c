"""Fill the Word file of an office: the text of each content control becomes the printed figure of its tag. A job."""

from collections.abc import Mapping
from typing import Any

from services.papers.documents.word_package import WORD, iterate_controls, replace_parts

SPACE = "{http://www.w3.org/XML/1998/namespace}space"
OF_PLACEHOLDERS = ("showingPlcHdr", "dataBinding")
"""Properties of a control that would show other text than the figure: a prompt, or data kept elsewhere in the file."""


def fill_docx(filled: Any, content: bytes) -> tuple[Any, bytes]:
    """Return the Word file with the printed figures of a filled document, and the words of `document` slots."""
    texts = {figure["slot"]: figure["text"] for figure in filled["figures"]} | filled["document_slots"]
    return {}, replace_parts(content, lambda root: _fill_part(root, texts))


def _fill_part(root: Any, texts: Mapping[str, str]) -> bool:
    """Fill the controls of a part; return whether there was one."""
    controls = [(control, tag) for control, tag in iterate_controls(root) if tag in texts]
    for control, tag in controls:
        properties = control.find(f"{WORD}sdtPr")
        for name in OF_PLACEHOLDERS:
            for element in properties.findall(f"{WORD}{name}"):
                properties.remove(element)
        _set_text(control, texts[str(tag)])
    return bool(controls)


def _set_text(control: Any, text: str) -> None:
    """Write a text into the first run of a control, and take away what else it shows."""
    content = control.find(f"{WORD}sdtContent")
    if content is None:
        content = control.makeelement(f"{WORD}sdtContent")
        control.append(content)
    first, *others = [*content.iter(f"{WORD}r")] or [_add_run(content)]
    for run in others:
        run.getparent().remove(run)
    for paragraph in content.findall(f"{WORD}p")[1:]:
        content.remove(paragraph)
    for child in list(first):
        if child.tag != f"{WORD}rPr":
            first.remove(child)
    for style in first.findall(f"{WORD}rPr/{WORD}rStyle"):
        if style.get(f"{WORD}val") == "PlaceholderText":
            style.getparent().remove(style)
    word = first.makeelement(f"{WORD}t")
    word.set(SPACE, "preserve")
    word.text = text
    first.append(word)


def _add_run(content: Any) -> Any:
    """Return a new run of a control that shows nothing: in its paragraph where it has one."""
    paragraph = next(content.iter(f"{WORD}p"), None)
    run = content.makeelement(f"{WORD}r")
    (content if paragraph is None else paragraph).append(run)
    return run
