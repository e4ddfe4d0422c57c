"""The communes that meet the 19 criteria at the end of 2023, and when each was recognized.

The plan prints the counts: 48 meet the criteria, 42 of them are recognized. Public pages name 23 communes: 19 recognized,
and four of Kon Plông that meet the standard by mid-2024. The others are chosen by one rule (not at the border first, then by
code), as many in each district as given below. They are illustrative, and every row made from them is marked so.
"""

from dataclasses import dataclass

from building.facts import Commune, Facts
from building.tables import Provenance

CHOSEN_BEFORE_2023 = {"608": 4, "610": 3, "611": 3, "612": 2, "614": 1, "615": 2, "616": 3}
CHOSEN_IN_2023 = {"610": 1, "614": 1, "617": 1, "618": 1}
CHOSEN_TO_MEET_UNRECOGNIZED = {"608": 1, "616": 1}

ADVANCED_CANDIDATE = "23510"
"""Đăk Ngọk: assessed for advanced in April 2023 (15 of 19 criteria), so recognized before; the day is not published."""

DECISION_DATES = (("2019-12-20", 2019, 5), ("2020-12-18", 2020, 6), ("2022-12-20", 2022, 7))
"""Date, year recognized for, number of communes. With the list of 2019 and Đăk Ngọk, 29 communes at the end of 2021."""


@dataclass(frozen=True)
class RecognizedCommune:
    """A commune with its first recognition: decision, year recognized for, and the origin of these."""

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
class RecognizedCommunes:
    """The 42 recognized communes, the oldest decision first, and the codes of all 48 that meet the criteria."""

    recognized: list[RecognizedCommune]
    meeting: frozenset[str]
    named_recognized: frozenset[str]
    named_meeting: frozenset[str]

    @property
    def of_2023(self) -> list[RecognizedCommune]:
        return [commune for commune in self.recognized if commune.date.startswith("2023")]


def choose_communes(facts: Facts) -> RecognizedCommunes:
    """Return the published communes, and those chosen by rule."""
    published = _list_published(facts)
    named = {recognized.commune.code for recognized in published}
    meeting = {row.commune for row in facts.recognitions if row.status == "meets standard"}
    free = {
        district: sorted(
            (
                commune
                for commune in facts.list_communes(district)
                if commune.rural and commune.code not in named | meeting
            ),
            key=lambda commune: (commune.border, commune.code),
        )
        for district in facts.districts
    }

    def choose(numbers: dict[str, int]) -> list[Commune]:
        """Remove and return the next communes of each district, the districts in turns."""
        chosen = [
            (turn, free[district].pop(0)) for district, number in numbers.items() for turn in range(number)
        ]
        return [commune for _, commune in sorted(chosen, key=lambda pair: (pair[0], pair[1].district))]

    decisions = [(date, year) for date, year, size in DECISION_DATES for _ in range(size)]
    by_rule = [
        RecognizedCommune(commune, f"minh họa {commune.code}", date, year, "illustrative", "chosen by rule")
        for commune, (date, year) in zip(choose(CHOSEN_BEFORE_2023), decisions, strict=True)
    ] + [
        RecognizedCommune(
            commune, f"minh họa {commune.code}", "2023-11-30", 2023, "illustrative", "chosen by rule"
        )
        for commune in choose(CHOSEN_IN_2023)
    ]
    recognized = sorted(
        [*published, *by_rule], key=lambda recognized: (recognized.date, recognized.commune.code)
    )
    unrecognized = meeting | {commune.code for commune in choose(CHOSEN_TO_MEET_UNRECOGNIZED)}
    return RecognizedCommunes(
        recognized=recognized,
        meeting=frozenset(unrecognized | {recognition.commune.code for recognition in recognized}),
        named_recognized=frozenset(named),
        named_meeting=frozenset(meeting),
    )


def _list_published(facts: Facts) -> list[RecognizedCommune]:
    """Return the published recognitions. A number that is not published is marked; dates are the latest possible."""
    numbers = {"23434": "365/QĐ-UBND", "23395": "366/QĐ-UBND", "23509": "186/QĐ-UBND", "23515": "189/QĐ-UBND"}
    recognized = [
        RecognizedCommune(
            commune=facts.communes[row.commune],
            number=numbers.get(row.commune, f"chưa rõ số {row.commune}"),
            date=row.date,
            year=2018 if row.date == "2019-05-13" else 2022,
            provenance="published",
            source=f"{row.source}; {_describe_origin(row.commune, numbers)}",
        )
        for row in facts.recognitions
        if row.status == "recognised"
    ]
    candidate = next(row for row in facts.recognitions if row.commune == ADVANCED_CANDIDATE)
    return [
        *recognized,
        RecognizedCommune(
            commune=facts.communes[ADVANCED_CANDIDATE],
            number=f"chưa rõ số {ADVANCED_CANDIDATE}",
            date="2020-12-18",
            year=2020,
            provenance="derived",
            source=f"{candidate.source}: 15 of 19 advanced criteria in 2023-04, so recognized before; day assumed",
        ),
    ]


def _describe_origin(commune: str, numbers: dict[str, str]) -> str:
    if commune in numbers:
        return "two decisions printed for two communes, taken in the order printed"
    if commune == "23512":
        return "elsewhere 'recognized 2014': number and day not published, date of the list"
    return "number and day not published, date of the list"
