"""Document templates: paragraphs with slots, and what each slot is bound to. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from services.papers.documents.printing import PrintRule
from shared.kit.problems import Fault, Invalid, NotFound, Sentence, make_fault

SLOT = re.compile(r"\{\{([a-z0-9_]+(?:\.[a-z0-9_]+){1,4})\}\}")
NOTE = re.compile(r"\[\^([0-9*]+)\]")
PIECE = re.compile(rf"{SLOT.pattern}|{NOTE.pattern}")

PRINT_KINDS = frozenset({"count", "percent", "million_vnd", "number", "more_than"})
STYLES = frozenset({"title", "heading1", "heading2", "heading3", "paragraph", "table"})
PROGRAM_SERVICES = frozenset({"rural", "poverty", "ethnic", "oversight"})
SERVICES = PROGRAM_SERVICES | {"funding", "units"}
FUNDING_ROWS = frozenset({"total", "investment", "recurrent", "local_budget", "counterpart", "integrated"})
FIGURE_FIELDS = frozenset({
    "value", "achieved_percent", "target", "numerator", "denominator", "reported", "expected",
})  # fmt: skip
UNIT_LEVELS = frozenset({"province", "district", "commune"})

SLOT_UNBOUND = Sentence(
    "Chỗ điền “{tag}” không được gắn với số liệu nào; văn bản không lập được.",
    "The slot “{tag}” is bound to no figure; the document cannot be made.",
)
BINDING_WRONG = Sentence("Gắn số liệu của “{tag}” sai: {part}.", "The binding of “{tag}” is wrong: {part}.")


class TemplateNotFound(NotFound):
    """No template has this code, or none is in force for the unit and period."""

    code = "template_not_found"
    detail = Sentence(
        "Không có mẫu văn bản “{template}” cho đơn vị và kỳ này.",
        "There is no template “{template}” for this unit and period.",
    )


class TemplateFaulty(Invalid):
    """A slot of the template is bound to nothing, or wrongly; `errors` names each."""

    code = "template_faulty"
    title = Sentence("Mẫu văn bản có lỗi", "The template has faults")


@dataclass(frozen=True, slots=True)
class SlotBinding:
    """What a slot prints: service, figure or row, field, and how."""

    tag: str
    service: str
    indicator: str
    """The code of the figure; of funding the row: total, investment, recurrent, or a source."""
    field: str
    rule: PrintRule
    unit_of_measure: str
    label: str
    dimension: str | None = None
    """The member, where the figure is stated by a dimension."""


@dataclass(frozen=True, slots=True)
class PrintedSum:
    """A printed total and its printed parts."""

    total: str
    parts: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Template:
    """A version of a template, with the days for which it is used."""

    code: str
    document: Mapping[str, Any]
    """All of it as JSON: what the version is the hash of."""

    @property
    def label(self) -> str:
        """Return its name."""
        return str(self.document["label"])

    @property
    def valid_from(self) -> date:
        """Return the first period's end for which it is used."""
        return date.fromisoformat(self.document["valid_from"])

    @property
    def valid_to(self) -> date | None:
        """Return the last period's end for which it is used."""
        text = self.document.get("valid_to")
        return date.fromisoformat(text) if text else None

    @property
    def has_own_layout(self) -> bool:
        """Whether it is the Word file of an office, which is filled as it is."""
        return "layout_sha256" in self.document

    @property
    def paragraphs(self) -> Sequence[Mapping[str, Any]]:
        """Return the paragraphs and tables."""
        paragraphs: Sequence[Mapping[str, Any]] = self.document["paragraph"]
        return paragraphs

    @cached_property
    def version(self) -> str:
        """Return the SHA-256 of the canonical JSON."""
        text = json.dumps(self.document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def slots(self) -> Mapping[str, SlotBinding]:
        """Return the bindings by tag."""
        bindings = (read_binding(row) for row in self.document.get("slot", ()))
        return {binding.tag: binding for binding in bindings}

    @cached_property
    def sums(self) -> Sequence[PrintedSum]:
        """Return the printed sums."""
        return [
            PrintedSum(row["total"], tuple(row["parts"]), row["label"])
            for row in self.document.get("sum", ())
        ]

    def is_for(self, unit: str, level: str, period_kind: str, on: date) -> bool:
        """Whether it is used for a unit and a period that ends on a day."""
        own_unit = self.document.get("unit")
        return (
            (own_unit is None or own_unit == unit)
            and level in self.document.get("unit_levels", UNIT_LEVELS)
            and period_kind in self.document["periods"]
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )


def read_binding(row: Mapping[str, Any]) -> SlotBinding:
    """Return the binding of a row; what it does not say follows from the tag: `service.indicator[.field]`."""
    tag = row["tag"]
    service, indicator, *rest = tag.split(".")
    return SlotBinding(
        tag=tag,
        service=row.get("service", service),
        indicator=row.get("indicator", indicator),
        field=row.get("field", rest[-1] if rest else "value"),
        rule=PrintRule(
            kind=row.get("print", "count"),
            decimals=row.get("decimals", 0),
            padding=row.get("padding", 0),
            words=tuple((str(number), str(word)) for number, word in row.get("words", {}).items()),
        ),
        unit_of_measure=row.get("unit_of_measure", ""),
        label=row.get("label", ""),
        dimension=row.get("dimension"),
    )


def list_tags(document: Mapping[str, Any]) -> list[str]:
    """Return the tags of all slots of a template, in their order, each once."""
    return list(dict.fromkeys(match[1] for text in iterate_texts(document) for match in SLOT.finditer(text)))


def iterate_texts(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text of a template in which a slot may stand."""
    for paragraph in document["paragraph"]:
        yield paragraph.get("text", "")
        for row in (paragraph.get("columns", ()), *paragraph.get("rows", ())):
            yield from row
        yield from (note["text"] for note in paragraph.get("note", ()))


def find_template_faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with a template: slots without a binding, bindings of no figure."""
    bound = {row["tag"] for row in document.get("slot", ())}
    unbound = [
        make_fault(f"/slots/{tag}", "slot_unbound", SLOT_UNBOUND, tag=tag)
        for tag in list_tags(document)
        if tag not in bound
    ]
    wrong = [
        make_fault(f"/slots/{tag}", "slot_binding_wrong", BINDING_WRONG, tag=tag, part=part)
        for row in document.get("slot", ())
        for tag in [row["tag"]]
        for part in _find_binding_faults(read_binding(row))
    ]
    return [*unbound, *wrong]


def _find_binding_faults(binding: SlotBinding) -> Iterator[str]:
    """Yield the parts of a binding that cannot be."""
    if binding.service not in SERVICES:
        yield f"service {binding.service}"
    elif binding.service == "funding" and binding.indicator not in FUNDING_ROWS:
        yield f"indicator {binding.indicator}"
    elif binding.service in PROGRAM_SERVICES and binding.field not in FIGURE_FIELDS:
        yield f"field {binding.field}"
    elif binding.service == "units" and binding.indicator not in UNIT_LEVELS:
        yield f"indicator {binding.indicator}"
    if binding.rule.kind not in PRINT_KINDS:
        yield f"print {binding.rule.kind}"


def choose_template(
    templates: Iterable[Template], code: str, *, unit: str, level: str, period_kind: str, on: date
) -> Template:
    """Return the template in force for a unit and period: one of the unit before one of all, the latest first, of one day the last in the order given.

    Raises `TemplateNotFound`.
    """
    candidates = [
        template
        for template in templates
        if template.code == code and template.is_for(unit, level, period_kind, on)
    ]
    if not candidates:
        raise TemplateNotFound(template=code)
    return max(
        reversed(candidates),
        key=lambda template: (template.document.get("unit") is not None, template.valid_from),
    )
