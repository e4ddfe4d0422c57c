"""Members that the wire forms of all records have."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.models import RecordVersion
from services.oversight.records.rules import Act
from shared.kit.canonical_text import canonicalize
from shared.kit.partial_body import PartialModel
from shared.kit.text_fields import Visible
from shared.reporting.field_types import UnitCode
from shared.territory.tree import Territory

Text = Annotated[str, Field(min_length=1, max_length=2000), Visible]
"""A text of some sentences."""
Title = Annotated[str, Field(min_length=1, max_length=500), Visible]
"""A title or a name."""
AgencyCode = Annotated[
    str, Field(min_length=2, max_length=40, description="code of an agency: /v1/oversight/agencies")
]
ProgramList = Annotated[
    list[Annotated[str, Field(pattern="^(rural|poverty|ethnic)$")]],
    Field(max_length=3, description="the programs that it is for; empty: all three"),
]
ComponentList = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=60)]],
    Field(max_length=40, description="codes of components of the programs"),
]
REASON_EXAMPLE = "Nhập nhầm ngày ký"


class RecordIn(PartialModel):
    """A body that records something of a unit."""

    model_config = ConfigDict(extra="forbid")
    keeps_items: ClassVar[bool] = True
    unread: ClassVar[Mapping[str, Any]] = {"unit": "--"}

    unit: UnitCode


class CorrectionFields(BaseModel):
    """What a correction states beside the whole content."""

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    reason: Text = Field(description="why")


CORRECTION_UNREAD: Mapping[str, Any] = {"version": 1, "reason": "-"}


class ReasonIn(BaseModel):
    """An act on a record: the version that was read, and the reason."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"version": 1, "reason": REASON_EXAMPLE}}
    )

    version: int = Field(strict=True, ge=1, description="the newest version, as it was read")
    reason: Text = Field(description="why")


class VersionOut(BaseModel):
    """A version of a record."""

    version: int = Field(description="counted from 1")
    act: Act = Field(description="what made it: recorded, corrected, withdrawn, or an act of the register")
    reason: str | None = Field(description="why, where the act states it")
    recorded_at: dt.datetime = Field(description="when it was recorded")

    @classmethod
    def from_row(cls, row: RecordVersion, *, public: bool = False) -> Self:
        """Serialize a version without its content; the public gets no reason."""
        return cls.model_validate(
            {
                "version": row.version,
                "act": row.act,
                "reason": None if public else row.reason,
                "recorded_at": row.recorded_at,
            }
        )


class RecordOut(BaseModel):
    """A record in its newest version, as known at the instant of the request."""

    id: uuid.UUID = Field(description="the record's id")
    version: int = Field(description="its newest version; an act on it names this number")
    act: Act = Field(description="what made this version")
    unit: str = Field(description="code of the unit that it belongs to, on the record's day")
    unit_name: str = Field(description="its name")
    unit_kind: str = Field(description="its kind: tinh, huyen, xa …")
    unit_since: dt.date = Field(description="first day of the unit that bears this code")
    recorded_at: dt.datetime = Field(description="when this version was recorded")
    versions: list[VersionOut] | None = Field(
        None, description="all versions, the newest first, where one record is read; null in a list"
    )

    hidden_from_public: ClassVar[Collection[str]] = ()
    """Members that a reader without a scope gets as null or empty."""
    hidden_within: ClassVar[Mapping[str, str]] = {}
    """By list: the member of its items that such a reader gets as null."""

    @classmethod
    def from_row(
        cls,
        row: RecordVersion,
        territory: Territory,
        *,
        versions: Sequence[RecordVersion] | None = None,
        public: bool = False,
        **more: Any,
    ) -> Self:
        """Serialize a version; `more` are members that follow from other rows."""
        unit = territory.unit(row.unit, row.day)
        content = dict(row.content)
        if public:
            content |= {
                name: [] if isinstance(content.get(name), list) else None for name in cls.hidden_from_public
            }
            content |= {
                name: [{**row, member: None} for row in content[name]]
                for name, member in cls.hidden_within.items()
            }
        return cls.model_validate(
            {
                **content,
                "id": row.id,
                "version": row.version,
                "act": row.act,
                "unit": row.unit,
                "unit_name": unit.name,
                "unit_kind": unit.kind,
                "unit_since": unit.valid_from,
                "recorded_at": row.recorded_at,
                "versions": None
                if versions is None
                else [VersionOut.from_row(other, public=public) for other in versions],
                **more,
            }
        )


def to_content(body: BaseModel, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the members of a body that a version keeps, as JSON."""
    return body.model_dump(mode="json", exclude={"unit", "version", "reason", *without})


def make_key(*parts: object) -> str:
    """Return the identity of a record: the SHA-256 in hex of its parts in canonical form; texts of any length fit an index."""
    canonical = json.dumps([canonicalize(str(part)) if part else "" for part in parts], ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
