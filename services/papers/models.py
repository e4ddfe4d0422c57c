"""The tables of papers: templates, and issued documents with their files. Rows are only ever added."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision


class Base(DeclarativeBase):
    """The declarative base of the tables of papers."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("papers", "papers_0001")


class TemplateRow(Base):
    """A version of a document template that an office uploaded; shipped templates are files of the product."""

    __tablename__ = "templates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    valid_from: Mapped[date]
    """The first period's end for which it is used."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Its paragraphs and slots, as read from the document."""
    document: Mapped[bytes] = mapped_column(LargeBinary)
    """The Word document as it was uploaded."""
    sha256: Mapped[str]
    client_id: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("code", "sha256"),
        Index("ix_templates_code_recorded_at", "code", "recorded_at"),
    )


class IssueRow(Base):
    """An issued document: what it was filled from, exactly."""

    __tablename__ = "issues"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str]
    template_version: Mapped[str]
    """The SHA-256 of the template's content."""
    unit: Mapped[str]
    period: Mapped[str]
    as_of: Mapped[datetime]
    """The instant of which every answer is."""
    vintage: Mapped[UUID]
    """The province-wide vintage at the gateway."""
    document_number: Mapped[str]
    document_date: Mapped[date]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """Template, answers and printed figures, as canonical JSON."""
    sha256: Mapped[str]
    """Of the content."""
    client_id: Mapped[str]
    issued_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256"),
        Index("ix_issues_unit_period", "unit", "period", "issued_at"),
    )


class IssueFile(Base):
    """A file of an issued document."""

    __tablename__ = "issue_files"

    issue: Mapped[UUID] = mapped_column(ForeignKey("issues.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """docx, pdf, xlsx."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]

    __table_args__ = (CheckConstraint("kind IN ('docx', 'pdf', 'xlsx')", name="kind"),)
