"""Which communes meet the 19 criteria at the end of 2023, and when each was recognized.

The plan prints the counts: 48 meet, 42 of them are recognized. Public pages name 23 communes (19 recognized, four of
Kon Plông said to meet the standard by mid-2024). The others are chosen by one rule, away from the border first and then by code,
to the number each district is given below: an illustration, marked so on every row that follows from it.
"""

from dataclasses import dataclass

from building.facts import Commune, Facts
from building.tables import Provenance

CHOSEN_BEFORE_2023 = {"608": 4, "610": 3, "611": 3, "612": 2, "614": 1, "615": 2, "616": 3}
CHOSEN_IN_2023 = {"610": 1, "614": 1, "617": 1, "618": 1}
CHOSEN_TO_MEET_UNRECOGNIZED = {"608": 1, "616": 1}

ADVANCED_CANDIDATE = "23510"
"""Đăk Ngọk: assessed for advanced in April 2023 (15 of 19 criteria), so recognized before; the day isn't published."""

WAVES = (("2019-12-20", 2019, 5), ("2020-12-18", 2020, 6), ("2022-12-20", 2022, 7))
"""Decision date, year recognized for, communes: with those of the list of 2019 and Đăk Ngọk, 29 at the end of 2021."""


@dataclass(frozen=True)
class Standing:
    """When a commune was first recognized, by which decision, for which year; and how that is known."""

    commune: Commune
    number: str
    date: str
    year: int
    provenance: Provenance
    source: str

    @property
    def criteria_set(self) -> str:
        return "commune_2016_2020" if self.date < "2022" else "commune_2021_2025"


@dataclass(frozen=True)
class Standings:
    """The 42 recognized communes, oldest decision first, and the codes of all 48 that meet the criteria."""

    recognized: list[Standing]
    meeting: frozenset[str]
    named_recognized: frozenset[str]
    named_meeting: frozenset[str]

    @property
    def of_2023(self) -> list[Standing]:
        return [standing for standing in self.recognized if standing.date.startswith("2023")]


def decide(facts: Facts) -> Standings:
    sourced = _sourced(facts)
    named = {standing.commune.code for standing in sourced}
    met = {row.commune for row in facts.recognitions if row.status == "meets standard"}
    free = {
        district: sorted(
            (c for c in facts.of_district(district) if c.rural and c.code not in named | met),
            key=lambda commune: (commune.border, commune.code),
        )
        for district in facts.districts
    }

    def choose(numbers: dict[str, int]) -> list[Commune]:
        """The next communes of each district, taking turns between districts."""
        taken = [
            (turn, free[district].pop(0)) for district, number in numbers.items() for turn in range(number)
        ]
        return [commune for _, commune in sorted(taken, key=lambda pick: (pick[0], pick[1].district))]

    waves = [(date, year) for date, year, size in WAVES for _ in range(size)]
    chosen = [
        Standing(commune, f"minh họa {commune.code}", date, year, "illustrative", "chosen by rule")
        for commune, (date, year) in zip(choose(CHOSEN_BEFORE_2023), waves, strict=True)
    ] + [
        Standing(commune, f"minh họa {commune.code}", "2023-11-30", 2023, "illustrative", "chosen by rule")
        for commune in choose(CHOSEN_IN_2023)
    ]
    recognized = sorted([*sourced, *chosen], key=lambda standing: (standing.date, standing.commune.code))
    unrecognized = met | {commune.code for commune in choose(CHOSEN_TO_MEET_UNRECOGNIZED)}
    return Standings(
        recognized=recognized,
        meeting=frozenset(unrecognized | {standing.commune.code for standing in recognized}),
        named_recognized=frozenset(named),
        named_meeting=frozenset(met),
    )


def _sourced(facts: Facts) -> list[Standing]:
    """The recognitions that were found published. An unpublished number is said to be so, and dates are the latest possible."""
    numbers = {"23434": "365/QĐ-UBND", "23395": "366/QĐ-UBND", "23509": "186/QĐ-UBND", "23515": "189/QĐ-UBND"}
    standings = [
        Standing(
            commune=facts.communes[row.commune],
            number=numbers.get(row.commune, f"chưa rõ số {row.commune}"),
            date=row.date,
            year=2018 if row.date == "2019-05-13" else 2022,
            provenance="published",
            source=f"{row.source}; {_what_is_known(row.commune, numbers)}",
        )
        for row in facts.recognitions
        if row.status == "recognised"
    ]
    candidate = next(row for row in facts.recognitions if row.commune == ADVANCED_CANDIDATE)
    return [
        *standings,
        Standing(
            commune=facts.communes[ADVANCED_CANDIDATE],
            number=f"chưa rõ số {ADVANCED_CANDIDATE}",
            date="2020-12-18",
            year=2020,
            provenance="derived",
            source=f"{candidate.source}: 15 of 19 advanced criteria in 2023-04, so recognized before; day assumed",
        ),
    ]


def _what_is_known(commune: str, numbers: dict[str, str]) -> str:
    if commune in numbers:
        return "two decisions printed for two communes, taken in the order printed"
    if commune == "23512":
        return "elsewhere 'recognized 2014': number and day not published, date of the list"
    return "number and day not published, date of the list"
