"""Schemas of villages."""

from datetime import date
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.paging import Page
from shared.territory.tree import Territory
from shared.territory.units import Unit
from shared.territory.villages.rules import find_communes_of_village


class VillageParent(BaseModel):
    """The commune in which a village lies on the day of an answer."""

    parent: str | None = Field(
        description="code of the commune in which it lies on the day of the answer: the one that took over the land of its "
        "commune; null where that was divided, and before its first day"
    )
    parent_name: str | None = Field(description="kind and name of that commune")
    parent_kind: str | None = Field(description="Vietnamese type of that commune without accents")
    parent_since: date | None = Field(description="first day of that commune")
    possible_parents: list[str] = Field(
        description="codes of the communes of which one is its parent, where its commune was divided; else none"
    )

    @staticmethod
    def find_fields(territory: Territory, village: Unit, on: date) -> dict[str, Any]:
        """Return the fields of a village on a day."""
        communes = find_communes_of_village(territory, village, on)
        parent = communes[0] if len(communes) == 1 else None
        return {
            "parent": parent.code if parent else None,
            "parent_name": parent.full_name if parent else None,
            "parent_kind": parent.kind if parent else None,
            "parent_since": parent.valid_from if parent else None,
            "possible_parents": [commune.code for commune in communes] if len(communes) > 1 else [],
        }


class KnownVillage(VillageParent):
    """A village as a service knows it on a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "23512.01",
                "name": "Thôn 1",
                "kind": "thon",
                "commune": "23512",
                "valid_from": "2022-01-01",
                "valid_to": "2025-06-30",
                "parent": "23510",
                "parent_name": "Xã Đăk Mar",
                "parent_kind": "xa",
                "parent_since": "2025-07-01",
                "possible_parents": [],
                "source": "/v1/rural/villages",
            }
        }
    )

    code: str = Field(description="local code: that of its first commune, a dot and two digits")
    name: str = Field(description="name with its kind")
    kind: str = Field(description="thon, lang, to_dan_pho or khu_dan_cu")
    commune: str = Field(description="code of the commune on its first day")
    valid_from: date = Field(description="the first day on which it exists")
    valid_to: date | None = Field(
        description="the last day of the land of its first commune; null while that is unchanged"
    )
    source: str = Field(description="where it was registered, or the table that it was loaded from")

    @classmethod
    def from_unit(cls, territory: Territory, village: Unit, on: date) -> Self:
        """Serialize a village on a day."""
        return cls(
            code=village.code,
            name=village.name,
            kind=village.kind,
            commune=village.parent or "",
            valid_from=village.valid_from,
            valid_to=village.valid_to,
            source=village.source,
            **cls.find_fields(territory, village, on),
        )


KnownVillagesPage = Page[KnownVillage]
