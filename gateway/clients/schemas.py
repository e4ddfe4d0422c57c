"""How clients are said. No secret is among these: the route adds it when everything is committed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.rules import Grant
from gateway.models import AuditRow, ClientRow
from shared.kit.partial_body import PartialModel

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

    client_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$", description="its name, for good")
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
        """What it asks for."""
        return Grant(tuple(self.scopes), tuple(self.programs), tuple(self.units))


class RotationIn(BaseModel):
    """How the old secret goes out of use."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"overlap_seconds": 3600}})

    overlap_seconds: int = Field(
        0, ge=0, le=7 * 24 * 3600, description="how long the secrets before this one are still accepted"
    )


class ClientOut(BaseModel):
    """A client."""

    client_id: str
    description: str
    scopes: list[str]
    programs: list[str]
    units: list[str]
    created_at: datetime
    disabled_at: datetime | None = Field(description="since when it gets no token any more")

    @classmethod
    def of(cls, row: ClientRow) -> "ClientOut":
        """Say a client."""
        return cls.model_validate(row, from_attributes=True)


class ClientWithSecretIdOut(ClientOut):
    """A client and which secret it was just given: what is stored as the answer."""

    secret_id: UUID = Field(description="public name of the secret, as the audit has it")


class ClientWithSecretOut(ClientWithSecretIdOut):
    """A client and the secret it was just given: what is answered."""

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

    client_secret: str = Field(description="said now, and again only to a repeat of this very request")


class AuditOut(BaseModel):
    """A line of the audit."""

    id: int
    at: datetime
    actor: str = Field(description="the client that did it, or `operator` at the command line")
    act: str = Field(description="what was done, as noun.verb")
    subject: str = Field(description="to which client or key")
    facts: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> "AuditOut":
        """Say a line."""
        return cls.model_validate(row, from_attributes=True)
