"""What is published about Kon Tum, read from the fact tables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from building.apportion import apportion
from building.tables import read

HOUSEHOLDS_2023 = 149_480
"""Not published; any number from 149,443 to 149,524 gives every rate of the plan, and 4.39 and 11.23 % of QĐ 134."""

POOR_HOUSEHOLDS_2022 = 15_943
"""At the end of 2022, which is the start of 2023 (Thời Đại)."""


@dataclass(frozen=True)
class Commune:
    """A commune, ward or township of 2023."""

    code: str
    name: str
    type: str
    district: str
    border: bool

    @property
    def rural(self) -> bool:
        """Whether it is a xã: the others are not assessed against the 19 criteria."""
        return self.type == "commune"


@dataclass(frozen=True)
class PublishedRecognition:
    """What a public page states of a commune's recognition; date and decision as printed there."""

    commune: str
    status: str
    date: str
    decision: str
    source: str


@dataclass(frozen=True)
class Facts:
    """The published facts. Districts and communes are in the order of their codes."""

    districts: dict[str, str]
    communes: dict[str, Commune]
    households_2021: dict[str, int]
    em_households_2021: dict[str, int]
    poor_households_2021: dict[str, int]
    em_poor_households_2021: dict[str, int]
    recognitions: list[PublishedRecognition]
    plan: list[dict[str, str]] = field(repr=False)

    def list_communes(self, district: str) -> Iterator[Commune]:
        """Yield the communes of a district."""
        return (commune for commune in self.communes.values() if commune.district == district)

    def apportion_to_communes(
        self, totals: Mapping[str, int], weight: Callable[[Commune], int]
    ) -> dict[str, int]:
        """Return the shares of the communes in the totals of their districts, district by district."""
        return {
            code: share
            for district, total in totals.items()
            for code, share in apportion(
                total, {commune.code: weight(commune) for commune in self.list_communes(district)}
            ).items()
        }

    def read_figure(self, figure_id: str) -> int:
        """Return a whole number that the plan prints."""
        return int(next(row["value"] for row in self.plan if row["id"] == figure_id))


def load(folder: Path) -> Facts:
    """Read the fact tables of a folder."""
    units = sorted(read(folder / "admin_units.csv"), key=lambda row: row["code"])
    figures = read(folder / "kontum_figures.csv")
    districts = {row["code"]: row["name_vi"] for row in units if row["level"] == "district"}

    def read_by_district(indicator: str, period: str) -> dict[str, int]:
        values = {
            row["unit_code"]: int(row["value"])
            for row in figures
            if row["indicator_key"] == indicator and row["period"] == period and row["unit_code"] in districts
        }
        return {district: values[district] for district in districts}

    return Facts(
        districts=districts,
        communes={
            row["code"]: Commune(
                row["code"], row["name_vi"], row["type_en"], row["parent_code"], row["border_commune"] == "1"
            )
            for row in units
            if row["level"] == "commune"
        },
        households_2021=read_by_district("households_total", "2021-12-31"),
        em_households_2021=read_by_district("em_households", "2021-12-31"),
        poor_households_2021=read_by_district("poor_households_end", "2021"),
        em_poor_households_2021=read_by_district("poor_households_em", "2021-12-31"),
        recognitions=[
            PublishedRecognition(
                row["commune_code"], row["status"], row["date"], row["decision"], row["source"]
            )
            for row in read(folder / "ntm_commune_status_sourced.csv")
        ],
        plan=read(folder / "plan_570_figures.csv"),
    )
