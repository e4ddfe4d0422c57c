"""What is published about Kon Tum, read from the fact tables and given the shape the builders need."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from building.apportion import apportion
from building.tables import read

HOUSEHOLDS_2023 = 149_480
"""Not printed anywhere; any of 149,443 to 149,524 gives every rate of the plan and QĐ 134's 4.39 and 11.23 %."""

POOR_HOUSEHOLDS_2022 = 15_943
"""End of 2022, the start of 2023 (Thời Đại)."""


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
class Recognition:
    """A commune's standing as some public page tells it; dates and decisions as printed there."""

    commune: str
    status: str
    date: str
    decision: str
    source: str


@dataclass(frozen=True)
class Facts:
    """Everything the builders may know. Districts and communes are in the order of their codes."""

    districts: dict[str, str]
    communes: dict[str, Commune]
    households_2021: dict[str, int]
    em_households_2021: dict[str, int]
    poor_households_2021: dict[str, int]
    recognitions: list[Recognition]
    plan: list[dict[str, str]] = field(repr=False)

    def of_district(self, district: str) -> Iterator[Commune]:
        return (commune for commune in self.communes.values() if commune.district == district)

    def carry(self, totals: Mapping[str, int], weight: Callable[[Commune], int]) -> dict[str, int]:
        """Carry each district's total to its communes; they come district by district."""
        return {
            code: share
            for district, total in totals.items()
            for code, share in apportion(
                total, {c.code: weight(c) for c in self.of_district(district)}
            ).items()
        }

    def printed(self, figure_id: str) -> int:
        """A whole number that the plan prints."""
        return int(next(row["value"] for row in self.plan if row["id"] == figure_id))


def load(folder: Path) -> Facts:
    units = sorted(read(folder / "admin_units.csv"), key=lambda row: row["code"])
    figures = read(folder / "kontum_figures.csv")
    districts = {row["code"]: row["name_vi"] for row in units if row["level"] == "district"}

    def by_district(indicator: str, period: str) -> dict[str, int]:
        found = {
            row["unit_code"]: int(row["value"])
            for row in figures
            if row["indicator_key"] == indicator and row["period"] == period and row["unit_code"] in districts
        }
        return {district: found[district] for district in districts}

    return Facts(
        districts=districts,
        communes={
            row["code"]: Commune(
                row["code"], row["name_vi"], row["type_en"], row["parent_code"], row["border_commune"] == "1"
            )
            for row in units
            if row["level"] == "commune"
        },
        households_2021=by_district("households_total", "2021-12-31"),
        em_households_2021=by_district("em_households", "2021-12-31"),
        poor_households_2021=by_district("poor_households_end", "2021"),
        recognitions=[
            Recognition(row["commune_code"], row["status"], row["date"], row["decision"], row["source"])
            for row in read(folder / "ntm_commune_status_sourced.csv")
        ],
        plan=read(folder / "plan_570_figures.csv"),
    )
