"""Templates on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.papers.documents.templates import Template
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.text_fields import Printable, Visible
from shared.periods import PeriodKind
from shared.reporting.field_types import UnitCode

TEMPLATE_PATTERN = "^[a-z0-9][a-z0-9-]{1,59}$"
TEMPLATE_EXAMPLE: dict[str, Any] = {
    "template": "annual-report",
    "version": "6b7f1c0f6d9c8a1e35a5d24c1f8f6f9d4c4b7f5a2e1d0c9b8a7f6e5d4c3b2a19",
    "origin": "uploaded",
    "title": "Báo cáo năm của Sở Lao động - Thương binh và Xã hội",
    "legal_basis": "Quyết định 12/QĐ-UBND ngày 05/01/2024",
    "confidence": "uploaded",
    "unit": "62",
    "periods": ["year"],
    "valid_from": "2024-01-01",
    "valid_to": None,
    "files": ["docx", "xlsx"],
    "recorded_at": "2024-01-10T02:00:00Z",
}


@dataclass(frozen=True, slots=True)
class TemplateUpload:
    """What a template is: its name, title, legal basis and days; the body is its Word file."""

    template: str
    title: str
    legal_basis: str
    valid_from: date
    unit: str | None
    periods: Sequence[PeriodKind]


async def _read_upload(
    template: Annotated[
        str, Query(pattern=TEMPLATE_PATTERN, description="code of the template, with hyphens: annual-report")
    ],
    title: Annotated[str, Visible, Printable, Query(min_length=1, max_length=300, description="its name")],
    legal_basis: Annotated[
        str,
        Visible,
        Printable,
        Query(
            min_length=1, max_length=300, description="the document that prescribes it: number, day, issuer"
        ),
    ],
    valid_from: Annotated[
        IsoDate,
        Query(
            description="first day of validity: used for periods that end on it or later, until a version of a later day is"
        ),
    ],
    unit: Annotated[
        UnitCode | None,
        Query(description="code of the unit whose documents it is for; left out: of all units"),
    ] = None,
    periods: Annotated[
        list[PeriodKind],
        Query(
            min_length=1,
            max_length=4,
            description="kinds of period it is for, repeated: periods=year&periods=half",
        ),
    ] = [PeriodKind.YEAR],  # noqa: B006 (FastAPI copies it)
) -> TemplateUpload:
    return TemplateUpload(template, title, legal_basis, valid_from, unit, periods)


UploadQuery = Annotated[TemplateUpload, Depends(_read_upload)]
"""The query of an upload."""


class TemplateSummary(BaseModel):
    """A version of a template in a list."""

    model_config = ConfigDict(json_schema_extra={"example": TEMPLATE_EXAMPLE})

    template: str = Field(description="code of the template, as addresses have it")
    version: str = Field(description="SHA-256 of the template, in hex; issues name it")
    origin: Literal["shipped", "uploaded"] = Field(
        description="shipped with the product, or uploaded by an office"
    )
    title: str = Field(description="its name")
    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(
        description="how certain words and layout are: sourced, from memory, unsure; uploaded: as the office stated them"
    )
    unit: str | None = Field(description="code of the unit it is for; null: of all units")
    periods: list[str] = Field(description="kinds of period it is for")
    valid_from: date = Field(description="first day of validity, of the end of a period")
    valid_to: date | None = Field(description="last day of validity; null: until a later version is valid")
    files: list[str] = Field(description="kinds of file that a document has, besides JSON")
    recorded_at: datetime | None = Field(description="when it was uploaded; null of a shipped one")

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], version: str, recorded_at: datetime | None
    ) -> "TemplateSummary":
        """Serialize a version without its slots."""
        return cls.model_validate(summarize_template(document, version, recorded_at))


class TemplateSlotOut(BaseModel):
    """A slot and what it is bound to."""

    tag: str = Field(description="the tag of the content control")
    service: str = Field(description="the service that answers it")
    indicator: str = Field(description="code of the figure; of money the row; of units the level")
    field: str = Field(description="the member that is printed")
    member: str | None = Field(description="member of its dimension; null: as a whole")
    label: str = Field(description="what it is, in Vietnamese")
    unit_of_measure: str = Field(description="unit of measure of the exact value")
    print: str = Field(description="how it is printed: count, percent, million_vnd, number or more_than")
    decimals: int = Field(description="decimal places printed at most")
    padding: int = Field(description="digits of a small count: two write 6 as 06")
    words: dict[str, str] = Field(description="words in place of printed numbers")


TEMPLATE_DETAIL_EXAMPLE: dict[str, Any] = {
    **TEMPLATE_EXAMPLE,
    "layout_sha256": "a6a8165f2919ec5da9816a2fcf94eca0d65e617d68bc2c286dcc9e5d90a4d31d",
    "slots": [
        {
            "tag": "poverty.poverty_rate",
            "service": "poverty",
            "indicator": "poverty_rate",
            "field": "value",
            "member": None,
            "label": "Tỷ lệ hộ nghèo",
            "unit_of_measure": "percent",
            "print": "percent",
            "decimals": 2,
            "padding": 0,
            "words": {},
        }
    ],
    "text": ["Tỷ lệ hộ nghèo năm {{document.year}} là {{poverty.poverty_rate}}%."],
}


class TemplateOut(TemplateSummary):
    """A version of a template with its slots."""

    model_config = ConfigDict(json_schema_extra={"example": TEMPLATE_DETAIL_EXAMPLE})

    layout_sha256: str | None = Field(
        description="SHA-256 of the Word file, in hex; null of a shipped template"
    )
    slots: list[TemplateSlotOut]
    text: list[str] = Field(description="its paragraphs, with slots as {{tag}}")

    @classmethod
    def from_template(
        cls, template: Template, version: str, recorded_at: datetime | None = None
    ) -> "TemplateOut":
        """Serialize a version with its slots."""
        slots = [
            {
                "tag": binding.tag,
                "service": binding.service,
                "indicator": binding.indicator,
                "field": binding.field,
                "member": binding.dimension,
                "label": binding.label,
                "unit_of_measure": binding.unit_of_measure,
                "print": binding.rule.kind,
                "decimals": binding.rule.decimals,
                "padding": binding.rule.padding,
                "words": dict(binding.rule.words),
            }
            for binding in template.slots.values()
        ]
        return cls.model_validate(
            {
                **summarize_template(template.document, version, recorded_at),
                "layout_sha256": template.document.get("layout_sha256"),
                "slots": slots,
                "text": [_write_text(paragraph) for paragraph in template.paragraphs],
            }
        )


TemplatesPage = Page[TemplateSummary]


def summarize_template(
    document: Mapping[str, Any], version: str, recorded_at: datetime | None
) -> dict[str, Any]:
    """Return the members of a version in a list."""
    is_uploaded = "layout_sha256" in document
    return {
        "template": document["code"].replace("_", "-"),
        "version": version,
        "origin": "uploaded" if is_uploaded else "shipped",
        "title": document["label"],
        "legal_basis": document["legal_basis"],
        "confidence": document["confidence"],
        "unit": document.get("unit"),
        "periods": document["periods"],
        "valid_from": document["valid_from"],
        "valid_to": document.get("valid_to"),
        "files": ["docx", "xlsx"] if is_uploaded else ["docx", "pdf", "xlsx"],
        "recorded_at": recorded_at,
    }


def _write_text(paragraph: Mapping[str, Any]) -> str:
    """Return a paragraph as one text, a table row by row."""
    if "pieces" in paragraph:
        return "".join(
            f"{{{{{piece['tag']}}}}}" if "tag" in piece else piece["text"] for piece in paragraph["pieces"]
        )
    rows = [paragraph.get("columns", ()), *paragraph.get("rows", ())]
    table = "\n".join(" | ".join(row) for row in rows if row)
    return "\n".join(part for part in (paragraph.get("text", ""), table) if part)
