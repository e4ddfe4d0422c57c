"""Changes of all services on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.changes.rules import TYPE_PREFIX

EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "42",
    "source": "/v1/poverty",
    "type": f"{TYPE_PREFIX}report.accepted",
    "shorttype": "report.accepted",
    "subject": "reports/01890a5d-ac96-774b-bcce-b302099a8057",
    "time": "2024-01-05T02:00:00Z",
    "datacontenttype": "application/json",
    "data": {"unit": "610", "period": "2023"},
}


class JoinedChangeOut(BaseModel):
    """One change of a service as a CloudEvent; `source` and `id` together name it for ever."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    specversion: str = Field(description="CloudEvents version")
    id: str = Field(description="sequence of the change in its service")
    source: str = Field(description="path of the service")
    type: str = Field(description=f"what happened, as `{TYPE_PREFIX}` and noun.verb")
    shorttype: str = Field(description="noun.verb, as the service's own feed names it")
    subject: str = Field(description="path of its subject, below the source")
    time: str = Field(description="instant of the change; never goes back within a service")
    datacontenttype: str = Field(description="media type of `data`")
    data: dict[str, Any] = Field(description="the facts that a consumer needs")


class JoinedChangesOut(BaseModel):
    """Changes of all services, oldest first."""

    items: list[JoinedChangeOut] = Field(description="in each service in exact commit order")
    next: str = Field(description="send it as `after` to continue; it is good for any filters")
    more: bool = Field(description="whether there are more already")
    missing: list[str] = Field(
        description="services that did not answer; nothing of them is lost, the cursor waits for them"
    )
    forbidden: list[str] = Field(description="services whose feed the caller may not read; left out")
    rewound: list[str] = Field(
        description="services whose feed is shorter than the cursor: they were restored from a backup, and must be read anew"
    )
