"""Issued documents on the wire."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.papers.documents.schemas import FilledDocumentOut
from services.papers.models import IssueFile, IssueRow
from shared.kit.date_fields import IsoDate
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.exact_json import read_json
from shared.kit.paging import Page
from shared.kit.text_fields import Visible
from shared.reporting.field_types import UnitCode
from shared.reporting.query_params import PeriodText

ISSUE_EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "period": "2023",
    "document": {"number": "45/BC-UBND", "date": "2024-02-19"},
}


class IssueDocument(BaseModel):
    """The number and the day of a document."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Visible] = Field(
        min_length=1, max_length=100, description="number of the document"
    )
    date: IsoDate = Field(description="day of the document")


class IssueIn(BaseModel):
    """What is issued: a template for a unit and period, under a number."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ISSUE_EXAMPLE})

    unit: UnitCode
    period: PeriodText = Field(description="SDMX time period")
    document: IssueDocument = Field(description="number and day of the document")


class IssueFileOut(BaseModel):
    """A file of an issued document."""

    kind: str = Field(description="docx, pdf or xlsx")
    media_type: str = Field(description="to be named in `Accept`")
    size_bytes: int = Field(description="its size, in bytes")
    sha256: str = Field(description="SHA-256 of its bytes, in hex")


class IssueSummary(BaseModel):
    """An issued document in a list."""

    id: uuid.UUID = Field(description="the issue's id")
    template: str = Field(description="code of the template")
    template_version: str = Field(description="SHA-256 of the template")
    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    as_of: datetime = Field(description="the instant of which every figure is")
    vintage: uuid.UUID = Field(description="the province-wide vintage that it was issued from")
    document: IssueDocument = Field(description="number and day of the document")
    sha256: str = Field(description="SHA-256 of template, answers and figures together, in hex")
    issued_at: datetime = Field(description="when it was issued")

    @classmethod
    def from_row(cls, row: IssueRow) -> "IssueSummary":
        """Serialize an issue without its content."""
        return cls.model_validate(_summarize(row))


class IssueOut(IssueSummary):
    """An issued document."""

    files: list[IssueFileOut]
    content: FilledDocumentOut = Field(description="the document as it was filled")

    @classmethod
    def from_issue(cls, row: IssueRow, files: Iterable[IssueFile]) -> "IssueOut":
        """Serialize an issue with its content."""
        filled = read_json(row.content)["filled"]
        return cls.model_validate(
            {
                **_summarize(row),
                "files": [
                    {
                        "kind": file.kind,
                        "media_type": MEDIA_TYPES[file.kind],
                        "size_bytes": len(file.content),
                        "sha256": file.sha256,
                    }
                    for file in sorted(files, key=lambda file: file.kind)
                ],
                "content": FilledDocumentOut.from_filled(filled),
            }
        )


def _summarize(row: IssueRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in IssueSummary.model_fields if name != "document"},
        "document": {"number": row.document_number, "date": row.document_date},
    }


MEDIA_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media type of each kind of file."""

IssuesPage = Page[IssueSummary]


class MovingSourceOut(BaseModel):
    """A report or an entry of the ledger that moved a figure."""

    id: str = Field(description="its id")
    unit: str | None = Field(description="code of the unit that reported, or of the money")
    kind: str = Field(description="form of the report, or kind of the entry")
    at: datetime = Field(description="when it was received or recorded")
    reviewed_at: datetime | None = Field(description="when it was reviewed")


class MovedFigureOut(BaseModel):
    """A figure that has moved since the issue."""

    slot: str = Field(description="the slot")
    label: str = Field(description="what it is, in Vietnamese")
    text_before: str = Field(description="as printed in the document")
    text_after: str = Field(description="as it would be printed now")
    before: JsonDecimal | None = Field(description="the exact value in the document")
    after: JsonDecimal | None = Field(description="the exact value now")
    changes_print: bool = Field(description="whether it would be printed differently")
    lineage: str | None = Field(description="what it is made of now")
    sources: list[MovingSourceOut] = Field(description="what moved it, as far as the caller may see")


class IssueDifferencesOut(BaseModel):
    """What has moved since a document was issued."""

    issue: uuid.UUID = Field(description="the issue")
    as_of: datetime = Field(description="the instant of its figures")
    compared: int = Field(description="number of figures that were compared")
    items: list[MovedFigureOut]


def to_moving_source(source: dict[str, Any]) -> MovingSourceOut:
    """Serialize a report or an entry of the ledger."""
    return MovingSourceOut(
        id=str(source["id"]),
        unit=source.get("unit"),
        kind=str(source.get("form") or source.get("kind") or ""),
        at=source.get("received_at") or source["recorded_at"],
        reviewed_at=source.get("reviewed_at"),
    )
