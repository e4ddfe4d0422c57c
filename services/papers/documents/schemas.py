"""Documents on the wire."""

from typing import Any

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal


class PrintedFigureOut(BaseModel):
    """A figure of a document: as printed, exact, and where it came from."""

    slot: str = Field(description="the slot: `service.indicator[.field]`")
    label: str = Field(description="what it is, in Vietnamese")
    service: str = Field(description="the service that answered it")
    indicator: str = Field(description="code of the figure, or the row of money")
    field: str = Field(description="the member that is printed")
    text: str = Field(description="as it is printed: rounded once, half away from zero")
    value: JsonDecimal | None = Field(description="the exact value; null where there is none")
    unit_of_measure: str = Field(description="unit of measure of the exact value")
    decimals: int = Field(description="decimal places printed at most")
    status: str | None = Field(description="estimate, preliminary or official, where the figure has it")
    lineage: str | None = Field(description="what it is made of")


class DocumentParagraphOut(BaseModel):
    """A paragraph or a table."""

    id: int = Field(description="its number in the document, from 1")
    style: str = Field(description="title, heading1, heading2, heading3, paragraph or table")
    state: str = Field(
        description="words: it has no figure; complete; partial; without_data: none of its figures has a value"
    )
    text: str = Field(description="its text without the marks of footnotes")
    slots: list[str] = Field(description="the slots in it")
    columns: list[str] = Field(default_factory=list, description="heads of the columns of a table")
    rows: list[list[str]] = Field(default_factory=list, description="texts of the cells of a table")


class DocumentNoteOut(BaseModel):
    """A footnote."""

    mark: str = Field(description="its mark; `*`: it was made because printed parts and total do not add up")
    text: str = Field(description="its text")


class SumCheckOut(BaseModel):
    """A printed total beside its printed parts."""

    label: str = Field(description="what is added up")
    total: str = Field(description="slot of the total")
    parts: list[str] = Field(description="slots of the parts")
    printed_total: str = Field(description="the total as printed")
    printed_sum: str = Field(description="the sum of the parts as printed")
    ties: bool = Field(description="whether the printed numbers add up")
    exact_ties: bool = Field(description="whether the numbers before rounding do")


class FilledDocumentOut(BaseModel):
    """A filled template."""

    template: str = Field(description="code of the template")
    template_version: str = Field(description="SHA-256 of the template")
    label: str = Field(description="name of the template")
    legal_basis: str = Field(description="the documents that prescribe its words and layout")
    confidence: str = Field(
        description="how certain they are: sourced, from memory, unsure; uploaded: as the office stated them"
    )
    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="name of the unit")
    period: str = Field(description="SDMX time period")
    as_of: str | None = Field(description="the newest change in it, or the instant of the issue")
    title: str = Field(description="title of the document")
    paragraphs: list[DocumentParagraphOut]
    notes: list[DocumentNoteOut] = Field(description="footnotes")
    figures: list[PrintedFigureOut] = Field(description="every figure once, in the order of the slots")
    checks: list[SumCheckOut] = Field(description="printed sums")
    missing: list[str] = Field(description="slots without a value")

    @classmethod
    def from_filled(cls, filled: dict[str, Any]) -> "FilledDocumentOut":
        """Serialize a filled document."""
        paragraphs = [
            {
                **paragraph,
                "rows": [[_join_runs(cell) for cell in row] for row in paragraph.get("rows", ())],
            }
            for paragraph in filled["paragraphs"]
        ]
        notes = [{"mark": note["mark"], "text": _join_runs(note["runs"])} for note in filled["notes"]]
        return cls.model_validate(
            {
                **filled,
                "unit": filled["unit"]["code"],
                "unit_name": filled["unit"]["name"],
                "title": " ".join(filled["heading"]["title"]),
                "paragraphs": paragraphs,
                "notes": notes,
            }
        )


def _join_runs(runs: list[dict[str, Any]]) -> str:
    return "".join(run.get("text", "") for run in runs)
