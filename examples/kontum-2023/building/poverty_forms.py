"""The forms beside the yearly review, and the years before 2023."""

from building.apportion import apportion
from building.facts import POOR_HOUSEHOLDS_2022, Facts
from building.tables import Provenance, Row, Value, as_rows

LEVEL_PERCENT = {"college": 3, "secondary": 9, "elementary": 28, "under_three_months": 60}
JOBS_PERCENT = {"jobs_at_home": 96, "jobs_abroad": 4}
"""Not published: the plan prints 6,975 persons and 7,267 workers, and its footnote on the levels was not found."""

HOUSEHOLDS_2020, HOUSEHOLDS_2022 = 141_895, 146_805
"""Chosen: 14,601 of 141,895 are 10.29 % and 8,372 are 5.90 %; 15,943 of 146,805 are 10.86 % and 8,857 are 6.03 %."""
EXITS_2022, EXITS_2022_TO_NEAR_POOR = 6_782, 4_069
"""60 % of the exits; how many became near-poor is not published."""

PROVINCE = "62"
"""The department states the years before, for itself and for its districts."""
ARTICLE = "Thời Đại 2023 (review of 2022)"
FORM_05 = "Biểu số 05 (districts, end of 2021)"
FORM_05_DERIVED = f"{FORM_05}: EM poor by their share of the poor"


def annual_livelihoods(results: list[Row]) -> list[Row]:
    """Return the trained by level, and jobs at home and abroad, of each district: parts that add up to its results."""
    rows: list[Value] = []
    for row in results:
        trained = row["indicator"] == "persons_trained"
        for part, share in apportion(int(row["value"]), LEVEL_PERCENT if trained else JOBS_PERCENT).items():
            indicator = f"persons_trained_by_level.{part}" if trained else part
            district, source = str(row["district"]), "KH 570/KH-UBND (province); the parts are assumed"
            rows.append(Value(district, district, indicator, share, "official", "apportioned", source))
    return as_rows(rows)


def review_em_poor(facts: Facts, review: list[Row], land: list[Row]) -> list[Row]:
    """Return form 12: EM households of the end of 2021, and the poor among them by the EM share of the poor then."""
    values = {(str(row["unit"]), str(row["indicator"])): int(row["value"]) for row in review}
    em_households = {
        str(row["unit"]): int(row["value"]) for row in land if row["indicator"] == "em_households"
    }
    rows: list[Value] = []
    for code, commune in sorted(facts.communes.items(), key=lambda pair: (pair[1].district, pair[0])):
        households, poor = values[code, "households"], values[code, "poor_households"]
        em, district = em_households[code], commune.district
        em_share = poor * facts.em_poor_households_2021[district] // facts.poor_households_2021[district]
        em_poor = min(em, max(em_share, poor - (households - em)))
        columns = {
            "em_review_households": households,
            "kinh_households": households - em,
            "em_households": em,
            "em_review_poor_households": poor,
            "kinh_poor_households": poor - em_poor,
            "em_poor_households": em_poor,
        }
        source = f"{FORM_05}; QĐ 654/QĐ-UBND 27/12/2023 (province)"
        rows += [
            Value(district, code, indicator, value, "official", "apportioned", source)
            for indicator, value in columns.items()
        ]
    return as_rows(rows)


def series(facts: Facts) -> list[Row]:
    """Return what is published of the years before: the province in 2020 and 2022, the ten districts at the end of 2021."""
    old, new = "qd_59_2015", "nd_07_2021"
    exits = f"{ARTICLE}: 6,782 exits"
    province: list[tuple[str, str, str, int, Provenance, str]] = [
        ("2020", old, "households", HOUSEHOLDS_2020, "derived", "chosen to fit 10.29 and 5.90 %"),
        ("2020", old, "poor_households", 14_601, "published", "QĐ 04/QĐ-UBND 04/01/2021"),
        ("2020", old, "near_poor_households", 8_372, "published", "QĐ 04/QĐ-UBND 04/01/2021"),
        ("2021", new, "near_poor_households", 9_091, "published", ARTICLE),
        ("2022", new, "households", HOUSEHOLDS_2022, "derived", "chosen to fit 10.86 and 6.03 %"),
        ("2022", new, "near_poor_households", 8_857, "published", ARTICLE),
        ("2022", new, "poor_households_start", 21_989, "published", ARTICLE),
        ("2022", new, "poor_to_near_poor", EXITS_2022_TO_NEAR_POOR, "apportioned", exits),
        ("2022", new, "poor_to_above_near_poor", EXITS_2022 - EXITS_2022_TO_NEAR_POOR, "apportioned", exits),
        ("2022", new, "poor_other_decrease", 40, "derived", "the published movement does not close without it"),
        ("2022", new, "near_poor_to_poor", 169, "published", ARTICLE),
        ("2022", new, "returned_to_poverty", 13, "published", ARTICLE),
        ("2022", new, "newly_poor", 594, "published", ARTICLE),
        ("2022", new, "poor_other_increase", 0, "derived", "the published movement closes without it"),
        ("2022", new, "poor_households", POOR_HOUSEHOLDS_2022, "published", ARTICLE),
    ]  # fmt: skip
    rows = [
        _make_series_row(period, standard, "annual_review", PROVINCE, indicator, value, provenance, source)
        for period, standard, indicator, value, provenance, source in province
    ]
    for district in facts.districts:
        households, em = facts.households_2021[district], facts.em_households_2021[district]
        poor, em_poor = facts.poor_households_2021[district], facts.em_poor_households_2021[district]
        columns: list[tuple[str, str, int, Provenance, str]] = [
            ("annual_review", "households", households, "published", FORM_05),
            ("annual_review", "poor_households", poor, "derived", FORM_05_DERIVED),
            ("review_em_poor", "em_review_households", households, "published", FORM_05),
            ("review_em_poor", "kinh_households", households - em, "derived", FORM_05),
            ("review_em_poor", "em_households", em, "published", FORM_05),
            ("review_em_poor", "em_review_poor_households", poor, "derived", FORM_05_DERIVED),
            ("review_em_poor", "kinh_poor_households", poor - em_poor, "derived", FORM_05_DERIVED),
            ("review_em_poor", "em_poor_households", em_poor, "published", FORM_05),
        ]
        rows += [
            _make_series_row("2021", new, form, district, indicator, value, provenance, source)
            for form, indicator, value, provenance, source in columns
        ]
    return rows


def _make_series_row(
    period: str, standard: str, form: str, unit: str, indicator: str, value: int, provenance: str, source: str
) -> Row:
    row: Row = {"period": period, "standard": standard, "form": form, "district": PROVINCE, "unit": unit}
    return row | {
        "indicator": indicator,
        "value": value,
        "status": "official",
        "provenance": provenance,
        "source": source,
    }
