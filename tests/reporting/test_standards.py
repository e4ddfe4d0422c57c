"""Reports of one unit and period under two standards: each with its own figures, targets, lineage and publications."""

from dataclasses import replace
from datetime import date

import pytest

from shared.periods import Period
from shared.reporting.catalogue.formulas import Ratio
from tests.reporting import office as offices

COMMUNES = ("23344", "23347")


def rows(*verdicts):
    return [
        (unit, code, value)
        for unit, value in zip(COMMUNES, verdicts, strict=True)
        for code in ("criterion_a", "criterion_b")
    ]


async def submit(office, verdicts, period="2023", **more):
    return await office.submit("610", period, "criteria", rows(*verdicts), **more)


async def accept(office, verdicts, period="2023", **more):
    return await office.accepted("610", period, "criteria", rows(*verdicts), **more)


def faults(answer):
    assert answer.status_code == 422, answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


@pytest.fixture
async def two_counts(office):
    """The district under both standards: two communes meet the criteria of the earlier one, one those of the later one."""
    await accept(office, (1, 1), standard="set_a")
    await accept(office, (1, 0))
    return office


async def test_one_unit_and_period_has_a_report_under_each_standard(two_counts):
    listed = (await two_counts.get("reports", two_counts.reviewer, period="2023")).json()["items"]
    assert {(report["standard"], report["state"]) for report in listed} == {
        ("set_a", "accepted"),
        ("set_b", "accepted"),
    }
    of_a = (await two_counts.get("reports", two_counts.reviewer, standard="set_a")).json()["items"]
    assert [report["standard"] for report in of_a] == ["set_a"]


@pytest.mark.parametrize("unit", ["62", "610", "23344"])
async def test_a_figure_is_read_under_the_standard_of_the_periods_last_day_of_two_the_later(two_counts, unit):
    done = {None: 1, "set_a": 2 if unit != "23344" else 1, "set_b": 1}
    for standard, value in done.items():
        ask = {"standard": standard} if standard else {}
        figure = await two_counts.figure("communes_done", unit=unit, **ask)
        assert (figure["value"], figure["standard"]) == (value, standard or "set_b")


async def test_the_past_and_another_map_are_read_under_a_standard_too(two_counts):
    as_of = two_counts.clock.at.isoformat()
    await accept(two_counts, (0, 0), standard="set_a", supersedes=(await live(two_counts, "set_a"))["id"])
    assert (await two_counts.figure("communes_done", standard="set_a"))["value"] == 0
    assert (await two_counts.figure("communes_done", standard="set_a", as_of=as_of))["value"] == 2
    assert (await two_counts.figure("communes_done"))["value"] == 1
    projected = await two_counts.figure("criterion_a", unit="51", map="2025-07-01")
    assert projected["value"] == 1


async def live(office, standard):
    listed = await office.get("reports", office.reviewer, period="2023", standard=standard, state="accepted")
    return listed.json()["items"][0]


async def test_a_figure_of_a_form_without_standards_has_none(two_counts):
    await two_counts.accepted("610", "2023", "census", [("23344", "poor", 5), ("23344", "households", 50)])
    for ask in ({}, {"standard": "set_a"}):
        figure = await two_counts.figure("poverty_rate", **ask)
        assert (figure["value"], figure["standard"]) == (10, None)


async def test_lineage_and_observations_are_those_of_the_standard(two_counts):
    for standard, value in ((None, 1), ("set_a", 2)):
        ask = {"standard": standard} if standard else {}
        figure = await two_counts.figure("criterion_a", **ask)
        listed = (await two_counts.http.get(figure["lineage"])).json()["items"]
        assert sum(row["value"] for row in listed) == value == figure["value"]
        assert {row["standard"] for row in listed} == {standard or "set_b"}
        lineage = await two_counts.get(
            "lineage/communes_done", two_counts.reviewer, period="2023", unit="62", **ask
        )
        assert (lineage.json()["value"], lineage.json()["standard"]) == (value, standard or "set_b")
        assert {report["standard"] for report in lineage.json()["reports"]} == {standard or "set_b"}


async def test_an_identical_report_is_one_whether_it_names_the_standard_or_leaves_it_out(office):
    first = await submit(office, (1, 0))
    assert (first.status_code, first.json()["standard"]) == (201, "set_b")
    again = await submit(office, (1, 0), standard="set_b")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = await submit(office, (1, 0), standard="set_a")
    assert (other.status_code, other.json()["standard"]) == (201, "set_a")
    assert other.json()["content_sha256"] != first.json()["content_sha256"]
    receipt = (await office.get(f"receipts/{other.json()['receipt']['code']}")).json()
    assert receipt["standard"] == "set_a"


async def test_a_correction_names_the_report_of_its_own_standard(office):
    first = await accept(office, (1, 0))
    refused = await submit(office, (1, 1), standard="set_a", supersedes=first["id"])
    assert (refused.status_code, refused.json()["code"]) == (404, "report_not_found")
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/supersedes", "superseded_differs")
    assert "set_b" in fault["detail"]
    assert "set_a" in fault["detail"]
    exists = await submit(office, (1, 1))
    assert (exists.status_code, exists.json()["code"]) == (409, "report_exists")


async def test_a_value_is_stated_once_under_each_standard(office):
    await accept(office, (1, 1))
    commune = [("23344", "criterion_a", 1), ("23344", "criterion_b", 1)]
    token = office.district("610")
    refused = await office.submit("23344", "2023", "criteria", commune, token=token)
    assert (refused.status_code, refused.json()["code"]) == (409, "value_stated_elsewhere")
    taken = await office.submit("23344", "2023", "criteria", commune, token=token, standard="set_a")
    assert taken.status_code == 201, taken.text


async def test_returning_and_withdrawing_leave_the_other_standard_as_it_is(two_counts):
    report = await submit(
        two_counts, (0, 0), standard="set_a", supersedes=(await live(two_counts, "set_a"))["id"]
    )
    ask = {"token": two_counts.reviewer, "basis": "provisional"}
    assert (await two_counts.figure("communes_done", standard="set_a", **ask))["value"] == 0
    await two_counts.verdict(report.json(), "return", reason="sai số liệu")
    assert (await two_counts.figure("communes_done", standard="set_a", **ask))["value"] == 2
    await two_counts.verdict(await live(two_counts, "set_a"), "withdraw", reason="sai số liệu")
    assert (await two_counts.figure("communes_done", standard="set_a"))["value"] is None
    assert (await two_counts.figure("communes_done"))["value"] == 1


@pytest.mark.parametrize(
    ("period", "standard", "expected"),
    [
        ("2023", "set_c", ("/standard", "standard_unknown")),
        ("2023", "", ("/standard", "text_too_short")),
        ("2023", "x" * 61, ("/standard", "text_too_long")),
        ("2023", 5, ("/standard", "not_a_text")),
        ("2022", "set_b", ("/standard", "standard_not_in_force")),
        ("2024", "set_a", ("/standard", "standard_not_in_force")),
        ("nonsense", "set_c", ("/standard", "standard_unknown")),
    ],
)
async def test_a_standard_that_cannot_be_is_refused_beside_the_other_faults(
    office, period, standard, expected
):
    office.clock.move(days=400)
    found = faults(await submit(office, (7, 1), period=period, standard=standard))
    assert expected in found
    assert ("/observations/0/value", "value_out_of_range") in found


async def test_a_form_without_standards_takes_none(office):
    answer = await office.submit("610", "2023", "census", [("23344", "poor", 5)], standard="set_a")
    assert faults(answer) == {("/standard", "standard_unknown")}


@pytest.mark.parametrize("path", ["progress", "observations", "lineage/communes_done"])
async def test_reading_under_an_unknown_standard_is_not_found(office, path):
    answer = await office.get(path, office.reviewer, period="2023", unit="62", standard="set_c")
    assert (answer.status_code, answer.json()["code"]) == (404, "standard_not_found")


async def test_a_nil_report_covers_its_own_standard_only(office):
    answer = await office.submit("610", "2023", "criteria", [], nil=True, standard="set_a")
    assert answer.status_code == 201, answer.text
    ask = {"token": office.reviewer, "basis": "provisional"}
    assert (await office.figure("criterion_a", standard="set_a", **ask))["coverage"]["nil"] > 0
    assert (await office.figure("criterion_a", **ask))["coverage"]["nil"] == 0


async def test_a_report_is_owed_under_the_standard_of_the_periods_last_day(office):
    async def met():
        listed = (await office.get("completeness", period="2023", unit="610")).json()["items"]
        return next(row["state"] for row in listed if row["form"] == "criteria")

    await submit(office, (1, 1), standard="set_a")
    assert await met() == "missing"
    await submit(office, (1, 1))
    assert await met() == "submitted"


async def test_values_are_comparable_from_the_first_day_of_their_standard(two_counts):
    later = await two_counts.figure("communes_done")
    earlier = await two_counts.figure("communes_done", standard="set_a")
    assert (later["comparable_from"], earlier["comparable_from"]) == ("2023-01-01", None)
    entry = (await two_counts.get("indicators/communes_done")).json()
    assert entry["standards"] == ["set_a", "set_b"]
    assert [(row["on"], row["standard"]) for row in entry["breaks"]] == [("2023-01-01", "set_b")]
    catalogue = (await two_counts.get("indicators")).json()
    assert [(row["code"], row["valid_to"]) for row in catalogue["standards"]] == [
        ("set_a", "2023-12-31"),
        ("set_b", None),
    ]


async def test_a_target_belongs_to_a_standard(two_counts):
    def body(*targets):
        decision = {"number": "01/QĐ", "date": "2023-01-05"}
        return {"decision": decision, "targets": list(targets)}

    of_a = {"indicator": "communes_done", "standard": "set_a", "value": 4}
    of_b = {"indicator": "communes_done", "value": 2}
    answer = await two_counts.put("targets/2023/62", body(of_a, of_b), two_counts.planner)
    assert answer.status_code == 200, answer.text
    assert {(row["standard"], row["value"]) for row in answer.json()["items"]} == {
        ("set_a", 4),
        ("set_b", 2),
    }
    figure = await two_counts.figure("communes_done")
    assert (figure["target"], figure["achieved_percent"]) == (2, 50)
    figure = await two_counts.figure("communes_done", standard="set_a")
    assert (figure["target"], figure["achieved_percent"]) == (4, 50)

    unknown = {**of_a, "standard": "set_c"}
    without = {"indicator": "poverty_rate", "standard": "set_a", "value": 1}
    twice = {**of_b, "standard": "set_b"}
    answer = await two_counts.put("targets/2023/62", body(unknown, without, of_b, twice), two_counts.planner)
    assert faults(answer) == {
        ("/targets/0/standard", "standard_unknown"),
        ("/targets/1/standard", "standard_unknown"),
        ("/targets/3/indicator", "indicator_repeated"),
    }


async def test_a_publication_freezes_the_figures_of_a_standard(two_counts):
    async def freeze(name, **more):
        document = {"number": "12/BC", "date": "2024-01-05"}
        body = {"name": name, "period": "2023", "unit": "62", "document": document, **more}
        return await two_counts.post("publications", body, two_counts.reviewer)

    of_a, of_b = await freeze("a", standard="set_a"), await freeze("b")
    frozen = {
        answer.json()["standard"]: next(
            (figure["value"], figure["standard"])
            for figure in answer.json()["figures"]
            if figure["indicator"] == "communes_done"
        )
        for answer in (of_a, of_b)
    }
    assert frozen == {"set_a": (2, "set_a"), None: (1, "set_b")}
    path = f"publications/{of_a.json()['id']}/differences"
    refused = await two_counts.get(path, other=of_b.json()["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "publications_not_comparable")
    corrected = await accept(
        two_counts, (0, 0), standard="set_a", supersedes=(await live(two_counts, "set_a"))["id"]
    )
    again = (await freeze("a, again", standard="set_a")).json()
    compared = (await two_counts.get(path, other=again["id"])).json()
    (difference,) = [item for item in compared["items"] if item["indicator"] == "communes_done"]
    assert (difference["before"], difference["after"]) == (2, 0)
    assert corrected["id"] in [report["id"] for report in difference["reports"]]
    assert (await freeze("c", standard="set_c")).json()["code"] == "standard_not_found"


async def test_the_change_feed_names_the_standard(two_counts):
    feed = (await two_counts.get("changes", two_counts.reviewer)).json()["items"]
    assert [event["data"]["standard"] for event in feed] == ["set_a", "set_a", "set_b", "set_b"]


def test_before_its_first_standard_a_form_has_none_and_after_the_last_one_it_must_be_named():
    plain = offices.catalogue()
    standard = replace(
        plain.standards[0],
        forms=frozenset({"census"}),
        valid_from=date(2020, 1, 1),
        valid_to=date(2021, 6, 30),
    )
    catalogue = replace(plain, standards=(standard,))
    assert catalogue.find_form_standard("census", Period(2019).ends_on) == ""
    assert catalogue.find_form_standard("census", Period(2020).ends_on) == "set_a"
    assert catalogue.find_form_standard("census", Period(2021).ends_on) == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"forms": frozenset({"nothing"})}, "unknown forms"),
        ({"forms": frozenset()}, "of no form"),
        ({"code": "set_a"}, "no code of its own"),
        ({"valid_from": offices.SINCE}, "begin on 2016-01-01"),
    ],
)
def test_a_faulty_standard_stops_the_start(change, fault):
    plain = offices.catalogue()
    standard = replace(plain.standards[1], **{"code": "set_c", "valid_from": date(2024, 1, 1), **change})
    with pytest.raises(ValueError, match=fault):
        replace(plain, standards=(*plain.standards, standard))


def test_a_figure_made_from_forms_of_different_standards_stops_the_start():
    plain = offices.catalogue()
    census = replace(plain.standards[0], code="census_a", forms=frozenset({"census"}))
    figure = replace(
        plain.figures["poverty_rate"],
        code="mixed",
        formula=Ratio(("criterion_a",), ("households",)),
    )
    with pytest.raises(ValueError, match="mixed is made from forms of different standards"):
        replace(plain, standards=(*plain.standards, census), figures={**plain.figures, figure.code: figure})
