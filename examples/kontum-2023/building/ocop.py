"""OCOP products: generated names, real counts, and certificates whose validity has to be computed."""

from collections.abc import Iterator
from dataclasses import dataclass

from building.apportion import apportion
from building.facts import Facts
from building.tables import Row

GROUPS = (1, 1, 2, 1, 3, 1, 2, 4, 1, 6)
OWNERS = ("cooperative", "household", "cooperative", "enterprise")

EXPIRED = ("2019-12-20",) * 4 + ("2020-12-28",) * 4
IN_FORCE = ("2021-06-30", "2021-12-22", "2022-07-15", "2022-12-20", "2023-09-29", "2023-12-15")
LATER = ("2024-06-28",) * 4

DISTRICTS_GRANT_FROM = "2023-02-24"
"""QĐ 148/QĐ-TTg: three stars by the district; before, everything by the province. Five stars always by the ministry."""


@dataclass(frozen=True)
class Grade:
    stars: int
    score: float
    decided_on: str
    potential_five_star: bool = False

    @property
    def grantor(self) -> str:
        if self.stars == 5:
            return "central"
        return "district" if self.stars == 3 and self.decided_on >= DISTRICTS_GRANT_FROM else "province"


def products(facts: Facts) -> list[Row]:
    """The products in force at the end of 2023 shared by rural communes, and twelve that aren't in force then."""
    rural_communes = {
        district: sum(commune.rural for commune in facts.of_district(district))
        for district in facts.districts
    }
    in_force = apportion(facts.printed("R08"), rural_communes)
    turns = sorted((turn, district) for district, number in in_force.items() for turn in range(number))
    graded = [
        *zip((district for _, district in turns), _grades_in_force(facts), strict=True),
        *zip(facts.districts, (_ordinary(i, date) for i, date in enumerate(EXPIRED)), strict=False),
        *zip(facts.districts, (_ordinary(i, date) for i, date in enumerate(LATER)), strict=False),
    ]
    count = dict.fromkeys(facts.districts, 0)
    rows: list[Row] = []
    for place, (district, grade) in enumerate(graded):
        count[district] += 1
        rows.append(_row(district, facts.districts[district], count[district], place, grade))
    return sorted(rows, key=lambda row: str(row["code"]))


def _grades_in_force(facts: Facts) -> Iterator[Grade]:
    """The one of five stars, then those awaiting the ministry, then the rest."""
    five, potential = facts.printed("R09"), facts.printed("R10")
    yield from (Grade(5, 92.5, "2022-07-15") for _ in range(five))
    yield from (Grade(4, 90 + place / 2, "2023-12-15", True) for place in range(potential))
    for place in range(facts.printed("R08") - five - potential):
        yield _ordinary(place, IN_FORCE[_mixed(place) % len(IN_FORCE)])


def _ordinary(place: int, decided_on: str) -> Grade:
    """Four stars for one in five (70 to 89.5 points), three for the others (50 to 69.5)."""
    four = _mixed(place) % 5 == 0
    return Grade(4 if four else 3, (70 if four else 50) + place * 7 % 40 / 2, decided_on)


def _mixed(place: int) -> int:
    """A place shifted by one on every round of the ten districts, so that none always meets the same choice."""
    return place + place // 10


def _row(district: str, name: str, number: int, place: int, grade: Grade) -> Row:
    return {
        "code": f"OCOP-{district}-{number:02d}",
        "name": f"Sản phẩm OCOP {name} {number:02d} (minh họa)",
        "unit": district,
        "owner_kind": OWNERS[_mixed(place) % len(OWNERS)],
        "group": GROUPS[_mixed(place) % len(GROUPS)],
        "stars": grade.stars,
        "score": str(grade.score),
        "potential_five_star": str(grade.potential_five_star).lower(),
        "grantor": grade.grantor,
        "decision_number": f"minh họa OCOP-{district if grade.grantor == 'district' else grade.grantor} {grade.decided_on}",
        "decision_date": grade.decided_on,
        "provenance": "illustrative",
        "source": "KH 570/KH-UBND prints how many, not which",
    }
