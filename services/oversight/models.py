"""The table of oversight: versions of records. Rows are only ever added."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.database import COLUMN_TYPES, named_metadata
from shared.kit.schema_revisions import SchemaRevision
from shared.reporting.register_rows import RegisterRow


class Base(DeclarativeBase):
    """The declarative base of the tables of oversight."""

    metadata = named_metadata()
    type_annotation_map = COLUMN_TYPES


metadata = Base.metadata
REVISION = SchemaRevision("oversight", "oversight_0001")


class RecordVersion(RegisterRow, Base):
    """A version of a record: its whole content, and the act that made it.

    The unit is the one that the record belongs to, on `day`: the issuer's, the convener's, the owner's.
    """

    __tablename__ = "record_versions"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Counted from 1."""
    register: Mapped[str]
    key: Mapped[str]
    """The identity of what is recorded, such as a document's number, issuer and date: a SHA-256 of the canonical form."""
    act: Mapped[str]
    day: Mapped[date]
    """The day of which the record speaks: signed on, held on, issued on."""
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None]
    client_id: Mapped[str]

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("unit = ANY (line)", name="line"),
        Index("ix_record_versions_newest", "register", "recorded_at", "id"),
        Index("ix_record_versions_key", "register", "key"),
    )
