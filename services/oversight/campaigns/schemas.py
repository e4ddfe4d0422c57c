"""Communication on the wire."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.oversight.records.schemas import (
    CORRECTION_UNREAD,
    REASON_EXAMPLE,
    AgencyCode,
    ComponentList,
    CorrectionFields,
    ProgramList,
    RecordIn,
    RecordOut,
    Title,
)
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page

CampaignKind = Literal["plan", "campaign", "movement", "activity"]
Channel = Literal[
    "event", "press", "television", "radio", "internet", "printed", "loudspeaker", "training", "other"
]

EXAMPLE: dict[str, Any] = {
    "unit": "62",
    "kind": "activity",
    "title": "Lễ ra quân phong trào xây dựng nông thôn mới",
    "starts_on": "2023-02-10",
    "channel": "event",
    "participants": 12000,
    "programs": ["rural"],
}


class CampaignFields(BaseModel):
    """What a plan, a campaign, a movement or an activity states."""

    kind: CampaignKind = Field(
        description="plan, campaign (cuộc vận động), movement (phong trào) or activity"
    )
    title: Title = Field(description="its name")
    starts_on: IsoDate = Field(description="its first day")
    ends_on: IsoDate | None = Field(None, description="its last day; null for one day, or while it goes on")
    programs: ProgramList = []
    components: ComponentList = []
    organizer: AgencyCode | None = Field(None, description="the agency that holds it")
    channel: Channel | None = Field(None, description="how it reaches people")
    items: int | None = Field(
        None, strict=True, ge=0, le=10_000_000, description="articles, broadcasts, prints …"
    )
    participants: int | None = Field(
        None, strict=True, ge=0, le=10_000_000, description="persons who took part"
    )
    money_vnd: int | None = Field(
        None, strict=True, ge=0, le=10**15, description="money spent on it, in đồng"
    )
    part_of: uuid.UUID | None = Field(None, description="the plan, campaign or movement that it belongs to")
    document: uuid.UUID | None = Field(None, description="the document by which it was ordered")


class CampaignIn(CampaignFields, RecordIn):
    """A plan, a campaign, a movement or an activity to record."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        **RecordIn.unread,
        "kind": "activity",
        "title": "-",
        "starts_on": dt.date.min,
    }


class CampaignCorrectionIn(CampaignIn, CorrectionFields):
    """The whole content anew, because the newest version is wrong."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**EXAMPLE, "version": 1, "reason": REASON_EXAMPLE}}
    )
    unread: ClassVar[Mapping[str, Any]] = {**CampaignIn.unread, **CORRECTION_UNREAD}


class CampaignOut(CampaignFields, RecordOut):
    """A plan, a campaign, a movement or an activity; its money is for readers with a scope."""

    hidden_from_public = ("money_vnd",)


CampaignsPage = Page[CampaignOut]
