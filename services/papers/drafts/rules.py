"""Compare an edited draft with the figures that it was made from. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

NUMBER = re.compile(r"\d+(?:\.\d{3})*(?:,\d+)?")
LEAST_SIMILARITY = 0.6
"""Paragraphs whose words are less alike are not taken for the same one."""

DraftFaultKind = Literal["changed", "missing"]


@dataclass(frozen=True, slots=True)
class DraftFault:
    """A figure of a draft that does not equal its source."""

    kind: DraftFaultKind
    slot: str
    label: str
    expected: str
    stated: str | None
    paragraph: int | None
    """The paragraph of the draft, counted from 1."""
    text: str | None
    """The text of that paragraph."""


@dataclass(frozen=True)
class DraftCheck:
    """What was compared, by which means, and what differs."""

    by: Literal["controls", "text"]
    compared: int
    faults: list[DraftFault]


def check_draft(filled: Mapping[str, Any], paragraphs: Sequence[Mapping[str, Any]]) -> DraftCheck:
    """Return the figures of a draft that do not equal their source: by content controls, or by text where they are gone."""
    labels = {figure["slot"]: figure["label"] for figure in filled["figures"]}
    if any(paragraph["controls"] for paragraph in paragraphs):
        return _check_controls(filled, paragraphs, labels)
    return _check_texts(filled, paragraphs, labels)


def iterate_slots(
    filled: Mapping[str, Any],
) -> Iterator[tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]]:
    """Yield each printed figure with the runs of its paragraph, cell or note."""
    for paragraph in filled["paragraphs"]:
        for runs in (paragraph["runs"], *(cell for row in paragraph.get("rows", ()) for cell in row)):
            yield from ((runs, run) for run in runs if "slot" in run)
    for note in filled["notes"]:
        yield from ((note["runs"], run) for run in note["runs"] if "slot" in run)


def _check_controls(
    filled: Mapping[str, Any], paragraphs: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> DraftCheck:
    expected = {run["slot"]: run["text"] for _, run in iterate_slots(filled)}
    faults, stated = [], set()
    compared = 0
    for index, paragraph in enumerate(paragraphs, start=1):
        for control in paragraph["controls"]:
            slot = control["tag"]
            if slot not in expected:
                continue
            compared += 1
            stated.add(slot)
            if control["text"].strip() != expected[slot]:
                faults.append(
                    DraftFault(
                        "changed",
                        slot,
                        labels[slot],
                        expected[slot],
                        control["text"].strip(),
                        index,
                        paragraph["text"],
                    )
                )
    faults += [
        DraftFault("missing", slot, labels[slot], text, None, None, None)
        for slot, text in expected.items()
        if slot not in stated
    ]
    return DraftCheck("controls", compared, faults)


def _check_texts(
    filled: Mapping[str, Any], paragraphs: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> DraftCheck:
    """Compare the numbers of each paragraph with those of the most similar paragraph of the draft, in their order."""
    faults: list[DraftFault] = []
    compared = 0
    skeletons = [NUMBER.sub("#", paragraph["text"]) for paragraph in paragraphs]
    by_runs = {id(runs): runs for runs, _ in iterate_slots(filled)}
    for runs in by_runs.values():
        tokens = _list_tokens(runs)
        index = _find_similar("".join(run.get("text", "") for run in runs), skeletons)
        stated = NUMBER.findall(paragraphs[index]["text"]) if index is not None else []
        pairs = _align([text for text, _ in tokens], stated)
        for (text, slot), found in zip(tokens, pairs, strict=True):
            if slot is None:
                continue
            compared += 1
            if found != text:
                place = None if index is None else index + 1
                words = None if index is None else paragraphs[index]["text"]
                kind: DraftFaultKind = "missing" if found is None else "changed"
                faults.append(DraftFault(kind, slot, labels[slot], text, found, place, words))
    return DraftCheck("text", compared, faults)


def _list_tokens(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str | None]]:
    """Return the numbers of a text in their order, each with its slot where it is a printed figure."""
    return [
        (number, run.get("slot")) for run in runs if "text" in run for number in NUMBER.findall(run["text"])
    ]


def _find_similar(text: str, skeletons: Sequence[str]) -> int | None:
    """Return the paragraph whose words are most alike; None where none is alike."""
    skeleton = NUMBER.sub("#", text)
    ratios = [
        SequenceMatcher(None, skeleton, other, autojunk=False).ratio() if other != skeleton else 1.0
        for other in skeletons
    ]
    best = max(range(len(ratios)), key=ratios.__getitem__, default=None)
    return best if best is not None and ratios[best] >= LEAST_SIMILARITY else None


def _align(expected: Sequence[str], stated: Sequence[str]) -> list[str | None]:
    """Return the number that stands in the place of each expected one; None where it is gone."""
    aligned: list[str | None] = [None] * len(expected)
    for tag, start, end, other_start, other_end in SequenceMatcher(
        None, expected, stated, autojunk=False
    ).get_opcodes():
        if tag in {"equal", "replace"}:
            for offset in range(min(end - start, other_end - other_start)):
                aligned[start + offset] = stated[other_start + offset]
    return aligned
