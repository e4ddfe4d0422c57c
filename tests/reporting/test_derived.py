"""Values that follow from what is posted, by a dated rule; and values that do not add up."""

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
from shared.territory.tables import read_successions, read_units
from shared.territory.tree import Territory
from tests.reporting import office as offices
from tests.reporting.office import NAME, SINCE, catalogue, open_office
from tests.reporting.test_cost import cost

LINES = {2022: Decimal(44), 2023: Decimal(47)}
MAP = Territory(read_units(), read_successions())
RURAL = ["23344", "23347", "23350", "23353"]
BEYOND = "23281"
"""A ward, outside the province's district 610."""


def by_income(subject, values):
    """Criterion a is met from the line of the year on, in province 62."""
    if "income" not in values or "62" not in subject.line:
        return
    line = LINES.get(subject.period.year)
    if line is None:
        yield make_fault(
            "income",
            "line_missing",
            Sentence("không có mức {year}", "no line of {year}"),
            year=subject.period.year,
        )
        return
    ground = ThresholdGround("income", values["income"], ">=", line, "QĐ 318", "from memory")
    yield Derivation(
        "criterion_a", Decimal(ground.is_met), f"62/{subject.period}", Sentence("vì thu nhập", "by income"), (ground,)
    )  # fmt: skip


def with_income():
    plain = catalogue()
    income = Indicator("income", NAME, "criteria", "million", "commune", "-", valid_from=SINCE, kinds=frozenset({"xa"}), decimals=1, adds=False)  # fmt: skip
    return replace(plain, indicators={**plain.indicators, "income": (income,)}, derivation_rules=(by_income,))


CATALOGUE = with_income()
incomes = st.integers(400, 500).map(lambda it: Decimal(it) / 10)
one_commune = st.fixed_dictionaries(
    {},
    optional={
        "income": st.tuples(incomes, st.sampled_from(STATUSES)),
        "criterion_a": st.tuples(st.sampled_from([Decimal(0), Decimal(1)]), st.sampled_from(STATUSES)),
    },
)


@given(st.dictionaries(st.sampled_from(RURAL), one_commune), st.sampled_from([2021, 2022, 2023]))
def test_what_follows_is_kept_beside_what_is_said_or_agrees_with_it(said, year):
    values = [
        StatedValue(unit, code, value, status) for unit, row in said.items() for code, (value, status) in row.items()
    ]  # fmt: skip
    statement = ReportContent("610", str(year), "criteria", tuple(values), range(len(values)), nil=not values)
    checked, faults = ReportChecker(CATALOGUE, MAP, date(2024, 1, 10)).check(statement, frozenset())
    expected_faults, following = [], {}
    for at, it in enumerate(values):
        if it.indicator == "income" and year not in LINES:
            expected_faults.append((f"/observations/{at}/value", "line_missing"))
        elif it.indicator == "income":
            verdict, stated = Decimal(it.value >= LINES[year]), said[it.unit].get("criterion_a")
            if stated is not None and stated[0] != verdict:
                place = next(
                    n for n, one in enumerate(values) if (one.unit, one.indicator) == (it.unit, "criterion_a")
                )
                expected_faults.append((f"/observations/{place}/value", "value_contradicted"))
            else:
                following[it.unit] = (verdict, it.status, stated is not None)
    assert sorted((it.pointer, it.code) for it in faults) == sorted(expected_faults)
    if faults:
        assert checked is None
        return
    assert {it.unit: (it.derived.value, it.status, it.posted) for it in checked.derived} == following
    posted, derived = checked.values[: len(values)], checked.values[len(values) :]
    assert posted == tuple(values)
    assert all(it.derived for it in derived)
    assert {it.unit for it in derived} == {unit for unit, (*_, stated) in following.items() if not stated}
    assert len({(it.unit, it.indicator) for it in checked.values}) == len(checked.values)
    assert checked.units == {it.unit for it in checked.values}
    assert checked.indicators == {it.indicator for it in checked.values}


def test_of_a_unit_with_an_unread_row_nothing_is_concluded():
    values = [StatedValue(unit, "income", Decimal(40), "official") for unit in RURAL]
    said = ReportContent("610", "2021", "criteria", tuple(values), range(4))
    checker = ReportChecker(CATALOGUE, MAP, date(2024, 1, 10))

    def missing(statement):
        found = checker.check(statement, frozenset({"observations"}))[1]
        return [it.pointer for it in found if it.code == "line_missing"]

    assert len(missing(said)) == 4
    assert missing(replace(said, unread_fields={1: frozenset({"status"})})) == [
        f"/observations/{at}/value" for at in (0, 2, 3)
    ]
    assert missing(replace(said, unread_fields={1: frozenset({"unit"})})) == []
    assert missing(replace(said, ordinals=(0, 1, 2, 4))) == []


@pytest.mark.parametrize(
    "formula", [Sum(("income",)), Ratio(("poor",), ("income",), Decimal(1)), Average(("income", "poor"))]
)
def test_nothing_adds_up_what_does_not_add(formula):
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


async def test_a_verdict_follows_from_an_income_and_counts(office):
    said = await office.submit("610", "2023", "criteria", rows(c23344=48.2, c23347=46.9))
    assert said.status_code == 201, said.text
    said = said.json()
    assert said["counts"] == {"received": 4, "created": 4, "changed": 0, "unchanged": 0, "dropped": 0}
    assert [(it["unit"], it["indicator"], it["value"], it["posted"]) for it in said["derived"]] == [
        ("23344", "criterion_a", 1, False),
        ("23347", "criterion_a", 0, False),
    ]
    assert said["derived"][1] | {"unit": "-"} == {
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
    assert (await office.verdict(said)).status_code == 200
    report = (await office.get(f"reports/{said['id']}", office.reviewer)).json()
    assert [(it["indicator"], it["value"]) for it in report["observations"]] == [
        ("income", 48.2), ("criterion_b", 1), ("income", 46.9), ("criterion_b", 1),
    ]  # fmt: skip
    assert report["derived"] == said["derived"]

    assert (await office.figure("communes_done"))["value"] == 1
    assert (await office.figure("criterion_a"))["value"] == 1
    assert (await office.figure("criteria_average"))["value"] == 1.5
    lineage = (await office.get("lineage/communes_done", period="2023")).json()
    assert (lineage["value"], len(lineage["values"])) == (1, 4)
    seen = (await office.get("observations", period="2023", unit="23344")).json()["items"]
    assert {(it["indicator"], it["derived"]) for it in seen} == {
        ("income", False), ("criterion_b", False), ("criterion_a", True),
    }  # fmt: skip


async def test_what_does_not_add_is_read_unit_by_unit(office):
    await office.accepted("610", "2023", "criteria", rows(c23344=48.2, c23347=46.9))
    said = (await office.get("progress", period="2023", unit="62")).json()["figures"]
    assert "income" not in {it["indicator"] for it in said}
    listed = (await office.get("indicators")).json()["items"]
    (entry,) = [it for it in listed if it["code"] == "income"]
    assert entry == (await office.get("indicators/income")).json()
    assert (entry["kind"], entry["adds"], entry["form"]["code"]) == ("observed", False, "criteria")
    assert (await office.get("lineage/income", period="2023")).status_code == 404
    for_all = await office.submit("611", "2023", "criteria", [("611", "income", 48)])
    assert [it["code"] for it in for_all.json()["errors"]] == ["unit_level_wrong"]


async def test_a_correction_turns_the_verdict_and_the_past_stays(office):
    first = await office.accepted("610", "2023", "criteria", rows(c23344=48.2))
    before = office.clock().isoformat()
    office.clock.move(hours=1)
    second = await office.submit("610", "2023", "criteria", rows(c23344=40), supersedes=first["id"])
    second = second.json()
    assert second["counts"] == {"received": 2, "created": 0, "changed": 1, "unchanged": 1, "dropped": 0}
    changed = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()["items"]
    assert [(it["indicator"], it["before"], it["after"]) for it in changed] == [
        ("criterion_a", "1", "0"),
        ("income", "48.2", "40"),
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


async def test_a_derived_value_is_stated_once_like_any_other(office):
    commune = office.token("commune", ["report"], ["23344"])
    await office.submit("23344", "2023", "criteria", [("23344", "criterion_a", 1)], token=commune)
    refused = await office.submit("610", "2023", "criteria", rows(c23344=48.2))
    assert (refused.status_code, refused.json()["code"]) == (409, "value_stated_elsewhere")
    assert [it["indicator"] for it in refused.json()["conflicts"]] == ["criterion_a"]


async def test_a_dry_run_says_what_would_follow_and_keeps_nothing(office):
    body = {
        "unit": "610", "period": "2023", "form": "criteria",
        "observations": [{"unit": "23344", "indicator": "income", "value": 50}],
    }  # fmt: skip
    tried = await office.post("reports", body, office.district("610"), dry_run="true")
    assert (tried.status_code, tried.json()["id"]) == (200, None)
    assert [it["value"] for it in tried.json()["derived"]] == [1]
    assert (await office.get("reports", office.reviewer)).json()["items"] == []
    kept = await office.post("reports", body, office.district("610"))
    again = await office.post("reports", body, office.district("610"))
    assert (kept.status_code, again.status_code) == (201, 200)
    assert again.json() == kept.json()
    assert kept.json()["derived"] == tried.json()["derived"]
    agreeing = {**body, "observations": [*body["observations"], {"unit": "23344", "indicator": "criterion_a", "value": 1}], "supersedes": kept.json()["id"]}  # fmt: skip
    both = (await office.post("reports", agreeing, office.district("610"))).json()
    assert [(it["value"], it["posted"]) for it in both["derived"]] == [(1, True)]
    assert both["counts"]["received"] == 2
    contrary = {**agreeing, "observations": [*body["observations"], {"unit": "23344", "indicator": "criterion_a", "value": 0}], "supersedes": both["id"]}  # fmt: skip
    refused = await office.post("reports", contrary, office.district("610"))
    assert [(it["pointer"], it["code"]) for it in refused.json()["errors"]] == [
        ("/observations/1/value", "value_contradicted")
    ]


async def test_what_follows_costs_one_statement_whatever_its_number(office):
    rural = office.communes("62", kinds={"xa"})
    province = office.token("province", ["report"], ["62"])
    found = []
    for period, units in (("2022", rural[:1]), ("2023", rural)):
        said = [(unit, code, 1) for unit in units for code in ("income", "criterion_b")]
        found.append(await cost(office, office.submit("62", period, "criteria", said, token=province)))
    assert found[0] == found[1] == 10
