"""Schemas of clients. The route adds the secret to the response after the commit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.rules import Grant
from gateway.models import AuditRow, ClientRow
from shared.kit.json_body import PartialModel

Scope = Literal["report", "review", "target", "register", "funding", "read", "admin"]
UnitCode = Annotated[
    str, Field(pattern=r"^[0-9]{2,3}$|^[0-9]{5}(\.[0-9]{2})?$|^[0-9]{2,5}\.[A-Z][A-Z0-9_]{1,30}$")
]
"""A unit, or an agency of one that money is given to: 62.SO_NN."""
Program = Annotated[str, Field(max_length=40)]

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
    scopes: list[Scope] = Field(min_length=1, max_length=10, description="what it may do")
    programs: list[Program] = Field(default=[], max_length=20, description="for which programs")
    units: list[UnitCode] = Field(
        default=[],
        max_length=500,
        description="in which units, each with its whole subtree, or for which agencies",
    )

    @property
    def grant(self) -> Grant:
        """The grant that the request asks for."""
        return Grant(tuple(self.scopes), tuple(self.programs), tuple(self.units))


class RotationIn(BaseModel):
    """How long the earlier secrets stay valid."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_seconds": 3600}})

    overlap_seconds: int = Field(
        0, ge=0, le=7 * 24 * 3600, description="how long the secrets before this one are still accepted"
    )


class ClientOut(BaseModel):
    """A client."""

    client_id: str = Field(description="its name; it never changes")
    description: str = Field(description="which system it is and who runs it")
    scopes: list[str] = Field(description="what it may do")
    programs: list[str] = Field(description="for which programs")
    units: list[str] = Field(description="in which units, each with its whole subtree, or for which agencies")
    created_at: datetime = Field(description="instant of its creation")
    disabled_at: datetime | None = Field(description="instant from which it gets no token")

    @classmethod
    def from_row(cls, row: ClientRow) -> "ClientOut":
        """Convert a row."""
        return cls.model_validate(row, from_attributes=True)


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
                "secret_id": "6d0cf5a2-58a1-4a44-9a37-50e2b2ca0a9b",
                "client_secret": "ntp_…",
            }
        }
    )

    client_secret: str | None = Field(
        description="given in this response, and in a replay of this very request; null after a dry run"
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
