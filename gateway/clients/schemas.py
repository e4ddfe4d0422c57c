"""Schemas of clients. The route adds the secret to the response after the commit."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from gateway.clients.rules import Grant, UnitAsOf
from gateway.models import AuditRow, ClientRow, UnitGrantRow
from shared.kit.date_fields import IsoDate
from shared.kit.partial_body import PartialModel
from shared.roles import ClientScope
from shared.territory.tree import Territory
from shared.territory.units import Unit

UNIT_CODE = re.compile(r"[0-9]{2,3}|[0-9]{5}(\.[0-9]{2})?|[0-9]{2,5}\.[A-Z][A-Z0-9_]{1,30}")
"""A unit, or an agency of one that money is given to: 62.SO_NN."""


def _read_unit(value: object) -> UnitAsOf:
    """Return the unit that a grant names, by its code or by its code on a day; without a code where it cannot be read."""
    code, on = (value.get("code"), value.get("on")) if isinstance(value, dict) else (value, None)
    is_complete = not isinstance(value, dict) or value.keys() == {"code", "on"}
    try:
        if is_complete and isinstance(code, str) and UNIT_CODE.fullmatch(code):
            return UnitAsOf(code, ISO_DATE.validate_python(on) if isinstance(value, dict) else None)
    except ValidationError:
        pass
    return UnitAsOf("", None)


ISO_DATE: TypeAdapter[date] = TypeAdapter(IsoDate)
GrantedUnit = Annotated[
    UnitAsOf,
    PlainValidator(_read_unit),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^({UNIT_CODE.pattern})$"},
                {
                    "type": "object",
                    "properties": {
                        "code": {
                            "type": "string",
                            "pattern": f"^({UNIT_CODE.pattern})$",
                            "description": "code of the unit",
                        },
                        "on": {"type": "string", "format": "date", "description": "a day of the unit"},
                    },
                    "required": ["code", "on"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
ProgramCode = Annotated[str, Field(max_length=40)]

EXAMPLE: dict[str, Any] = {
    "client_id": "district-610",
    "description": "Phần mềm báo cáo huyện Đăk Glei",
    "scopes": ["report"],
    "programs": ["rural", "poverty", "ethnic"],
    "units": ["610"],
}


class ClientIn(PartialModel):
    """A client to register."""

    unread: ClassVar[Mapping[str, Any]] = {"client_id": "unread", "scopes": ["read"]}

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    client_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$", description="its name; it never changes")
    description: str = Field("", max_length=200, description="which system it is and who runs it")
    scopes: list[ClientScope] = Field(min_length=1, max_length=10, description="what it may do")
    programs: list[ProgramCode] = Field(default=[], max_length=20, description="for which programs")
    units: list[GrantedUnit] = Field(
        default=[],
        max_length=500,
        description="in which units, each with its whole subtree, or for which agencies; a code means the latest unit that "
        "bore it on or before the day of the grant, `{code, on}` the one of that day",
    )

    def to_grant(self, units: Sequence[str]) -> Grant:
        """Return the grant that the request asks for, with its units as they were found."""
        return Grant(tuple(self.scopes), tuple(self.programs), tuple(units))


def _refuse_other_types(value: Any) -> Any:
    """Refuse what Pydantic would convert to an integer, such as a boolean or a text."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "must be an integer")
    return value


class RotationIn(BaseModel):
    """The time for which the earlier secrets stay valid."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_seconds": 3600}})

    overlap_seconds: Annotated[int, BeforeValidator(_refuse_other_types)] = Field(
        0, ge=0, le=7 * 24 * 3600, description="how long the secrets before this one are still accepted"
    )


class UnitGrantOut(BaseModel):
    """A unit that a client was granted."""

    unit: str = Field(description="code of the unit or agency")
    unit_since: date | None = Field(description="first day of the unit that is granted; null for an agency")
    unit_name: str | None = Field(description="kind and name; null for an agency")
    unit_kind: str | None = Field(description="Vietnamese type without accents; null for an agency")
    ended_on: date | None = Field(description="last day of the unit; null while it is valid")
    granted_at: datetime = Field(description="instant of the grant")
    granted_by: str = Field(description="the client that granted it, or `operator`, or `migration`")

    @classmethod
    def from_row(cls, row: UnitGrantRow, territory: Territory) -> Self:
        """Serialize a grant with the unit that it names."""
        unit = None if row.valid_from is None else territory.find(row.unit, row.valid_from)
        return cls(
            unit=row.unit,
            unit_since=row.valid_from,
            unit_name=unit.full_name if unit else None,
            unit_kind=unit.kind if unit else None,
            ended_on=unit.valid_to if unit else None,
            granted_at=row.granted_at,
            granted_by=row.granted_by,
        )


class ClientOut(BaseModel):
    """A client."""

    client_id: str = Field(description="its name; it never changes")
    description: str = Field(description="which system it is and who runs it")
    scopes: list[str] = Field(description="what it may do")
    programs: list[str] = Field(description="for which programs")
    units: list[str] = Field(description="codes of the granted units and agencies")
    unit_grants: list[UnitGrantOut] = Field(description="the granted units, each as of its day")
    created_at: datetime = Field(description="instant of its creation")
    disabled_at: datetime | None = Field(description="instant from which it gets no token")
    holds_all: bool = Field(
        False, description="whether it is an administrator of all programs and units, whatever is listed here"
    )

    @classmethod
    def from_row(cls, row: ClientRow, territory: Territory) -> "ClientOut":
        """Serialize a client with its grants."""
        return cls(
            client_id=row.client_id,
            description=row.description,
            scopes=row.scopes,
            programs=row.programs,
            units=list(dict.fromkeys(grant.unit for grant in row.unit_grants)),
            unit_grants=[UnitGrantOut.from_row(grant, territory) for grant in row.unit_grants],
            created_at=row.created_at,
            disabled_at=row.disabled_at,
            holds_all=row.holds_all,
        )


class UnitReferenceOut(BaseModel):
    """A unit by its code, first day and name."""

    unit: str = Field(description="code of the unit")
    unit_since: date = Field(description="first day of the unit")
    unit_name: str = Field(description="kind and name")
    unit_kind: str = Field(description="Vietnamese type without accents")

    @classmethod
    def from_unit(cls, unit: Unit) -> "UnitReferenceOut":
        """Serialize a unit."""
        return cls(unit=unit.code, unit_since=unit.valid_from, unit_name=unit.full_name, unit_kind=unit.kind)


class GrantProposalOut(BaseModel):
    """The grant of an ended unit, and the units that it may move to."""

    client_id: str = Field(description="the client that was granted the unit")
    granted: UnitReferenceOut = Field(description="the unit that ended")
    ended_on: date = Field(description="its last day")
    successors: list[UnitReferenceOut] = Field(
        description="the units that took over, of a district the communes on its land; those that the client has are left out"
    )


class GrantConfirmationIn(PartialModel):
    """The successors that a client is granted in place of an ended unit."""

    unread: ClassVar[Mapping[str, Any]] = {"unit": UnitAsOf("", None), "successors": ["00"]}

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"unit": {"code": "23293", "on": "2023-12-31"}, "successors": ["23293"]}
        },
    )

    unit: GrantedUnit = Field(description="the ended unit, as the proposal names it")
    successors: list[Annotated[str, Field(pattern=r"^[0-9]{2,5}$")]] = Field(
        min_length=1, max_length=500, description="codes of proposed successors"
    )


class ClientWithSecretIdOut(ClientOut):
    """A client and the id of its new secret: the response that is stored for replays."""

    secret_id: UUID = Field(description="public name of the secret, as the audit has it")


class ClientWithSecretOut(ClientWithSecretIdOut):
    """A client and its new secret: the response that is sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **EXAMPLE,
                "created_at": "2023-12-01T02:00:00Z",
                "disabled_at": None,
                "unit_grants": [
                    {
                        "unit": "610",
                        "unit_since": "2004-07-08",
                        "unit_name": "Huyện Đắk Glei",
                        "unit_kind": "huyen",
                        "ended_on": None,
                        "granted_at": "2023-12-01T02:00:00Z",
                        "granted_by": "operator",
                    }
                ],
                "secret_id": "6d0cf5a2-58a1-4a44-9a37-50e2b2ca0a9b",
                "client_secret": "ntp_…",
            }
        }
    )

    client_secret: str | None = Field(
        description="given in this response only; null after a dry run and in a replay: rotate it where the first was lost"
    )


class AuditOut(BaseModel):
    """An entry of the audit."""

    id: int = Field(description="its number; a later act has a larger one")
    at: datetime = Field(description="instant of the act")
    actor: str = Field(description="the client that did it, or `operator` at the command line")
    act: str = Field(description="what was done, as noun.verb")
    subject: str = Field(description="to which client or key")
    facts: dict[str, Any] = Field(description="what the act changed")

    @classmethod
    def from_row(cls, row: AuditRow) -> "AuditOut":
        """Convert a row."""
        return cls.model_validate(row, from_attributes=True)
