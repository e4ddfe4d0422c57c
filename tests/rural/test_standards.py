"""District and province standards, computed from communes and from what districts report."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import load_criteria_sets, load_standards
from services.rural.standards.rules import (
    ReportedValue,
    StandardInputs,
    evaluate_conditions,
    is_standard_met,
    list_indicators,
    with_criteria,
)
from tests.program_clients import read_table
from tests.rural.bodies import meets_body, to_recognition
from tests.rural.test_criteria import report_and_accept_rows

SETS = load_criteria_sets()
STANDARDS = with_criteria(load_standards(SETS), SETS)
CONDITIONS = STANDARDS.conditions
ON = date(2023, 12, 31)
DISTRICT_CONDITIONS = {
    condition.code: condition for condition in CONDITIONS if condition.standard == "district"
}
CRITERIA = [f"district_criterion_{number}" for number in range(1, 10)]
levels = st.dictionaries(
    st.sampled_from("abcdefghijkl"), st.sets(st.sampled_from(["meets", "advanced"])), max_size=12
)
"""Communes with their levels in force."""
verdicts = st.sampled_from([None, Decimal(0), Decimal(1)])
"""A reported verdict; None: not reported."""
percents = st.integers(0, 100).map(Decimal)


def evaluate(code, inputs, least_percent=None):
    """Return the result of one condition for a district."""
    condition = DISTRICT_CONDITIONS[code]
    if least_percent is not None:
        condition = replace(condition, least_percent=least_percent)
    (result,) = evaluate_conditions([condition], "district", ON, inputs)
    return result


@given(levels, percents)
def test_a_share_is_met_when_enough_communes_are_recognized(levels_by_commune, least_percent):
    communes = list(levels_by_commune)
    for code, level in (("communes_recognized", "meets"), ("communes_advanced", "advanced")):
        result = evaluate(code, StandardInputs("610", communes, levels_by_commune), least_percent)
        having = sum(level in levels_of_commune for levels_of_commune in levels_by_commune.values())
        assert result.met == (bool(communes) and Decimal(having * 100) >= least_percent * len(communes))
        assert len(result.lacking) == (0 if result.met or not communes else len(communes) - having)
        assert result.unstated == ()


@given(st.fixed_dictionaries(dict.fromkeys(CRITERIA, verdicts)), percents)
def test_a_share_of_the_districts_criteria_is_unknown_while_missing_values_can_decide_it(
    values, least_percent
):
    reported = {
        ("610", code): ReportedValue(value, "2023") for code, value in values.items() if value is not None
    }
    result = evaluate("district_criteria", StandardInputs("610", (), reported=reported), least_percent)
    met = sum(value == 1 for value in values.values())
    missing = sum(value is None for value in values.values())
    outcomes = {Decimal(100 * (met + more)) >= least_percent * 9 for more in range(missing + 1)}
    assert result.met == (outcomes.pop() if len(outcomes) == 1 else None)
    if result.met is not True:
        assert set(result.lacking) == {code for code, value in values.items() if value == 0}
        assert set(result.unstated) == {code for code, value in values.items() if value is None}
    assert result.periods == (frozenset({"2023"}) if reported else frozenset())


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), verdicts))
def test_every_township_must_be_civilised_urban(values):
    reported = {
        (code, "township_civilised_urban"): ReportedValue(value, "2022")
        for code, value in values.items()
        if value is not None
    }
    inputs = StandardInputs("610", (), units_by_kind={"thi_tran": list(values)}, reported=reported)
    result = evaluate("townships_civilised_urban", inputs)
    if any(value == 0 for value in values.values()):
        assert result.met is False
    else:
        assert result.met is (None if None in values.values() else True)


@given(st.none() | percents, percents)
def test_a_reported_percentage_is_compared_with_the_required_one(percent, least_percent):
    key = ("610", "residents_satisfied_percent")
    reported = {} if percent is None else {key: ReportedValue(percent, "2023")}
    result = evaluate("residents_satisfied", StandardInputs("610", (), reported=reported), least_percent)
    assert result.met == (None if percent is None else percent >= least_percent)
    assert result.unstated == (("610",) if percent is None else ())


def make_complete_inputs():
    """Return the inputs of a district that meets every condition."""
    own = [*CRITERIA, "residents_satisfied_percent"]
    return StandardInputs(
        "610",
        ["a", "b"],
        levels={"a": {"meets", "advanced"}, "b": {"meets"}},
        units_by_kind={"thi_tran": ["t"]},
        reported={
            **{
                ("610", code): ReportedValue(Decimal(100 if "percent" in code else 1), "2023") for code in own
            },
            ("t", "township_civilised_urban"): ReportedValue(Decimal(1), "2023"),
        },
    )


def is_met(inputs, standard="district"):
    return is_standard_met(evaluate_conditions(CONDITIONS, standard, ON, inputs))


def test_a_standard_is_met_when_all_of_its_conditions_are():
    inputs = make_complete_inputs()
    assert list_indicators(CONDITIONS) == {
        "ward_civilised_urban",
        *(code for _, code in inputs.reported),
    }
    assert is_met(inputs) is True
    for missing in inputs.reported:
        reported = {key: value for key, value in inputs.reported.items() if key != missing}
        assert is_met(replace(inputs, reported=reported)) is None
    assert is_met(replace(inputs, levels={}, reported={})) is False
    assert evaluate_conditions(CONDITIONS, "district", date(2020, 12, 31), inputs) == []
    assert is_standard_met([]) is None
    assert is_met(StandardInputs("62", ["a"], levels={"a": {"meets"}}), "province_completed") is None


async def test_the_districts_of_the_demo(clients):
    for row in read_table("rural_recognitions"):
        if row["level"] == "meets" and "." not in row["unit"]:
            await clients.create("recognitions", to_recognition(row))
    standards = await clients.get("standards", on="2023-12-31")
    assert len(standards["items"]) == 11
    province, *districts = standards["items"]
    share, others = province["conditions"]
    assert (share["having"], share["of"], share["needed"], share["state"]) == (42, 85, 85, "not_met")
    assert len(share["lacking"]) == 43
    assert (others["state"], "QĐ 321" in others["supplied_by"]) == ("unknown", True)
    assert sum(standard["conditions"][0]["having"] for standard in districts) == 42
    unknown = {
        standard["code"]: standard
        for standard in districts[1]["conditions"]
        if standard["state"] == "unknown"
    }
    assert unknown["residents_satisfied"]["supplied_by_en"] == (
        "A yearly report on the form criteria_assessment that states residents_satisfied_percent "
        f"({districts[1]['unit']})"
    )
    assert unknown["district_criteria"]["unstated"] == CRITERIA
    kinds = {
        (standard["kind"], tuple(row["code"] for row in standard["standards"])) for standard in districts
    }
    assert kinds == {("huyen", ("district", "district_advanced")), ("thanh_pho", ("city_completed",))}
    (city,) = [standard for standard in districts if standard["kind"] == "thanh_pho"]
    states = {row["code"]: (row["state"], row["of"]) for row in city["conditions"]}
    assert city["name"] == "Thành phố Kon Tum"
    assert city["standards"][0]["label"] == "Thị xã, thành phố hoàn thành nhiệm vụ xây dựng nông thôn mới"
    assert states["wards_civilised_urban"] == ("unknown", 10)
    assert "district_criteria" not in states
    (of_615,) = (await clients.get("standards", unit="615", on="2023-12-31"))["items"]
    assert of_615 == next(standard for standard in districts if standard["unit"] == "615")
    assert (await clients.get("standards", unit="51", on="2025-12-31"))["items"][0]["level"] == "province"


async def test_a_district_is_evaluated_by_what_it_reports(clients):
    communes = [row["code"] for row in (await clients.get("communes", unit="618", period="2023"))["items"]]
    for code in communes:
        await clients.create("recognitions", meets_body(code, f"{code}/QĐ", "2023-04-12"))
        await clients.create(
            "recognitions",
            meets_body(
                code,
                f"{code}-2/QĐ",
                "2023-12-20",
                2023,
                level="advanced",
                criteria_set="commune_advanced_2021_2025",
            ),
        )
    rows = [{"unit": "618", "indicator": code, "value": 1} for code in CRITERIA[:8]]
    satisfied = {"unit": "618", "indicator": "residents_satisfied_percent", "value": 91.5}
    report = await report_and_accept_rows(clients, [*rows, satisfied], "618", "2022")
    (standard,) = (await clients.get("standards", unit="618", on="2023-12-31"))["items"]
    states = {row["code"]: row["state"] for row in standard["conditions"]}
    assert (standard["met"], states.pop("district_criteria"), set(states.values())) == (
        None,
        "unknown",
        {"met"},
    )
    (townships,) = [row for row in standard["conditions"] if row["code"] == "townships_civilised_urban"]
    assert (townships["of"], townships["state"]) == (0, "met")
    assert report["derived"] == []
    ninth = {"unit": "618", "indicator": CRITERIA[8], "value": 1}
    await report_and_accept_rows(clients, [*rows, ninth, satisfied], "618", "2023")
    (standard,) = (await clients.get("standards", unit="618", on="2023-12-31"))["items"]
    assert standard["met"] is True
    assert {code for row in standard["conditions"] for code in row["periods"]} == {"2023"}
    (before,) = (await clients.get("standards", unit="618", on="2023-12-30"))["items"]
    assert before["met"] is None
