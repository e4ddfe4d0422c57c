"""OCOP products: generated names, published counts, and certificates of which some are not valid at the end of 2023."""

from collections.abc import Iterator
from dataclasses import dataclass

from building.apportion import apportion
from building.facts import Facts
from building.tables import Row

GROUPS = (1, 1, 2, 1, 3, 1, 2, 4, 1, 6)
OWNERS = ("cooperative", "household", "cooperative", "enterprise")

EXPIRED_DATES = ("2019-12-20",) * 4 + ("2020-12-28",) * 4
VALID_DATES = ("2021-06-30", "2021-12-22", "2022-07-15", "2022-12-20", "2023-09-29", "2023-12-15")
LATER_DATES = ("2024-06-28",) * 4

DISTRICTS_GRANT_FROM = "2023-02-24"
"""QĐ 148/QĐ-TTg: from then districts grant three stars; before, the province granted all but five stars."""


@dataclass(frozen=True)
class Grade:
    """The stars of a product, with the score and the date of the decision."""

    stars: int
    score: float
    decided_on: str
    potential_five_star: bool = False

    @property
    def grantor(self) -> str:
        """The authority that grants so many stars on that date."""
        if self.stars == 5:
            return "central"
        return "district" if self.stars == 3 and self.decided_on >= DISTRICTS_GRANT_FROM else "province"


def products(facts: Facts) -> list[Row]:
    """Return the products valid at the end of 2023, shared among districts by rural communes, and twelve others."""
    rural_communes = {
        district: sum(commune.rural for commune in facts.list_communes(district))
        for district in facts.districts
    }
    valid = apportion(facts.read_figure("R08"), rural_communes)
    rounds = sorted((turn, district) for district, number in valid.items() for turn in range(number))
    graded = [
        *zip((district for _, district in rounds), _list_valid_grades(facts), strict=True),
        *zip(
            facts.districts,
            (_make_ordinary_grade(index, date) for index, date in enumerate(EXPIRED_DATES)),
            strict=False,
        ),
        *zip(
            facts.districts,
            (_make_ordinary_grade(index, date) for index, date in enumerate(LATER_DATES)),
            strict=False,
        ),
    ]
    count = dict.fromkeys(facts.districts, 0)
    rows: list[Row] = []
    for index, (district, grade) in enumerate(graded):
        count[district] += 1
        rows.append(_to_row(district, facts.districts[district], count[district], index, grade))
    return sorted(rows, key=lambda row: str(row["code"]))


def _list_valid_grades(facts: Facts) -> Iterator[Grade]:
    """Yield the grades of five stars, then those of potential five-star products, then the others."""
    five, potential = facts.read_figure("R09"), facts.read_figure("R10")
    yield from (Grade(5, 92.5, "2022-07-15") for _ in range(five))
    yield from (Grade(4, 90 + index / 2, "2023-12-15", True) for index in range(potential))
    for index in range(facts.read_figure("R08") - five - potential):
        yield _make_ordinary_grade(index, VALID_DATES[_rotate(index) % len(VALID_DATES)])


def _make_ordinary_grade(index: int, decided_on: str) -> Grade:
    """Return four stars for one product in five (70 to 89.5 points), three for the others (50 to 69.5)."""
    four = _rotate(index) % 5 == 0
    return Grade(4 if four else 3, (70 if four else 50) + index * 7 % 40 / 2, decided_on)


def _rotate(index: int) -> int:
    """Return the index shifted by one in each round of the ten districts, so that no district gets the same choice."""
    return index + index // 10


def _to_row(district: str, name: str, number: int, index: int, grade: Grade) -> Row:
    return {
        "code": f"OCOP-{district}-{number:02d}",
        "name": f"Sản phẩm OCOP {name} {number:02d} (minh họa)",
        "unit": district,
        "owner_kind": OWNERS[_rotate(index) % len(OWNERS)],
        "group": GROUPS[_rotate(index) % len(GROUPS)],
        "stars": grade.stars,
        "score": str(grade.score),
        "potential_five_star": str(grade.potential_five_star).lower(),
        "grantor": grade.grantor,
        "decision_number": f"minh họa OCOP-{district if grade.grantor == 'district' else grade.grantor} {grade.decided_on}",
        "decision_date": grade.decided_on,
        "provenance": "illustrative",
        "source": "KH 570/KH-UBND prints how many, not which",
    }
