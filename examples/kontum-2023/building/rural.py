"""The 19 criteria of the 85 rural communes, the villages, and the decisions that recognize both."""

from itertools import cycle, islice

from building.facts import Commune, Facts
from building.standing import Standings
from building.tables import Provenance, Row, Value, as_rows

CRITERIA = range(1, 20)

MET_BY_THE_OTHERS = (18, 17, 17, 16, 16, 15, 15, *[13] * 4, *[12] * 7, *[11] * 9, *[10] * 8, 9, 7)
"""Criteria met by the 37 communes short of 19, best first: 445, so 1,357 of 85 communes, 15.96 on average."""

HARDEST = (10, 11)
"""Income and poverty: the first to be missing."""
HARD = (17, 2, 13, 6, 5, 9, 15, 12, 14, 18)
"""Environment, roads, production, culture houses, schools, housing, health, labour, education, politics: next, in turns."""

MODEL, FIELD = "23521", "production"
"""Hà Mòn, advanced by April 2023. Which commune was the model one of 2023 isn't published; it was not Đăk Mar."""
ILLUSTRATIVE_ADVANCED = ("23326", "23437")
"""Ia Chim and Tân Cảnh: recognized by 2019. The plan prints four advanced communes; two are known."""

NOT_PUBLISHED = "number and day not published"


def criteria_assessment(facts: Facts, standings: Standings) -> list[Row]:
    short = sorted(
        (c for c in facts.communes.values() if c.rural and c.code not in standings.meeting),
        key=lambda c: (facts.poor_households_2021[c.district] / facts.households_2021[c.district], c.code),
    )
    missing: dict[str, frozenset[int]] = {
        commune.code: _missing(19 - met, turn)
        for turn, (commune, met) in enumerate(zip(short, MET_BY_THE_OTHERS, strict=True))
    }
    rural = sorted((c for c in facts.communes.values() if c.rural), key=lambda c: (c.district, c.code))

    def origin(code: str) -> tuple[Provenance, str]:
        if code in standings.named_recognized:
            return "derived", "recognized, so taken to meet every criterion"
        if code in standings.named_meeting:
            return "apportioned", "said to meet the standard by 2024-06, taken to at the end of 2023"
        return "apportioned", "KH 570/KH-UBND (province)"

    return as_rows(
        Value(
            commune.district,
            commune.code,
            f"criterion_{criterion:02d}",
            int(criterion not in missing.get(commune.code, frozenset())),
            "official",
            *origin(commune.code),
        )
        for commune in rural
        for criterion in CRITERIA
    )


def _missing(number: int, turn: int) -> frozenset[int]:
    """Which criteria a commune lacks: the hardest, then some of the hard ones, starting elsewhere each time."""
    rotated = islice(cycle(HARD), turn % len(HARD), None)
    return frozenset([*HARDEST, *islice(rotated, max(number - len(HARDEST), 0))][:number])


def villages(facts: Facts, standings: Standings) -> list[Row]:
    return [
        {
            "code": f"{commune.code}.01",
            "name": "Thôn 1 (minh họa)",
            "valid_from": "2022-01-01",
            "provenance": "illustrative",
            "source": "villages by name are not published; one for each commune that needs one",
        }
        for commune in sorted(
            [*_with_model_village(facts, standings), *_with_standard_village(facts, standings)],
            key=lambda commune: commune.code,
        )
    ]


def recognitions(facts: Facts, standings: Standings) -> list[Row]:
    """Every decision in the order it may be posted: a commune meets, then is advanced, then a model."""
    meets = [
        _decision(s.commune.code, "meets", s.criteria_set, s.number, s.date, s.year, s.provenance, s.source)
        for s in standings.recognized
    ]
    advanced = [
        _advanced("23512", "2021-12-31", 2021, "published", f"advanced 2021 (Đăk Hà); {NOT_PUBLISHED}"),
        _advanced("23521", "2022-12-31", 2022, "published", f"advanced by 2023-04 (Đăk Hà); {NOT_PUBLISHED}"),
        *(
            _advanced(code, "2023-11-30", 2023, "illustrative", "the plan prints four, two are named")
            for code in ILLUSTRATIVE_ADVANCED
        ),
    ]
    model_set = "commune_model_2021_2025"
    model = [
        _decision(
            MODEL, "model", model_set, f"minh họa {MODEL} kiểu mẫu", "2023-12-20", 2023, "illustrative",
            "the plan prints one, without its name", field=FIELD,
        ),
        _decision(
            "23512", "model", model_set, "chưa rõ số 23512 kiểu mẫu", "2024-12-31", 2024, "published",
            f"kontumtv: model in culture of 2024, so not counted in 2023; {NOT_PUBLISHED}", field="culture",
        ),
    ]  # fmt: skip
    return [*meets, *advanced, *model, *_of_villages(facts, standings)]


def _with_model_village(facts: Facts, standings: Standings) -> list[Commune]:
    """Model villages stand in the communes recognized longest."""
    return [standing.commune for standing in standings.recognized[: facts.printed("R06")]]


def _with_standard_village(facts: Facts, standings: Standings) -> list[Commune]:
    """Kon Tum's village standard is for communes that aren't there yet (CT 12-CT/TU)."""
    recognized = {standing.commune.code for standing in standings.recognized}
    others = [c for c in facts.communes.values() if c.rural and c.code not in recognized]
    return others[: facts.printed("R07")]


def _of_villages(facts: Facts, standings: Standings) -> list[Row]:
    def village(commune: Commune, level: str, criteria_set: str, date: str) -> Row:
        code = f"{commune.code}.01"
        source = "the plan prints how many, not which"
        return _decision(
            code, level, criteria_set, f"minh họa {code}", date, int(date[:4]), "illustrative", source
        )

    dates = cycle(("2022-12-15", "2023-06-15", "2023-12-15"))
    return [
        *(
            village(commune, "model", "village_model_2022_2025", date)
            for commune, date in zip(_with_model_village(facts, standings), dates, strict=False)
        ),
        *(
            village(commune, "meets", "village_em_2022_2025", date)
            for commune, date in zip(_with_standard_village(facts, standings), dates, strict=False)
        ),
    ]


def _advanced(unit: str, date: str, year: int, provenance: Provenance, source: str) -> Row:
    number = f"{'chưa rõ số' if provenance == 'published' else 'minh họa'} {unit} nâng cao"
    return _decision(unit, "advanced", "commune_advanced_2021_2025", number, date, year, provenance, source)


def _decision(
    unit: str,
    level: str,
    criteria_set: str,
    number: str,
    date: str,
    year: int,
    provenance: Provenance,
    source: str,
    *,
    field: str = "",
) -> Row:
    return {
        "unit": unit,
        "level": level,
        "field": field,
        "criteria_set": criteria_set,
        "decision_number": number,
        "decision_date": date,
        "year": year,
        "provenance": provenance,
        "source": source,
    }
