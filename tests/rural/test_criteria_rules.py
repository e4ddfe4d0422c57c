"""Which criteria a commune meets by its indicators, to which thresholds, and why. Pure."""

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.criteria.measures import refuse_unknown, stated_on_forms
from services.rural.criteria.rules import NOWHERE, Judge, Where, hold
from services.rural.criteria.thresholds import Threshold, Thresholds
from services.rural.dated_facts import (
    CRITERIA_SETS_FILE,
    THRESHOLDS_FILE,
    load_criteria_sets,
    load_thresholds,
)
from services.rural.rules import CRITERIA
from shared.kit.problems import Fault
from shared.periods import Period
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit

SETS = load_criteria_sets()
COMMUNE = SETS["commune_2021_2025"]
THRESHOLDS = load_thresholds(SETS)
JUDGE = Judge(SETS, THRESHOLDS)
LINE = ("23344", "610", "62")
BY_CODE = {one.code: (criterion, one) for criterion in COMMUNE.criteria for one in criterion.indicators}
years = st.integers(2021, 2024)
"""The years at whose end there was a province 62."""


def judged(values, year=2023, line=LINE, judge=JUDGE):
    found = list(judge.derive(ReportedUnit("23344", line, Period(year)), values))
    verdicts = {it.indicator: it for it in found if isinstance(it, Derivation)}
    return verdicts, [(it.pointer, it.code) for it in found if isinstance(it, Fault)]


def held_to(one, year=2023):
    """The threshold that an indicator is held to in the Central Highlands; None where there is none."""
    found = THRESHOLDS.find(one.code, year, ("tay_nguyen",))
    return Decimal(1) if one.passes else found and found.value


def values_of(one, year, *, holds):
    """A value that holds or fails, at the threshold itself or just beside it."""
    line = held_to(one, year)
    if line is None:
        return st.just(Decimal(50))
    if one.passes:
        return st.just(Decimal(int(holds)))
    better, worse = (Decimal(1), Decimal(-1)) if one.comparator == ">=" else (Decimal(-1), Decimal(1))
    steps = [Decimal(0), Decimal("0.01"), Decimal(5)] if holds else [Decimal("0.01"), Decimal(5)]
    return st.sampled_from([line + (better if holds else worse) * step for step in steps])


@given(st.sampled_from(COMMUNE.criteria), years, st.data())
def test_a_criterion_is_met_only_when_all_its_indicators_are(criterion, year, data):
    values, holding, failing, open_, unstated, inapplicable = {}, [], [], [], [], []
    for one in criterion.indicators:
        case = data.draw(
            st.sampled_from(["holds", "fails", "unstated", *(["inapplicable"] if one.applies else [])])
        )
        if case == "inapplicable":
            values[one.applies] = Decimal(0)
            inapplicable.append(one)
            continue
        if one.applies and data.draw(st.booleans()):
            values[one.applies] = Decimal(1)
        if case == "unstated":
            unstated.append(one)
        else:
            values[one.code] = data.draw(values_of(one, year, holds=case == "holds"))
            (open_ if held_to(one, year) is None else holding if case == "holds" else failing).append(one)
    stated = data.draw(st.sampled_from([None, Decimal(0), Decimal(1)]))
    verdicts, faults = judged(values if stated is None else {**values, criterion.code: stated}, year)

    said_anything = bool(values)
    if not said_anything:
        assert (verdicts, faults) == ({}, [])
    elif failing:
        assert verdicts[criterion.code].value == 0
        assert faults == []
    elif not open_ and not unstated:
        assert verdicts[criterion.code].value == 1
        assert faults == []
    else:
        assert verdicts == {}
        expected = [] if stated is not None else [(one.code, "threshold_missing") for one in open_]
        assert [it for it in faults if it[1] == "threshold_missing"] == expected
        assert any(code == "indicators_missing" for _, code in faults) == (stated is None and bool(unstated))
    for it in verdicts.values():
        assert [ground.indicator for ground in it.grounds] == [
            one.code for one in criterion.indicators if one in (*holding, *failing)
        ]
        assert {ground.indicator for ground in it.grounds if not ground.is_met} == {
            one.code for one in failing
        }
        assert all(one.number in it.why.vi for one in failing)
        assert all(ground.legal_basis and ground.confidence for ground in it.grounds)


@given(years, years, st.integers(300, 600).map(lambda it: Decimal(it) / 10))
def test_the_income_line_is_that_of_the_assessment_year_and_rises(year, other, income):
    lines = {2021: 41, 2022: 44, 2023: 47, 2024: 50}
    one, two = (judged({"indicator_10_1": income}, at)[0]["criterion_10"] for at in (year, other))
    assert one.value == (income >= lines[year])
    assert one.rule == f"commune_2021_2025/tay_nguyen/{year}"
    assert one.grounds[0].threshold == lines[year]
    if year <= other:
        assert one.value >= two.value


areas = st.sampled_from(["23344", "610", "62", "tay_nguyen", "elsewhere"])
rows = st.builds(
    lambda area, first, length, value: Threshold(
        indicator="x", unit=area, years=(first, first + length), value=Decimal(value), legal_basis="QĐ", confidence="-"
    ),
    areas, years, st.integers(0, 2), st.integers(0, 9),
)  # fmt: skip


@given(st.lists(rows, max_size=6), years)
def test_a_units_own_threshold_goes_before_its_provinces_and_its_regions(rows, year):
    table = Thresholds({}, THRESHOLDS.members, {"x": tuple(rows)})
    where = (*LINE, "tay_nguyen")
    fitting = [row for row in rows if row.first_year <= year <= row.last_year and row.area in where]
    found = table.find("x", year, where)
    assert (found is None) == (not fitting)
    if found is not None:
        assert where.index(found.area) == min(where.index(row.area) for row in fitting)


@given(st.dates(date(2019, 1, 1), date(2027, 12, 31)))
def test_a_province_is_in_its_region_while_that_holds(on):
    in_kontum = THRESHOLDS.find_region(("23344", "610", "62"), on)
    assert in_kontum == ("tay_nguyen" if date(2021, 1, 1) <= on <= date(2025, 6, 30) else None)
    merged = THRESHOLDS.find_region(("23293", "51"), on)
    assert merged == ("duyen_hai_nam_trung_bo" if on >= date(2025, 7, 1) else None)


def test_where_no_threshold_is_known_none_is_guessed():
    alone, faults = judged({"indicator_10_1": Decimal(60)}, 2025, ("23293", "51"))
    assert (alone, faults) == ({}, [("indicator_10_1", "threshold_missing")])
    assert judged({"indicator_10_1": Decimal(60)}, 2023, ("99001", "99"))[1] == [
        ("indicator_10_1", "threshold_missing")
    ]
    roads = {f"indicator_02_{at}": Decimal(100) for at in range(1, 5)}
    (first, *_) = JUDGE.derive(ReportedUnit("23344", LINE, Period(2023)), roads)
    assert first.code == "threshold_missing"
    assert all(
        it in first.sentence.vi for it in ("2.1", "Tây Nguyên", "2023", "UBND cấp tỉnh", "criterion_02")
    )
    assert all(it in first.sentence.en for it in ("2.1", "Central Highlands", "left to the province"))
    assert judged({**roads, "criterion_02": Decimal(1)}) == ({}, [])
    assert judged({"indicator_10_1": Decimal(60)}, 2026) == ({}, [])


@given(st.sets(st.sampled_from(CRITERIA)), st.integers(2016, 2030))
def test_of_a_year_without_a_set_there_is_no_verdict(stated, year):
    verdicts, faults = judged(dict.fromkeys(stated, Decimal(1)), year)
    missing = [] if 2021 <= year <= 2025 else [(code, "criteria_set_missing") for code in sorted(stated)]
    assert (verdicts, faults) == ({}, missing)


def test_an_indicator_that_does_not_apply_has_no_value():
    crafts = {f"indicator_13_{at}": Decimal(1) for at in (1, 2, 3, 5)}
    assert judged(crafts)[1] == [("indicator_13_1", "indicators_missing")]
    none = {**crafts, "indicator_13_4_applies": Decimal(0)}
    assert judged(none)[0]["criterion_13"].value == 1
    assert len(judged(none)[0]["criterion_13"].grounds) == 4
    _, faults = judged({**none, "indicator_13_4": Decimal(0)})
    assert faults == [("indicator_13_4", "indicator_does_not_apply")]
    assert judged({**crafts, "indicator_13_4_applies": Decimal(1)})[1] == [
        ("indicator_13_1", "indicators_missing")
    ]


def test_the_reason_is_said_in_words():
    verdicts, _ = judged(
        {"indicator_11_1": Decimal("9.5"), "indicator_01_1": Decimal(0), "indicator_01_2": Decimal(1)}
    )
    assert verdicts["criterion_11"].why == (
        "Không đạt: 11.1 là 9,5%, cần <= 7%.",
        "Not met: 11.1 is 9.5%, wanted <= 7%.",
    )
    assert verdicts["criterion_01"].why.vi == "Không đạt: 1.1 chưa đạt."
    assert judged({"indicator_10_1": Decimal(47)})[0]["criterion_10"].why.vi == "Đạt: cả 1 chỉ tiêu đều đạt."


def test_the_shipped_set_is_the_one_of_the_law():
    assert (len(COMMUNE.criteria), len(COMMUNE.indicators), len(COMMUNE.groups)) == (19, 57, 5)
    assert tuple(it.code for it in COMMUNE.criteria) == CRITERIA
    assert [one.number for one in COMMUNE.indicators if one.delegated] == ["2.1", "2.2", "2.3", "2.4", "6.1"]
    without = [one.number for one in COMMUNE.indicators if held_to(one) is None]
    assert without == ["2.1", "2.2", "2.3", "2.4", "17.2", "17.6", "17.8", "17.9", "17.12"]
    assert {it.code: len(it.criteria) for it in SETS.values() if it.criteria} == {
        "commune_2021_2025": 19,
        "commune_advanced_2021_2025": 19,
        "district_2021_2025": 9,
    }
    assert SETS["village_em_2022_2025"].criteria_count == 10
    assert len(SETS["commune_model_2021_2025"].conditions) == 4
    stated = list(stated_on_forms(SETS))
    assert len(stated) == 58
    assert not any(one.adds for one in stated)
    assert all(one.label.vi and one.legal_basis for one in stated)


def test_what_an_indicator_is_held_to_is_within_what_can_be_stated():
    stated = {one.code: one for one in stated_on_forms(SETS)}
    for code, found in THRESHOLDS.by_indicator.items():
        for row in found:
            assert stated[code].minimum <= row.value <= stated[code].maximum
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


def test_a_verdict_that_nobody_can_state_is_refused():
    (first, *others) = COMMUNE.criteria
    strange = replace(COMMUNE, criteria=(replace(first, code="criterion_99"), *others))

    class Knows:
        indicators = dict.fromkeys(CRITERIA)

    refuse_unknown({"commune_2021_2025": COMMUNE}, Knows)
    with pytest.raises(ValueError, match=r"\['criterion_99'\]"):
        refuse_unknown({"commune_2021_2025": strange}, Knows)


def test_what_is_held_is_told_apart_from_what_is_lacking():
    (environment,) = [it for it in COMMUNE.criteria if it.number == 17]
    values = {"indicator_17_1": Decimal(30), "indicator_17_2": Decimal(90)}
    held = hold(environment, values, Where(2023, ("tay_nguyen",), None, NOWHERE), THRESHOLDS)
    assert [it.indicator for it in held.grounds] == ["indicator_17_1"]
    assert [it.number for it in held.without_threshold] == ["17.2"]
    assert len(held.unstated) == 10
    assert held.met is None
