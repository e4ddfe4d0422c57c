"""Fill a template from the answers of the services: printed figures, what is missing, sums that rounding breaks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from services.papers.documents.pieces import make_document_slots, make_piece_runs
from services.papers.documents.printing import NO_VALUE, group_digits, print_value, round_value
from services.papers.documents.templates import (
    PIECE,
    PrintedSum,
    SlotBinding,
    Template,
    TemplateFaulty,
    find_template_faults,
)
from shared.kit.exact_json import to_number
from shared.periods import Period

Answers = Mapping[str, Any]
"""The answer of each service, by its name; `units` has the number of units of each level."""

Run = dict[str, Any]
"""A piece of text; of a figure with its slot, of a footnote with its mark."""

KIND_NAMES = {
    "tinh": "tỉnh",
    "thanh_pho_tw": "thành phố",
    "huyen": "huyện",
    "thi_xa": "thị xã",
    "xa": "xã",
    "phuong": "phường",
}
STATES = ("words", "complete", "partial", "without_data")
SUM_NOTE = (
    "{label}: các số thành phần sau khi làm tròn cộng lại là {parts} {measure}, số tổng là {total} {measure}; "
    "{exact}."
)
EXACT_WORDS = {
    (True, True): "tính theo đồng thì khớp",
    (True, False): "tính theo đồng cũng không khớp",
    (False, True): "tính theo số chưa làm tròn thì khớp",
    (False, False): "tính theo số chưa làm tròn cũng không khớp",
}
"""Words for the numbers before rounding, by whether they are money and whether they tie."""
MEASURES = {"million_vnd": "triệu đồng", "percent": "%"}


@dataclass(frozen=True, slots=True)
class PrintedFigure:
    """A figure as it is printed, and where it came from."""

    slot: str
    label: str
    service: str
    indicator: str
    field: str
    text: str
    value: float | int | Decimal | None
    """Exact, in the unit of measure of the service."""
    unit_of_measure: str
    decimals: int
    status: str | None
    lineage: str | None


@dataclass(frozen=True, slots=True)
class SumCheck:
    """A printed total beside the sum of its printed parts."""

    label: str
    total: str
    parts: tuple[str, ...]
    printed_total: str
    printed_sum: str
    ties: bool
    """Whether the printed numbers add up."""
    exact_ties: bool
    """Whether the numbers before rounding do."""
    note: str | None


def fill_template(
    template: Template,
    answers: Answers,
    period: Period,
    unit: Mapping[str, Any],
    *,
    number: str,
    on: date | None,
) -> dict[str, Any]:
    """Return the filled document as JSON; raises `TemplateFaulty` where a slot is bound to nothing."""
    if faults := find_template_faults(template.document):
        raise TemplateFaulty(faults=faults)
    figures = {tag: read_figure(binding, answers) for tag, binding in template.slots.items()}
    words = make_words(period, unit)
    document_slots = make_document_slots(words, number, on.isoformat() if on else None)
    checks = [check for check in (check_sum(row, template, figures) for row in template.sums) if check]
    broken = [check for check in checks if check.note]
    paragraphs: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for index, paragraph in enumerate(template.paragraphs):
        filled, own_notes = _fill_paragraph(index, paragraph, figures, words, document_slots)
        for check in broken:
            if check.total in filled["slots"] and not any(
                note["mark"] == "*" and note["check"] == check.total for note in notes
            ):
                filled["runs"].append({"note": "*", "check": check.total})
                own_notes.append({"mark": "*", "check": check.total, "runs": [{"text": str(check.note)}]})
        paragraphs.append(filled)
        notes += own_notes
    document = template.document
    return {
        "template": template.code,
        "template_version": template.version,
        "label": template.label,
        "legal_basis": document["legal_basis"],
        "confidence": document["confidence"],
        "remarks": document.get("remarks", ""),
        "heading": _fill_heading(document["heading"], words),
        "unit": dict(unit),
        "period": str(period),
        "number": number,
        "date": on.isoformat() if on else None,
        "paragraphs": paragraphs,
        "notes": sorted(notes, key=lambda note: note["mark"] == "*"),
        "figures": [asdict(figures[tag]) for tag in figures],
        "checks": [asdict(check) for check in checks],
        "missing": [tag for tag, figure in figures.items() if figure.value is None],
        "document_slots": document_slots,
        "own_layout": template.has_own_layout,
    }


def make_words(period: Period, unit: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands for the words of a template: `{year}`, `{unit}` and others."""
    name = str(unit.get("name", ""))
    kind = KIND_NAMES.get(str(unit.get("kind")), "")
    full = f"{kind} {name}".strip()
    return {
        "year": str(period.year),
        "year_before": str(period.year - 1),
        "year_after": str(period.year + 1),
        "period": str(period),
        "half": {1: "đầu", 2: "cuối"}.get(period.number, ""),
        "unit": full,
        "unit_name": name,
        "UNIT": full.upper(),
        "Unit": full[:1].upper() + full[1:],
    }


def replace_words(text: str, words: Mapping[str, str]) -> str:
    """Return a text with its words filled in."""
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


def _fill_heading(heading: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: [replace_words(line, words) for line in value]
        if isinstance(value, list)
        else replace_words(value, words)
        if isinstance(value, str)
        else value
        for name, value in heading.items()
    }


def _fill_paragraph(
    index: int,
    paragraph: Mapping[str, Any],
    figures: Mapping[str, PrintedFigure],
    words: Mapping[str, str],
    document_slots: Mapping[str, str],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a paragraph with its runs, and its footnotes; one of an uploaded template has pieces in place of a text."""
    pieces = paragraph.get("pieces")
    runs = (
        make_runs(paragraph.get("text", ""), figures, words)
        if pieces is None
        else make_piece_runs(pieces, figures, document_slots)
    )
    rows = [[make_runs(cell, figures, words) for cell in row] for row in paragraph.get("rows", ())]
    slots = [
        run["slot"]
        for run in (*runs, *(run for row in rows for cell in row for run in cell))
        if "slot" in run
    ]
    values = [figures[slot].value for slot in slots]
    state = "words"
    if slots:
        missing = values.count(None)
        state = "complete" if not missing else "without_data" if missing == len(values) else "partial"
    filled: dict[str, Any] = {
        "id": index + 1,
        "style": paragraph.get("style", "paragraph"),
        "state": state,
        "runs": runs,
        "text": "".join(run.get("text", "") for run in runs),
        "slots": list(dict.fromkeys(slots)),
    }
    if rows:
        filled["columns"] = [replace_words(column, words) for column in paragraph["columns"]]
        filled["rows"] = rows
    notes = [
        {"mark": note["mark"], "runs": _make_note_runs(note, figures, words)}
        for note in paragraph.get("note", ())
    ]
    return filled, notes


def _make_note_runs(
    note: Mapping[str, Any], figures: Mapping[str, PrintedFigure], words: Mapping[str, str]
) -> list[Run]:
    runs = make_runs(note["text"], figures, words)
    values = [figures[run["slot"]].value for run in runs if "slot" in run]
    if values and "without_data" in note and not [value for value in values if value is not None]:
        return [{"text": note["without_data"]}]
    return runs


def make_runs(text: str, figures: Mapping[str, PrintedFigure], words: Mapping[str, str]) -> list[Run]:
    """Return the pieces of a text: words, printed figures, marks of footnotes."""
    runs: list[Run] = []
    end = 0
    for match in PIECE.finditer(text):
        _add_words(runs, text[end : match.start()], words)
        end = match.end()
        if match[2] is not None:
            runs.append({"note": match[2]})
        else:
            figure = figures[match[1]]
            runs.append(
                {"text": figure.text, "slot": figure.slot, "lineage": figure.lineage, "label": figure.label}
            )
    _add_words(runs, text[end:], words)
    return runs


def _add_words(runs: list[Run], text: str, words: Mapping[str, str]) -> None:
    if text:
        runs.append({"text": replace_words(text, words)})


def read_figure(binding: SlotBinding, answers: Answers) -> PrintedFigure:
    """Return the printed figure of a slot."""
    source = find_source(binding, answers)
    value = _read_field(binding, source)
    return PrintedFigure(
        slot=binding.tag,
        label=binding.label or str(source.get("label", binding.tag)),
        service=binding.service,
        indicator=binding.indicator,
        field=binding.field,
        text=print_value(value, binding.rule),
        value=None if value is None else to_number(value),
        unit_of_measure=binding.unit_of_measure or str(source.get("unit_of_measure", "")),
        decimals=binding.rule.decimals,
        status=source.get("status"),
        lineage=source.get("lineage"),
    )


def find_source(binding: SlotBinding, answers: Answers) -> Mapping[str, Any]:
    """Return the figure or row that a slot reads; empty where there is none."""
    answer = answers.get(binding.service) or {}
    if binding.service == "units":
        return {"value": answer.get(binding.indicator), "lineage": answer.get("lineage")}
    if binding.service == "funding":
        rows = [*answer.get("rows", ()), answer.get("total") or {}, *answer.get("sources", ())]
        return next((row for row in rows if binding.indicator in {row.get("capital"), row.get("source")}), {})
    return next(
        (
            figure
            for figure in answer.get("figures", ())
            if figure["indicator"] == binding.indicator
            and (binding.dimension is None) == (figure.get("dimension") is None)
            and (binding.dimension is None or binding.dimension in (figure["dimension"] or {}).values())
        ),
        {},
    )


def _read_field(binding: SlotBinding, source: Mapping[str, Any]) -> Decimal | None:
    value = source.get(binding.field)
    if binding.field in {"reported", "expected"}:
        value = (source.get("coverage") or {}).get(binding.field)
    return None if value is None else Decimal(str(value))


def check_sum(row: PrintedSum, template: Template, figures: Mapping[str, PrintedFigure]) -> SumCheck | None:
    """Return a printed total compared with its printed parts; None where a value is missing."""
    values = [figures[tag].value for tag in (row.total, *row.parts)]
    if any(value is None for value in values):
        return None
    rule = template.slots[row.total].rule
    total, *parts = (Decimal(str(value)) for value in values)
    printed_total = round_value(total, rule)
    printed_sum = sum((round_value(part, rule) for part in parts), Decimal(0))
    ties, exact_ties = printed_total == printed_sum, total == sum(parts)
    note = None
    if not ties:
        note = SUM_NOTE.format(
            label=row.label,
            parts=group_digits(printed_sum),
            total=group_digits(printed_total),
            measure=MEASURES.get(rule.kind, ""),
            exact=EXACT_WORDS[rule.kind == "million_vnd", exact_ties],
        )
    return SumCheck(
        row.label,
        row.total,
        row.parts,
        group_digits(printed_total),
        group_digits(printed_sum),
        ties,
        exact_ties,
        note,
    )


def count_values(figures: Sequence[Mapping[str, Any]]) -> int:
    """Return how many figures have a value."""
    return sum(1 for figure in figures if figure["text"] != NO_VALUE)
