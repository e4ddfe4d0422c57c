"""Documents on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.oversight.documents.rules import DemandState, DocumentRelationKind, DocumentState
from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    ComponentList,
    CorrectionFields,
    ProgramList,
    RecordIn,
    RecordOut,
    Text,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.text_fields import Visible
from shared.reporting.field_types import Sha256, UnitCode

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "number": "570/KH-UBND",
    "kind": "plan",
    "issuer": "UBND_TINH",
    "title": "Kế hoạch thực hiện các Chương trình mục tiêu quốc gia năm 2024",
    "signed_on": "2024-02-19",
    "expires_on": "2024-12-31",
    "programs": ["rural", "poverty", "ethnic"],
}


class DocumentRelationIn(BaseModel):
    """What a document does to another document."""

    model_config = ConfigDict(extra="forbid")

    kind: DocumentRelationKind = Field(description="amends, replaces, guides or carries_out")
    document: uuid.UUID = Field(description="id of the other document")


class DemandIn(BaseModel):
    """What a document asks for by a day."""

    model_config = ConfigDict(extra="forbid")

    title: Title = Field(description="what the document demands")
    owner: AgencyCode
    unit: UnitCode | None = Field(None, description="unit of the owner; the document's own when left out")
    due_on: IsoDate = Field(description="last day on which it is in time")


class FulfilmentIn(BaseModel):
    """The demand of another document that this one fulfils."""

    model_config = ConfigDict(extra="forbid")

    document: uuid.UUID = Field(description="id of the document that asks")
    demand: int = Field(strict=True, ge=1, description="number of its demand, counted from 1")


class DistinctDocumentIn(BaseModel):
    """The document with the same number that this one is not."""

    model_config = ConfigDict(extra="forbid")

    document: uuid.UUID = Field(description="id of the other document")
    reason: Text = Field(description="why both have one number")


def _to_list(named: object) -> object:
    """Return one document, or none, as a list."""
    if named is None:
        return []
    return [named] if isinstance(named, Mapping) else named


DistinctDocuments = Annotated[
    list[DistinctDocumentIn],
    BeforeValidator(_to_list),
    Field(
        max_length=20,
        description="documents of the issuer with the same number in the same year that are others; one may stand without a list",
    ),
]


class IssuedDocumentFields(BaseModel):
    """What a document states."""

    number: Annotated[str, Field(min_length=1, max_length=100), Visible] = Field(
        description="number, with its signs"
    )
    kind: str = Field(
        min_length=2, max_length=40, description="council_resolution, committee_decision, plan …"
    )
    issuer: AgencyCode
    title: Title = Field(description="its title")
    signed_on: IsoDate = Field(description="the day on which it was signed")
    effective_on: IsoDate | None = Field(None, description="first day in force; the day of signing when null")
    expires_on: IsoDate | None = Field(None, description="last day in force; null while no day is known")
    normative: bool = Field(
        default=False, strict=True, description="whether it is normative (quy phạm pháp luật)"
    )
    programs: ProgramList = []
    components: ComponentList = []
    relations: list[DocumentRelationIn] = Field(
        [], max_length=50, description="what it does to other documents"
    )
    demands: list[DemandIn] = Field([], max_length=100, description="what it asks for, numbered from 1")
    fulfils: list[FulfilmentIn] = Field(
        [], max_length=50, description="demands of other documents that it fulfils"
    )
    file_sha256: Sha256 | None = Field(None, description="hash of its file: /v1/oversight/evidence/{sha256}")


class IssuedDocumentIn(IssuedDocumentFields, RecordIn):
    """A document to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "number": "-",
        "kind": "--",
        "issuer": "--",
        "title": "-",
        "signed_on": dt.date.min,
    }

    distinct_from: DistinctDocuments = []


class IssuedDocumentCorrectionIn(IssuedDocumentIn, CorrectionFields):
    """The whole content of a document anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**IssuedDocumentIn.unread, **CORRECTION_UNREAD}


class IssuedDocumentOut(IssuedDocumentFields, RecordOut):
    """A document, and its state on the day of the request."""

    hidden_from_public = ("file_sha256",)

    distinct_from: DistinctDocuments = []
    state: DocumentState = Field(description="its state on the day; not_yet_issued before the day of signing")
    replaced_by: uuid.UUID | None = Field(None, description="the document that replaces it")


IssuedDocumentsPage = Page[IssuedDocumentOut]


class DemandOut(BaseModel):
    """A demand of a document, until the document that fulfils it is named."""

    document: uuid.UUID = Field(description="id of the document that asks")
    document_number: str = Field(description="its number")
    demand: int = Field(description="number of the demand in it")
    title: str = Field(description="what the document demands")
    owner: str = Field(description="the agency that owes it, as the document names it")
    unit: str = Field(description="unit of the owner")
    due_on: dt.date = Field(description="last day on which it is in time")
    state: DemandState = Field(description="fulfilled, open or overdue on the day of the request")
    days_late: int = Field(description="days since the due day where it is overdue, else 0")
    fulfilled_by: uuid.UUID | None = Field(description="id of the document that fulfils it")


class DemandsOut(BaseModel):
    """What documents demand, the earliest due day first."""

    on: dt.date = Field(description="the day of the states")
    items: list[DemandOut]
