"""District and province standards, computed from communes and from what districts state."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import load_criteria_sets, load_standard_conditions
from services.rural.standards.rules import (
    Facts,
    Stated,
    judge,
    standard_met,
    stated_indicators,
)
from tests.registers import table
from tests.rural.bodies import meets, recognition
from tests.rural.test_criteria import accepted

CONDITIONS = load_standard_conditions(load_criteria_sets())
ON = date(2023, 12, 31)
OF_DISTRICTS = {it.code: it for it in CONDITIONS if it.unit_level == "district"}
CRITERIA = [f"district_criterion_{number}" for number in range(1, 10)]
levels = st.dictionaries(
    st.sampled_from("abcdefghijkl"), st.sets(st.sampled_from(["meets", "advanced"])), max_size=12
)
"""Communes with the levels that they hold."""
answers = st.sampled_from([None, Decimal(0), Decimal(1)])
percents = st.integers(0, 100).map(Decimal)


def one(code, facts, least=None):
    condition = OF_DISTRICTS[code]
    if least is not None:
        condition = replace(condition, least_percent=least)
    (found,) = judge([condition], "district", ON, facts)
    return found


@given(levels, percents)
def test_a_share_is_met_when_enough_communes_are_recognized(held, least):
    communes = list(held)
    for code, level in (("communes_recognized", "meets"), ("communes_advanced", "advanced")):
        it = one(code, Facts("610", communes, held), least)
        having = sum(level in levels for levels in held.values())
        assert it.met == (bool(communes) and Decimal(having * 100) >= least * len(communes))
        assert len(it.lacking) == (0 if it.met or not communes else len(communes) - having)
        assert it.unstated == ()


@given(st.fixed_dictionaries(dict.fromkeys(CRITERIA, answers)), percents)
def test_of_its_own_criteria_enough_are_met_or_can_no_longer_be(said, least):
    stated = {("610", code): Stated(it, "2023") for code, it in said.items() if it is not None}
    it = one("district_criteria", Facts("610", (), stated=stated), least)
    met, open_ = sum(it == 1 for it in said.values()), sum(it is None for it in said.values())
    outcomes = {Decimal(100 * (met + more)) >= least * 9 for more in range(open_ + 1)}
    assert it.met == (outcomes.pop() if len(outcomes) == 1 else None)
    if it.met is not True:
        assert set(it.lacking) == {code for code, value in said.items() if value == 0}
        assert set(it.unstated) == {code for code, value in said.items() if value is None}
    assert it.periods == (frozenset({"2023"}) if stated else frozenset())


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), answers))
def test_every_township_has_to_be_civilised_urban(said):
    stated = {
        (code, "township_civilised_urban"): Stated(it, "2022") for code, it in said.items() if it is not None
    }
    it = one("townships_civilised_urban", Facts("610", (), by_kind={"thi_tran": list(said)}, stated=stated))
    if any(value == 0 for value in said.values()):
        assert it.met is False
    else:
        assert it.met is (None if None in said.values() else True)


@given(st.none() | percents, percents)
def test_a_percentage_is_held_to_what_is_asked_for(said, least):
    stated = {} if said is None else {("610", "residents_satisfied_percent"): Stated(said, "2023")}
    it = one("residents_satisfied", Facts("610", (), stated=stated), least)
    assert it.met == (None if said is None else said >= least)
    assert it.unstated == (("610",) if said is None else ())


def whole():
    own = [*CRITERIA, "residents_satisfied_percent"]
    return Facts(
        "610",
        ["a", "b"],
        held={"a": {"meets", "advanced"}, "b": {"meets"}},
        by_kind={"thi_tran": ["t"]},
        stated={
            **{("610", code): Stated(Decimal(100 if "percent" in code else 1), "2023") for code in own},
            ("t", "township_civilised_urban"): Stated(Decimal(1), "2023"),
        },
    )


def test_a_standard_is_met_when_all_of_its_conditions_are():
    facts = whole()
    assert stated_indicators(CONDITIONS) == {code for _, code in facts.stated}
    assert standard_met(judge(CONDITIONS, "district", ON, facts)) is True
    for gone in facts.stated:
        rest = {key: it for key, it in facts.stated.items() if key != gone}
        assert standard_met(judge(CONDITIONS, "district", ON, replace(facts, stated=rest))) is None
    failing = judge(CONDITIONS, "district", ON, replace(facts, held={}, stated={}))
    assert standard_met(failing) is False
    assert judge(CONDITIONS, "district", date(2020, 12, 31), facts) == []
    assert standard_met([]) is None
    every = Facts("62", ["a"], held={"a": {"meets"}})
    assert standard_met(judge(CONDITIONS, "province", ON, every)) is None


async def test_the_districts_of_the_demo(clients):
    for row in table("rural_recognitions"):
        if row["level"] == "meets" and "." not in row["unit"]:
            await clients.kept("recognitions", recognition(row))
    said = await clients.get("standards", on="2023-12-31")
    assert len(said["items"]) == 11
    province, *districts = said["items"]
    share, others = province["conditions"]
    assert (share["having"], share["of"], share["needed"], share["state"]) == (42, 85, 85, "not_met")
    assert len(share["lacking"]) == 43
    assert (others["state"], "QĐ 321" in others["supplied_by"]) == ("unknown", True)
    assert sum(it["conditions"][0]["having"] for it in districts) == 42
    open_ = {it["code"]: it for it in districts[0]["conditions"] if it["state"] == "unknown"}
    assert open_["residents_satisfied"]["supplied_by_en"] == (
        "A yearly report on the form criteria_assessment that states residents_satisfied_percent "
        f"({districts[0]['unit']})"
    )
    assert open_["district_criteria"]["unstated"] == CRITERIA
    (of_one,) = (await clients.get("standards", unit="615", on="2023-12-31"))["items"]
    assert of_one == next(it for it in districts if it["unit"] == "615")
    assert (await clients.get("standards", unit="51", on="2025-12-31"))["items"][0]["level"] == "province"


async def test_a_district_is_decided_by_what_it_states(clients):
    communes = [it["code"] for it in (await clients.get("communes", unit="618", period="2023"))["items"]]
    for code in communes:
        await clients.kept("recognitions", meets(code, f"{code}/QĐ", "2023-04-12"))
        await clients.kept(
            "recognitions",
            meets(
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
    first = await accepted(clients, [*rows, satisfied], "618", "2022")
    (standard,) = (await clients.get("standards", unit="618", on="2023-12-31"))["items"]
    states = {it["code"]: it["state"] for it in standard["conditions"]}
    assert (standard["met"], states.pop("district_criteria"), set(states.values())) == (
        None,
        "unknown",
        {"met"},
    )
    (townships,) = [it for it in standard["conditions"] if it["code"] == "townships_civilised_urban"]
    assert (townships["of"], townships["state"]) == (0, "met")
    assert first["derived"] == []
    last = {"unit": "618", "indicator": CRITERIA[8], "value": 1}
    await accepted(clients, [*rows, last, satisfied], "618", "2023")
    (standard,) = (await clients.get("standards", unit="618", on="2023-12-31"))["items"]
    assert standard["met"] is True
    assert {code for it in standard["conditions"] for code in it["periods"]} == {"2023"}
    (before,) = (await clients.get("standards", unit="618", on="2023-12-30"))["items"]
    assert before["met"] is None
