"""Values that follow from posted values by a dated rule, and values that do not add up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.problems import Sentence, make_fault
from shared.reporting.catalogue.definitions import Figure, Indicator
from shared.reporting.catalogue.derivations import Derivation, ThresholdGround
from shared.reporting.catalogue.formulas import Average, Ratio, Sum
from shared.reporting.report_content import STATUSES, ReportContent, StatedValue
from shared.reporting.reports.checking.checker import ReportChecker
from shared.territory.tree import Territory
from tests.reporting import office as offices
from tests.reporting.office import NAME, SINCE, catalogue, open_office
from tests.reporting.test_cost import cost
from tests.territory.shipped import read_successions, read_units

THRESHOLDS = {2022: Decimal(44), 2023: Decimal(47)}
MAP = Territory(read_units(), read_successions())
RURAL = ["23344", "23347", "23350", "23353"]
BEYOND = "23281"
"""A ward, outside the province's district 610."""


def by_income(subject, values):
    """Criterion a is met by an income of at least the threshold of the year, in province 62."""
    if "income" not in values or "62" not in subject.line:
        return
    threshold = THRESHOLDS.get(subject.period.year)
    if threshold is None:
        yield make_fault(
            "income",
            "line_missing",
            Sentence("không có mức {year}", "no line of {year}"),
            year=subject.period.year,
        )
        return
    ground = ThresholdGround("income", values["income"], ">=", threshold, "QĐ 318", "from memory")
    yield Derivation(
        "criterion_a", Decimal(ground.is_met), f"62/{subject.period}", Sentence("vì thu nhập", "by income"), (ground,)
    )  # fmt: skip


def with_income():
    plain = catalogue()
    income = Indicator("income", NAME, "criteria", "million", "commune", "-", valid_from=SINCE, kinds=frozenset({"xa"}), decimals=1, adds=False)  # fmt: skip
    return replace(plain, indicators={**plain.indicators, "income": (income,)}, derivation_rules=(by_income,))


CATALOGUE = with_income()
incomes = st.integers(400, 500).map(lambda tenths: Decimal(tenths) / 10)
one_commune = st.fixed_dictionaries(
    {},
    optional={
        "income": st.tuples(incomes, st.sampled_from(STATUSES)),
        "criterion_a": st.tuples(st.sampled_from([Decimal(0), Decimal(1)]), st.sampled_from(STATUSES)),
    },
)


@given(st.dictionaries(st.sampled_from(RURAL), one_commune), st.sampled_from([2021, 2022, 2023]))
def test_a_derived_value_is_kept_beside_the_posted_ones_or_agrees_with_one(posted_by_unit, year):
    values = [
        StatedValue(unit, code, value, status) for unit, row in posted_by_unit.items() for code, (value, status) in row.items()
    ]  # fmt: skip
    content = ReportContent("610", str(year), "criteria", tuple(values), range(len(values)), nil=not values)
    checked, faults = ReportChecker(CATALOGUE, MAP, date(2024, 1, 10)).check(content, frozenset())
    expected_faults, expected = [], {}
    for ordinal, value in enumerate(values):
        if value.indicator == "income" and year not in THRESHOLDS:
            expected_faults.append((f"/observations/{ordinal}/value", "line_missing"))
        elif value.indicator == "income":
            verdict, stated = (
                Decimal(value.value >= THRESHOLDS[year]),
                posted_by_unit[value.unit].get("criterion_a"),
            )
            if stated is not None and stated[0] != verdict:
                posted_ordinal = next(
                    index
                    for index, other in enumerate(values)
                    if (other.unit, other.indicator) == (value.unit, "criterion_a")
                )
                expected_faults.append((f"/observations/{posted_ordinal}/value", "value_contradicted"))
            else:
                expected[value.unit] = (verdict, value.status, stated is not None)
    assert sorted((fault.pointer, fault.code) for fault in faults) == sorted(expected_faults)
    if faults:
        assert checked is None
        return
    assert checked is not None
    assert {
        value.unit: (value.derived.value, value.status, value.posted) for value in checked.derived
    } == expected
    posted, derived = checked.values[: len(values)], checked.values[len(values) :]
    assert posted == tuple(values)
    assert all(value.derived for value in derived)
    assert {value.unit for value in derived} == {
        unit for unit, (*_, stated) in expected.items() if not stated
    }
    assert len({(value.unit, value.indicator) for value in checked.values}) == len(checked.values)
    assert checked.units == {value.unit for value in checked.values}
    assert checked.indicators == {value.indicator for value in checked.values}


def test_nothing_is_derived_for_a_unit_with_an_unread_row():
    values = [StatedValue(unit, "income", Decimal(40), "official") for unit in RURAL]
    content = ReportContent("610", "2021", "criteria", tuple(values), range(4))
    checker = ReportChecker(CATALOGUE, MAP, date(2024, 1, 10))

    def find_missing(changed):
        faults = checker.check(changed, frozenset({"observations"}))[1]
        return [fault.pointer for fault in faults if fault.code == "line_missing"]

    assert len(find_missing(content)) == 4
    assert find_missing(replace(content, unread_fields={1: frozenset({"status"})})) == [
        f"/observations/{ordinal}/value" for ordinal in (0, 2, 3)
    ]
    assert find_missing(replace(content, unread_fields={1: frozenset({"unit"})})) == []
    assert find_missing(replace(content, ordinals=(0, 1, 2, 4))) == []


@pytest.mark.parametrize(
    "formula", [Sum(("income",)), Ratio(("poor",), ("income",), Decimal(1)), Average(("income", "poor"))]
)
def test_no_figure_adds_up_an_indicator_that_does_not_add(formula):
    bad = Figure("total", NAME, formula, "-", NAME, "-", valid_from=SINCE)
    with pytest.raises(ValueError, match=r"figure total adds up indicators that do not add: \['income'\]"):
        replace(CATALOGUE, figures={**CATALOGUE.figures, "total": bad})


@pytest.fixture
async def office(database, monkeypatch):
    monkeypatch.setattr(offices, "catalogue", with_income)
    async with open_office(database) as opened:
        yield opened


def rows(**incomes):
    return [
        row
        for unit, income in incomes.items()
        for row in ((unit[1:], "income", income), (unit[1:], "criterion_b", 1))
    ]


async def test_a_verdict_is_derived_from_an_income_and_counted(office):
    response = await office.submit("610", "2023", "criteria", rows(c23344=48.2, c23347=46.9))
    assert response.status_code == 201, response.text
    submitted = response.json()
    assert submitted["counts"] == {"received": 4, "created": 4, "changed": 0, "unchanged": 0, "dropped": 0}
    assert [
        (value["unit"], value["indicator"], value["value"], value["posted"]) for value in submitted["derived"]
    ] == [
        ("23344", "criterion_a", 1, False),
        ("23347", "criterion_a", 0, False),
    ]
    assert all(value["unit_name"] and value["unit_since"] for value in submitted["derived"])
    assert {
        name: value for name, value in submitted["derived"][1].items() if not name.startswith("unit_")
    } | {"unit": "-"} == {
        "unit": "-",
        "indicator": "criterion_a",
        "value": 0,
        "status": "official",
        "posted": False,
        "rule": "62/2023",
        "why": "vì thu nhập",
        "why_en": "by income",
        "grounds": [
            {
                "indicator": "income",
                "value": 46.9,
                "comparator": ">=",
                "threshold": 47,
                "met": False,
                "legal_basis": "QĐ 318",
                "confidence": "from memory",
            }
        ],
    }
    assert (await office.verdict(submitted)).status_code == 200
    report = (await office.get(f"reports/{submitted['id']}", office.reviewer)).json()
    assert [(observation["indicator"], observation["value"]) for observation in report["observations"]] == [
        ("income", 48.2), ("criterion_b", 1), ("income", 46.9), ("criterion_b", 1),
    ]  # fmt: skip
    assert report["derived"] == submitted["derived"]

    assert (await office.figure("communes_done"))["value"] == 1
    assert (await office.figure("criterion_a"))["value"] == 1
    assert (await office.figure("criteria_average"))["value"] == 1.5
    lineage = (await office.get("lineage/communes_done", period="2023")).json()
    assert (lineage["value"], len(lineage["values"])) == (1, 4)
    observations = (await office.get("observations", period="2023", unit="23344")).json()["items"]
    assert {(value["indicator"], value["derived"]) for value in observations} == {
        ("income", False), ("criterion_b", False), ("criterion_a", True),
    }  # fmt: skip


async def test_an_indicator_that_does_not_add_is_read_unit_by_unit(office):
    await office.accepted("610", "2023", "criteria", rows(c23344=48.2, c23347=46.9))
    figures = (await office.get("progress", period="2023", unit="62")).json()["figures"]
    assert "income" not in {figure["indicator"] for figure in figures}
    listed = (await office.get("indicators")).json()["items"]
    (entry,) = [item for item in listed if item["code"] == "income"]
    assert entry == (await office.get("indicators/income")).json()
    assert (entry["kind"], entry["adds"], entry["form"]["code"]) == ("observed", False, "criteria")
    assert (await office.get("lineage/income", period="2023")).status_code == 404
    for_all = await office.submit("611", "2023", "criteria", [("611", "income", 48)])
    assert [error["code"] for error in for_all.json()["errors"]] == ["unit_level_wrong"]


async def test_a_correction_changes_the_verdict_and_leaves_the_past(office):
    first = await office.accepted("610", "2023", "criteria", rows(c23344=48.2))
    before = office.clock().isoformat()
    office.clock.move(hours=1)
    second = await office.submit("610", "2023", "criteria", rows(c23344=40), supersedes=first["id"])
    second = second.json()
    assert second["counts"] == {"received": 2, "created": 0, "changed": 1, "unchanged": 1, "dropped": 0}
    differences = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()["items"]
    assert [
        (difference["indicator"], difference["before"], difference["after"]) for difference in differences
    ] == [
        ("criterion_a", 1, 0),
        ("income", 48.2, 40),
    ]
    assert (await office.figure("communes_done"))["value"] == 1
    assert (await office.verdict(second)).status_code == 200
    assert (await office.figure("communes_done"))["value"] == 0
    assert (await office.figure("communes_done", as_of=before))["value"] == 1
    withdrawn = await office.submit(
        "610", "2023", "criteria", [("23344", "criterion_b", 1)], supersedes=second["id"]
    )
    assert withdrawn.json()["derived"] == []
    assert (await office.verdict(withdrawn.json())).status_code == 200
    assert (await office.figure("criterion_a"))["value"] is None


async def test_a_derived_value_may_not_be_stated_twice_either(office):
    commune = office.token("commune", ["report"], ["23344"])
    await office.submit("23344", "2023", "criteria", [("23344", "criterion_a", 1)], token=commune)
    refused = await office.submit("610", "2023", "criteria", rows(c23344=48.2))
    assert (refused.status_code, refused.json()["code"]) == (409, "value_stated_elsewhere")
    assert [conflict["indicator"] for conflict in refused.json()["conflicts"]] == ["criterion_a"]


async def test_a_dry_run_shows_what_is_derived_and_keeps_nothing(office):
    body = {
        "unit": "610", "period": "2023", "form": "criteria",
        "observations": [{"unit": "23344", "indicator": "income", "value": 50}],
    }  # fmt: skip
    dry_run = await office.post("reports", body, office.district("610"), dry_run="true")
    assert (dry_run.status_code, dry_run.json()["id"]) == (200, None)
    assert [value["value"] for value in dry_run.json()["derived"]] == [1]
    assert (await office.get("reports", office.reviewer)).json()["items"] == []
    first = await office.post("reports", body, office.district("610"))
    repeat = await office.post("reports", body, office.district("610"))
    assert (first.status_code, repeat.status_code) == (201, 200)
    assert repeat.json() == first.json()
    assert first.json()["derived"] == dry_run.json()["derived"]
    agreeing = {**body, "observations": [*body["observations"], {"unit": "23344", "indicator": "criterion_a", "value": 1}], "supersedes": first.json()["id"]}  # fmt: skip
    both = (await office.post("reports", agreeing, office.district("610"))).json()
    assert [(value["value"], value["posted"]) for value in both["derived"]] == [(1, True)]
    assert both["counts"]["received"] == 2
    contrary = {**agreeing, "observations": [*body["observations"], {"unit": "23344", "indicator": "criterion_a", "value": 0}], "supersedes": both["id"]}  # fmt: skip
    refused = await office.post("reports", contrary, office.district("610"))
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/observations/1/value", "value_contradicted")
    ]


async def test_derived_values_cost_one_statement_whatever_their_number(office):
    rural = office.communes("62", kinds={"xa"})
    province = office.token("province", ["report"], ["62"])
    costs = []
    for period, units in (("2022", rural[:1]), ("2023", rural)):
        values = [(unit, code, 1) for unit in units for code in ("income", "criterion_b")]
        costs.append(await cost(office, office.submit("62", period, "criteria", values, token=province)))
    assert costs[0] == costs[1] == 10
