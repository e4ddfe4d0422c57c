"""The 19 criteria of the 85 rural communes, the villages, and the decisions that recognize both."""

from itertools import cycle, islice

from building.facts import Commune, Facts
from building.recognized import RecognizedCommunes
from building.tables import Provenance, Row, Value, as_rows

CRITERIA = range(1, 20)

MET_BY_COMMUNES_SHORT = (18, 17, 17, 16, 16, 15, 15, *[13] * 4, *[12] * 7, *[11] * 9, *[10] * 8, 9, 7)
"""Criteria met by the 37 communes short of 19, most first: 445 in all, so 1,357 for 85 communes, 15.96 on average."""

HARDEST = (10, 11)
"""Income and poverty: the first criteria to be missing."""
HARD = (17, 2, 13, 6, 5, 9, 15, 12, 14, 18)
"""Environment, roads, production, culture, schools, housing, health, labour, education, politics: the next, in turns."""

MODEL, FIELD = "23521", "production"
"""Hà Mòn, advanced by April 2023. The model commune of 2023 is not published; it was not Đăk Mar."""
ILLUSTRATIVE_ADVANCED = ("23326", "23437")
"""Ia Chim and Tân Cảnh: recognized by 2019. The plan prints four advanced communes; two are known."""

NOT_PUBLISHED = "number and day not published"


def criteria_assessment(facts: Facts, communes: RecognizedCommunes) -> list[Row]:
    short = sorted(
        (
            commune
            for commune in facts.communes.values()
            if commune.rural and commune.code not in communes.meeting
        ),
        key=lambda commune: (
            facts.poor_households_2021[commune.district] / facts.households_2021[commune.district],
            commune.code,
        ),
    )
    missing: dict[str, frozenset[int]] = {
        commune.code: _choose_missing(19 - met, turn)
        for turn, (commune, met) in enumerate(zip(short, MET_BY_COMMUNES_SHORT, strict=True))
    }
    rural = sorted(
        (commune for commune in facts.communes.values() if commune.rural),
        key=lambda commune: (commune.district, commune.code),
    )

    def find_origin(code: str) -> tuple[Provenance, str]:
        if code in communes.named_recognized:
            return "derived", "recognized, so taken to meet every criterion"
        if code in communes.named_meeting:
            return "apportioned", "said to meet the standard by 2024-06, taken to at the end of 2023"
        return "apportioned", "KH 570/KH-UBND (province)"

    return as_rows(
        Value(
            commune.district,
            commune.code,
            f"criterion_{criterion:02d}",
            int(criterion not in missing.get(commune.code, frozenset())),
            "official",
            *find_origin(commune.code),
        )
        for commune in rural
        for criterion in CRITERIA
    )


def _choose_missing(number: int, turn: int) -> frozenset[int]:
    """Return the criteria that a commune does not meet: the hardest, then some of the hard ones, rotated by turn."""
    rotated = islice(cycle(HARD), turn % len(HARD), None)
    return frozenset([*HARDEST, *islice(rotated, max(number - len(HARDEST), 0))][:number])


def villages(facts: Facts, communes: RecognizedCommunes) -> list[Row]:
    return [
        {
            "code": f"{commune.code}.01",
            "name": "Thôn 1 (minh họa)",
            "valid_from": "2022-01-01",
            "provenance": "illustrative",
            "source": "villages by name are not published; one for each commune that needs one",
        }
        for commune in sorted(
            [*_with_model_village(facts, communes), *_with_standard_village(facts, communes)],
            key=lambda commune: commune.code,
        )
    ]


def recognitions(facts: Facts, communes: RecognizedCommunes) -> list[Row]:
    """Return the decisions in an order in which they can be posted: meets, then advanced, then model."""
    meets = [
        _to_row(
            recognized.commune.code,
            "meets",
            recognized.criteria_set,
            recognized.number,
            recognized.date,
            recognized.year,
            recognized.provenance,
            recognized.source,
        )
        for recognized in communes.recognized
    ]
    advanced = [
        _recognize_advanced(
            "23512", "2021-12-31", 2021, "published", f"advanced 2021 (Đăk Hà); {NOT_PUBLISHED}"
        ),
        _recognize_advanced(
            "23521", "2022-12-31", 2022, "published", f"advanced by 2023-04 (Đăk Hà); {NOT_PUBLISHED}"
        ),
        *(
            _recognize_advanced(
                code, "2023-11-30", 2023, "illustrative", "the plan prints four, two are named"
            )
            for code in ILLUSTRATIVE_ADVANCED
        ),
    ]
    model_set = "commune_model_2021_2025"
    model = [
        _to_row(
            MODEL, "model", model_set, f"minh họa {MODEL} kiểu mẫu", "2023-12-20", 2023, "illustrative",
            "the plan prints one, without its name", field=FIELD,
        ),
        _to_row(
            "23512", "model", model_set, "chưa rõ số 23512 kiểu mẫu", "2024-12-31", 2024, "published",
            f"kontumtv: model in culture of 2024, so not counted in 2023; {NOT_PUBLISHED}", field="culture",
        ),
    ]  # fmt: skip
    return [*meets, *advanced, *model, *_recognize_villages(facts, communes)]


def _with_model_village(facts: Facts, communes: RecognizedCommunes) -> list[Commune]:
    """Return the communes with a model village: those recognized first."""
    return [recognized.commune for recognized in communes.recognized[: facts.read_figure("R06")]]


def _with_standard_village(facts: Facts, communes: RecognizedCommunes) -> list[Commune]:
    """Return the communes with a village that meets the standard: it is for communes not recognized (CT 12-CT/TU)."""
    codes = {recognized.commune.code for recognized in communes.recognized}
    others = [commune for commune in facts.communes.values() if commune.rural and commune.code not in codes]
    return others[: facts.read_figure("R07")]


def _recognize_villages(facts: Facts, communes: RecognizedCommunes) -> list[Row]:
    def recognize_village(commune: Commune, level: str, criteria_set: str, date: str) -> Row:
        code = f"{commune.code}.01"
        source = "the plan prints how many, not which"
        return _to_row(
            code, level, criteria_set, f"minh họa {code}", date, int(date[:4]), "illustrative", source
        )

    dates = cycle(("2022-12-15", "2023-06-15", "2023-12-15"))
    return [
        *(
            recognize_village(commune, "model", "village_model_2022_2025", date)
            for commune, date in zip(_with_model_village(facts, communes), dates, strict=False)
        ),
        *(
            recognize_village(commune, "meets", "village_em_2022_2025", date)
            for commune, date in zip(_with_standard_village(facts, communes), dates, strict=False)
        ),
    ]


def _recognize_advanced(unit: str, date: str, year: int, provenance: Provenance, source: str) -> Row:
    number = f"{'chưa rõ số' if provenance == 'published' else 'minh họa'} {unit} nâng cao"
    return _to_row(unit, "advanced", "commune_advanced_2021_2025", number, date, year, provenance, source)


def _to_row(
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
