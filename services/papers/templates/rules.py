"""Bind the content controls of a Word file to figures: by the catalogues of the programs, and by what money and units are. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.papers.documents.pieces import DOCUMENT, DOCUMENT_SLOTS
from services.papers.documents.templates import (
    BINDING_WRONG,
    FIGURE_FIELDS,
    FUNDING_ROWS,
    PROGRAM_SERVICES,
    SERVICES,
    SLOT,
    SLOT_UNBOUND,
    UNIT_LEVELS,
)
from shared.kit.problems import Fault, Sentence, make_fault, to_json_pointer

TAG = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+){1,3}")
SHOWN_CHARACTERS = 64
PERCENT_DECIMALS = 2
RATES = frozenset({"allocation_rate", "disbursement_rate", "disbursement_rate_without_carry_over"})
MONEY = frozenset({
    "allocated_vnd", "assigned_vnd", "available_vnd", "cancelled_vnd", "carried_out_vnd", "carried_over_vnd", "committed_vnd",
    "confirmed_vnd", "disbursed_vnd", "given_vnd", "left_vnd", "opening_balance_vnd", "paid_vnd", "received_vnd", "recovered_vnd",
    "remitted_vnd", "returned_vnd", "succeeded_vnd", "to_remit_vnd",
})  # fmt: skip
"""The amounts and rates of a row of `/v1/funding/status` that a document can print."""

COUNTS = frozenset({"numerator", "denominator", "reported", "expected"})

UNTAGGED = Sentence(
    "Chỗ điền “{name}” không có thẻ (tag); văn bản không lập được.",
    "The slot “{name}” has no tag; the document cannot be made.",
)
SLOT_IS_TEXT = Sentence(
    "“{tag}” được gõ như chữ; hãy đặt một content control có thẻ này.",
    "“{tag}” is typed as text; put a content control with this tag there.",
)
CONTROL_WRONG = Sentence(
    "Chỗ điền “{tag}” không phải là chỗ điền chữ ({kind}).",
    "The slot “{tag}” is no content control for text ({kind}).",
)
NO_SLOTS = Sentence(
    "Tệp không có chỗ điền số liệu nào: content control có thẻ chương_trình.chỉ_tiêu.",
    "The file has no slot of a figure: a content control with a tag program.indicator.",
)

Indicators = Mapping[str, Sequence[Mapping[str, Any]]]
"""The indicators of each program, as it lists them."""


@dataclass(frozen=True)
class BoundSlots:
    """The rows of the slots of a template, and what is wrong with the others."""

    slots: list[dict[str, Any]]
    faults: list[Fault]


def list_programs(controls: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the programs whose indicators the tags name."""
    services = {str(control["tag"]).partition(".")[0] for control in controls if control["tag"]}
    return sorted(services & PROGRAM_SERVICES)


def bind_slots(template: Mapping[str, Any], indicators: Indicators, on: date) -> BoundSlots:
    """Return the slots of a Word file, bound, and every fault: tags that name no figure from a day on, slots that are none."""
    controls = template["controls"]
    faults = [fault for control in controls for fault in _find_control_faults(control)]
    slots = []
    tags = list(dict.fromkeys(control["tag"] for control in controls if control["tag"]))
    for tag in tags:
        slot = _bind_slot(tag, indicators, on)
        if isinstance(slot, Fault):
            faults.append(slot)
        elif slot:
            slots.append(slot)
    faults += list(_find_typed_slots(template["paragraphs"]))
    if not slots and not faults:
        faults.append(make_fault("/slots", "template_without_slots", NO_SLOTS))
    return BoundSlots(slots, faults)


def _find_control_faults(control: Mapping[str, Any]) -> Iterator[Fault]:
    tag = control["tag"]
    if tag is None:
        yield make_fault("/slots", "slot_unbound", UNTAGGED, name=control["name"])
    elif control["kind"]:
        yield make_fault(
            _point_at(tag), "slot_control_wrong", CONTROL_WRONG, tag=_shorten(tag), kind=control["kind"]
        )


def _find_typed_slots(paragraphs: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    """Yield a fault for each slot that stands as text in braces, as templates of the product have it."""
    texts = [piece["text"] for paragraph in paragraphs for piece in paragraph["pieces"] if "text" in piece]
    for tag in dict.fromkeys(match[1] for text in texts for match in SLOT.finditer(text)):
        yield make_fault(_point_at(tag), "slot_is_text", SLOT_IS_TEXT, tag=_shorten(tag))


def _point_at(tag: str) -> str:
    return to_json_pointer(["slots", _shorten(tag)])


def _shorten(tag: str) -> str:
    return tag if len(tag) <= SHOWN_CHARACTERS else f"{tag[:SHOWN_CHARACTERS]}…"


def _bind_slot(tag: str, indicators: Indicators, on: date) -> dict[str, Any] | Fault | None:
    """Return the row of a slot, or its fault; None for a slot of the document itself."""
    if not TAG.fullmatch(tag):
        return make_fault(_point_at(tag), "slot_unbound", SLOT_UNBOUND, tag=_shorten(tag))
    service, indicator, *rest = tag.split(".")
    if service == DOCUMENT:
        is_known = indicator in DOCUMENT_SLOTS and not rest
        return None if is_known else _refuse(tag, f"field {'.'.join((indicator, *rest))}")
    if service not in SERVICES:
        return _refuse(tag, f"service {service}")
    if service == "funding":
        return _bind_money(tag, indicator, rest)
    if service == "units":
        return _bind_units(tag, indicator, rest)
    return _bind_figure(tag, indicators.get(service, ()), indicator, rest, on)


def _refuse(tag: str, part: str) -> Fault:
    return make_fault(_point_at(tag), "slot_binding_wrong", BINDING_WRONG, tag=_shorten(tag), part=part)


def _bind_money(tag: str, row: str, rest: Sequence[str]) -> dict[str, Any] | Fault:
    if row not in FUNDING_ROWS:
        return _refuse(tag, f"indicator {row}")
    field = ".".join(rest)
    if field in MONEY:
        return {"tag": tag, "print": "million_vnd", "unit_of_measure": "vnd", "label": tag}
    if field in RATES:
        return {
            "tag": tag, "print": "percent", "decimals": PERCENT_DECIMALS, "unit_of_measure": "percent", "label": tag,
        }  # fmt: skip
    return _refuse(tag, f"field {field or '–'}")


def _bind_units(tag: str, level: str, rest: Sequence[str]) -> dict[str, Any] | Fault:
    if level not in UNIT_LEVELS:
        return _refuse(tag, f"indicator {level}")
    if rest:
        return _refuse(tag, f"field {'.'.join(rest)}")
    return {"tag": tag, "padding": 2, "unit_of_measure": "units", "label": tag}


def _bind_figure(
    tag: str, entries: Sequence[Mapping[str, Any]], indicator: str, rest: Sequence[str], on: date
) -> dict[str, Any] | Fault:
    """Return the row of a figure of a program: `indicator[.member][.field]`."""
    named = [
        entry
        for entry in entries
        if entry["code"] == indicator and (entry["valid_to"] is None or entry["valid_to"] >= on.isoformat())
    ]
    if not named:
        return _refuse(tag, f"indicator {indicator}")
    parts = list(rest)
    field = parts.pop() if parts and parts[-1] in FIGURE_FIELDS else "value"
    member = parts.pop(0) if parts else None
    if parts:
        return _refuse(tag, f"field {'.'.join(rest)}")
    fitting = [entry for entry in named if _has_member(entry, member)]
    if not fitting:
        return _refuse(tag, f"field {member}" if member else "field –: dimension")
    return {
        "tag": tag, "indicator": indicator, "field": field, "label": fitting[-1]["label"], "dimension": member,
        **_choose_printing(fitting[-1], field),
    }  # fmt: skip


def _has_member(entry: Mapping[str, Any], member: str | None) -> bool:
    dimension = entry["dimension"]
    if member is None or dimension is None:
        return member is None and dimension is None
    return member in {row["code"] for row in dimension["members"]}


def _choose_printing(entry: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return how a field of a figure is printed: by its unit of measure and decimals in the catalogue."""
    if field in COUNTS:
        return {"print": "count", "padding": 2, "unit_of_measure": ""}
    if field == "achieved_percent":
        return {"print": "percent", "decimals": PERCENT_DECIMALS, "unit_of_measure": "percent"}
    measure, decimals = entry["unit_of_measure"], entry["decimals"]
    if measure == "vnd":
        return {"print": "million_vnd", "unit_of_measure": measure}
    if measure == "percent":
        return {"print": "percent", "decimals": decimals, "unit_of_measure": measure}
    if decimals:
        return {"print": "number", "decimals": decimals, "unit_of_measure": measure}
    return {"print": "count", "padding": 2, "unit_of_measure": measure}
