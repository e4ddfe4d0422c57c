"""The verdicts that follow from the values of indicators, their thresholds and their reasons."""

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.assessments.rules import CRITERIA
from services.rural.criteria.explanations import list_unsure_grounds
from services.rural.criteria.indicators import check_verdicts, make_indicators
from services.rural.criteria.rules import (
    UNKNOWN_REGION,
    AssessmentArea,
    VerdictDerivation,
    compare_indicators,
)
from services.rural.criteria.rules import find_threshold as find_indicator_threshold
from services.rural.criteria.sets import CriteriaSets, CriterionIndicator
from services.rural.criteria.thresholds import Threshold, Thresholds, ThresholdsInUse
from services.rural.dated_facts import (
    CRITERIA_SETS_FILE,
    THRESHOLDS_FILE,
    load_criteria_sets,
    load_thresholds,
)
from shared.kit.problems import Fault
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit, ThresholdGround

SETS = load_criteria_sets()
COMMUNE = SETS["commune_2021_2025"]
THRESHOLDS = load_thresholds(SETS)
DERIVATION = VerdictDerivation(SETS, ThresholdsInUse(THRESHOLDS))
ON = date(2023, 12, 31)
LINE = ("23344", "610", "62")
OF_PARTS = ("total_outside_groups", "share_exceeds_total")
years = st.integers(2021, 2024)
"""The years at whose end there was a province 62."""


def derive(values, year=2023, line=LINE):
    """Return the derived verdicts by code, and the faults by indicator and code."""
    results = list(DERIVATION.derive(ReportedUnit("23344", line, Period(year)), values))
    verdicts = {result.indicator: result for result in results if isinstance(result, Derivation)}
    return verdicts, [(result.pointer, result.code) for result in results if isinstance(result, Fault)]


def find_threshold(indicator, year=2023):
    """Return the threshold of an indicator in the Central Highlands; None where there is none."""
    area = AssessmentArea(year, date(year, 12, 31), ("tay_nguyen",), None, UNKNOWN_REGION)
    threshold = find_indicator_threshold(indicator, area, THRESHOLDS)
    return Decimal(1) if indicator.passes else threshold and threshold.value


def values_of(indicator, year, *, met):
    """Return a strategy of values that meet or miss the threshold, at it or just beside it."""
    threshold = find_threshold(indicator, year)
    if threshold is None:
        return st.just(Decimal(50))
    if indicator.passes:
        return st.just(Decimal(int(met)))
    better, worse = (1, -1) if indicator.comparator == ">=" else (-1, 1)
    steps = [Decimal(0), Decimal("0.01"), Decimal(5)] if met else [Decimal("0.01"), Decimal(5)]
    return st.sampled_from([threshold + (better if met else worse) * step for step in steps])


@given(st.sampled_from(COMMUNE.criteria), years, st.data())
def test_a_criterion_is_met_only_when_all_its_indicators_are(criterion, year, data):
    values: dict[str, Decimal] = {}
    met: list[CriterionIndicator] = []
    failed: list[CriterionIndicator] = []
    without_threshold, unstated = [], []
    for indicator in criterion.numbers:
        case = data.draw(
            st.sampled_from(["met", "failed", "unstated", *(["inapplicable"] if indicator.applies else [])])
        )
        if case == "inapplicable":
            values[indicator.applies] = Decimal(0)
            continue
        if indicator.applies and data.draw(st.booleans()):
            values[indicator.applies] = Decimal(1)
        if case == "unstated":
            unstated += [] if indicator.is_optional else [indicator]
            continue
        values[indicator.code] = data.draw(values_of(indicator, year, met=case == "met"))
        if find_threshold(indicator, year) is None:
            without_threshold.append(indicator)
        else:
            (met if case == "met" else failed).append(indicator)
    stated = data.draw(st.sampled_from([None, Decimal(0), Decimal(1)]))
    verdicts, faults = derive(values if stated is None else {**values, criterion.code: stated}, year)
    faults = [fault for fault in faults if fault[1] not in OF_PARTS]

    if not values:
        assert (verdicts, faults) == ({}, [])
    elif failed:
        assert verdicts[criterion.code].value == 0
        assert faults == []
    elif not without_threshold and not unstated:
        assert verdicts[criterion.code].value == 1
        assert faults == []
    else:
        assert verdicts == {}
        expected = [(indicator.code, "threshold_missing") for indicator in without_threshold]
        missing = [fault for fault in faults if fault[1] == "threshold_missing"]
        assert missing == (expected if stated is None else [])
        assert any(code == "indicators_missing" for _, code in faults) == (stated is None and bool(unstated))
    for verdict in verdicts.values():
        grounds = verdict.grounds
        assert [ground.indicator for ground in grounds] == [
            indicator.code for indicator in criterion.numbers if indicator in (*met, *failed)
        ]
        assert {ground.indicator for ground in grounds if not ground.is_met} == {
            indicator.code for indicator in failed
        }
        assert all(indicator.number in verdict.why.vi for indicator in failed)
        assert all(ground.legal_basis and ground.confidence for ground in grounds)


@given(years, years, st.integers(300, 600).map(lambda tenths: Decimal(tenths) / 10))
def test_the_income_threshold_is_that_of_the_assessment_year_and_rises(year, other_year, income):
    thresholds = {2021: 41, 2022: 44, 2023: 47, 2024: 50}
    verdict, other = (
        derive({"indicator_10_1": income}, assessed)[0]["criterion_10"] for assessed in (year, other_year)
    )
    assert verdict.value == (income >= thresholds[year])
    assert verdict.rule == f"commune_2021_2025/tay_nguyen/{year}"
    assert verdict.grounds[0].threshold == thresholds[year]
    if year <= other_year:
        assert verdict.value >= other.value


areas = st.sampled_from(["23344", "610", "62", "tay_nguyen", "elsewhere"])
rows = st.builds(
    lambda area, first, length, value: Threshold(
        indicator="x", unit=area, years=(first, first + length), value=Decimal(value), legal_basis="QĐ", confidence="-"
    ),
    areas, years, st.integers(0, 2), st.integers(0, 9),
)  # fmt: skip


@given(st.lists(rows, max_size=6), years)
def test_the_threshold_of_the_nearest_area_applies(rows, year):
    thresholds = Thresholds({}, THRESHOLDS.members, {"x": tuple(rows)})
    areas_of_unit = (*LINE, "tay_nguyen")
    candidates = [
        row for row in rows if row.first_year <= year <= row.last_year and row.area in areas_of_unit
    ]
    threshold = thresholds.find("x", year, areas_of_unit, ON)
    assert (threshold is None) == (not candidates)
    if threshold is not None:
        assert areas_of_unit.index(threshold.area) == min(areas_of_unit.index(row.area) for row in candidates)


@given(st.dates(date(2019, 1, 1), date(2027, 12, 31)))
def test_a_province_is_in_its_region_while_the_row_is_in_force(on):
    region_of_62 = THRESHOLDS.find_region(("23344", "610", "62"), on)
    assert region_of_62 == ("tay_nguyen" if date(2021, 1, 1) <= on <= date(2025, 6, 30) else None)
    region_of_51 = THRESHOLDS.find_region(("23293", "51"), on)
    assert region_of_51 == ("duyen_hai_nam_trung_bo" if on >= date(2025, 7, 1) else None)


def test_without_a_threshold_there_is_no_verdict():
    verdicts, faults = derive({"indicator_10_1": Decimal(60)}, 2025, ("23293", "51"))
    assert (verdicts, faults) == ({}, [("indicator_10_1", "threshold_missing")])
    assert derive({"indicator_10_1": Decimal(60)}, 2023, ("99001", "99"))[1] == [
        ("indicator_10_1", "threshold_missing")
    ]
    roads = {f"indicator_02_{number}": Decimal(100) for number in range(1, 5)}
    (fault, *_) = DERIVATION.derive(ReportedUnit("23344", LINE, Period(2023)), roads)
    assert isinstance(fault, Fault)
    assert fault.code == "threshold_missing"
    assert all(
        part in fault.sentence.vi for part in ("2.1", "Tây Nguyên", "2023", "UBND cấp tỉnh", "criterion_02")
    )
    assert all(part in fault.sentence.en for part in ("2.1", "Central Highlands", "which the province sets"))
    assert derive({**roads, "criterion_02": Decimal(1)}) == ({}, [])
    assert derive({"indicator_10_1": Decimal(60)}, 2026) == ({}, [])


@given(st.sets(st.sampled_from(CRITERIA)), st.integers(2016, 2030))
def test_a_year_without_a_set_has_no_verdict(stated, year):
    verdicts, faults = derive(dict.fromkeys(stated, Decimal(1)), year)
    missing = [] if 2021 <= year <= 2025 else [(code, "criteria_set_missing") for code in sorted(stated)]
    assert (verdicts, faults) == ({}, missing)


def test_an_indicator_that_does_not_apply_has_no_value():
    values = {f"indicator_13_{number}": Decimal(1) for number in (1, 2, 3, 5)}
    assert derive(values)[1] == [("indicator_13_1", "indicators_missing")]
    inapplicable = {**values, "indicator_13_4_applies": Decimal(0)}
    assert derive(inapplicable)[0]["criterion_13"].value == 1
    assert len(derive(inapplicable)[0]["criterion_13"].grounds) == 4
    _, faults = derive({**inapplicable, "indicator_13_4": Decimal(0)})
    assert faults == [("indicator_13_4", "indicator_does_not_apply")]
    assert derive({**values, "indicator_13_4_applies": Decimal(1)})[1] == [
        ("indicator_13_1", "indicators_missing")
    ]


def test_the_reason_is_a_sentence_in_both_languages():
    verdicts, _ = derive(
        {"indicator_11_1": Decimal("9.5"), "indicator_01_1": Decimal(0), "indicator_01_2": Decimal(1)}
    )
    assert verdicts["criterion_11"].why == (
        "Không đạt: 11.1 là 9,5%, cần <= 7%. Kết luận dựa trên ngưỡng chưa đối chiếu với văn bản: 11.1.",
        "Not met: 11.1 is 9.5%, required <= 7%. The verdict rests on thresholds not checked against the document: 11.1.",
    )
    assert verdicts["criterion_01"].why.vi == "Không đạt: 1.1 chưa đạt."
    assert derive({"indicator_10_1": Decimal(47)})[0]["criterion_10"].why.vi == (
        "Đạt: cả 1 chỉ tiêu đều đạt. Kết luận dựa trên ngưỡng chưa đối chiếu với văn bản: 10.1."
    )


def test_an_indicator_with_groups_is_met_by_each_of_them_and_one_with_shares_needs_each_number():
    labour = {"indicator_12_1_men": 75, "indicator_12_1_women": 69, "indicator_12_2_men": 20}
    values = {code: Decimal(value) for code, value in labour.items()}
    verdicts, _ = derive({**values, "indicator_12_2_women": Decimal(21)})
    assert verdicts["criterion_12"].value == 0
    assert verdicts["criterion_12"].why.en.startswith("Not met: 12.1 (women) is 69%, required >= 70%.")
    enough = {**values, "indicator_12_1_women": Decimal(70), "indicator_12_2_women": Decimal(21)}
    verdicts, faults = derive(enough)
    assert (verdicts["criterion_12"].value, faults) == (1, [])
    assert verdicts["criterion_12"].why.vi.startswith("Đạt: cả 2 chỉ tiêu đều đạt.")
    assert derive({"indicator_12_1": Decimal(80), "indicator_12_2": Decimal(30)})[1] == [
        ("indicator_12_1", "indicators_missing")
    ]
    assert derive({**enough, "indicator_12_1": Decimal(76)})[1] == [
        ("indicator_12_1", "total_outside_groups")
    ]
    water = {"indicator_17_1": Decimal(40), "indicator_17_1_central": Decimal(41)}
    assert ("indicator_17_1_central", "share_exceeds_total") in derive(water)[1]


@given(
    st.lists(
        st.builds(
            ThresholdGround,
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 3).map(Decimal),
            st.sampled_from([">=", "<=", "="]),
            st.just(Decimal(2)),
            st.just("QĐ"),
            st.sampled_from(["sourced", "from memory", "unsure"]),
        ),
        max_size=4,
    )
)
def test_a_verdict_is_unsure_unless_what_decides_it_is_sourced(grounds):
    unsure = list_unsure_grounds(grounds)
    decisive = [ground for ground in grounds if not ground.is_met] or grounds
    sure = [ground for ground in decisive if ground.comparator == "=" or ground.confidence == "sourced"]
    if all(ground.is_met for ground in grounds):
        assert unsure == [ground for ground in grounds if ground not in sure]
    else:
        assert unsure == ([] if sure else decisive)


def test_the_shipped_sets_have_the_counts_of_the_decisions():
    assert (len(COMMUNE.criteria), len(COMMUNE.indicators), len(COMMUNE.groups)) == (19, 57, 5)
    assert tuple(criterion.code for criterion in COMMUNE.criteria) == CRITERIA
    assert [indicator.number for indicator in COMMUNE.indicators if indicator.delegated] == [
        "2.1",
        "2.2",
        "2.3",
        "2.4",
        "6.1",
    ]
    without_threshold = [
        indicator.name.en for indicator in COMMUNE.numbers if find_threshold(indicator) is None
    ]
    roads = ["2.1", "2.2", "2.3", "2.4"]
    assert without_threshold == [
        *roads,
        "17.1 (from central works)",
        "17.2",
        "17.6",
        "17.8",
        "17.9",
        "17.12",
    ]
    assert {
        criteria_set.code: len(criteria_set.criteria)
        for criteria_set in SETS.values()
        if criteria_set.criteria
    } == {
        "commune_2016_2020": 19,
        "commune_2021_2025": 19,
        "commune_advanced_2021_2025": 19,
        "district_2021_2025": 9,
    }
    assert SETS["village_em_2022_2025"].criteria_count == 10
    assert len(SETS["commune_model_2021_2025"].conditions) == 4
    indicators = list(make_indicators(SETS))
    assert len(indicators) == 57 + 1 + 9
    assert not any(indicator.adds for indicator in indicators)
    assert all(indicator.label.vi and indicator.legal_basis for indicator in indicators)


def test_every_threshold_is_within_the_values_that_can_be_stated():
    indicators = {indicator.code: indicator for indicator in make_indicators(SETS)}
    for code, rows in THRESHOLDS.by_indicator.items():
        for row in rows:
            assert indicators[code].minimum <= row.value <= indicators[code].maximum
            assert COMMUNE.includes_year(row.first_year)
            assert COMMUNE.includes_year(row.last_year)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (CRITERIA_SETS_FILE, "indicators = 57", "indicators = 58", "commune_2021_2025: names 57 of 58"),
        (CRITERIA_SETS_FILE, 'group = "V"', 'group = "VI"', "of unknown groups"),
        (THRESHOLDS_FILE, '"indicator_10_1"', '"indicator_10_9"', "unknown indicator: indicator_10_9"),
        (THRESHOLDS_FILE, '"indicator_10_1"', '"indicator_01_1"', "unknown indicator: indicator_01_1"),
        (THRESHOLDS_FILE, 'region = "tay_nguyen"', 'region = "tay_bac"', "unknown region: tay_bac"),
        (THRESHOLDS_FILE, "years = [2022, 2022]", "years = [2021, 2022]", "two rows in force at once for indicator_10_1, tay_nguyen"),
        (THRESHOLDS_FILE, 'unit = "51"', 'unit = "62"\nvalid_to = 2025-06-30', None),
    ],
)  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused(tmp_path, file, old, new, problem):
    changed = tmp_path / file.name
    shutil.copy(file, changed)
    text = changed.read_text(encoding="utf-8")
    assert old in text
    if problem is None:
        new, problem = text.replace('unit = "51"', 'unit = "62"').replace("valid_from = 2025-07-01", "valid_from = 2025-01-01"), "two rows in force at once for 62"  # fmt: skip
        changed.write_text(new, encoding="utf-8")
    else:
        changed.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        load_thresholds(
            load_criteria_sets(changed if file is CRITERIA_SETS_FILE else None),
            changed if file is THRESHOLDS_FILE else None,
        )


def test_a_verdict_that_is_not_an_indicator_is_refused():
    (first, *others) = COMMUNE.criteria
    changed = replace(COMMUNE, criteria=(replace(first, code="criterion_99"), *others))

    catalogue = cast("Catalogue", SimpleNamespace(indicators=dict.fromkeys(CRITERIA)))
    check_verdicts(CriteriaSets({"commune_2021_2025": COMMUNE}), catalogue)
    with pytest.raises(ValueError, match=r"\['criterion_99'\]"):
        check_verdicts(CriteriaSets({"commune_2021_2025": changed}), catalogue)


def test_a_comparison_lists_grounds_missing_values_and_missing_thresholds():
    (environment,) = [criterion for criterion in COMMUNE.criteria if criterion.number == 17]
    values = {"indicator_17_1": Decimal(30), "indicator_17_2": Decimal(90)}
    comparison = compare_indicators(
        environment, values, AssessmentArea(2023, ON, ("tay_nguyen",), None, UNKNOWN_REGION), THRESHOLDS
    )
    assert [ground.indicator for ground in comparison.grounds] == ["indicator_17_1"]
    assert [indicator.number for indicator in comparison.without_threshold] == ["17.2"]
    assert len(comparison.unstated) == 11
    assert comparison.met is None
