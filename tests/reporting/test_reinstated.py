"""Withdrawing an accepted report puts back the one that it had replaced, with lineage, roll-ups, feed and publications."""

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

DISTRICT, COMMUNE, OTHER = "610", "23344", "23347"
REASON = {"reason": "duyệt nhầm"}


def rows(poor, unit=COMMUNE):
    return [(unit, "poor", poor), (unit, "households", 100)]


async def accept_in_turn(office, *values):
    """Accept one report after the other, each a correction of the one before."""
    reports: list[dict[str, Any]] = []
    for value in values:
        more = {"supersedes": reports[-1]["id"]} if reports else {}
        reports.append(await office.accepted(DISTRICT, "2023", "census", rows(value), **more))
    return reports


async def withdraw(office, report, token=None):
    body = {"content_sha256": report["content_sha256"], **REASON}
    return await office.post(f"reports/{report['id']}/withdraw", body, token or office.reviewer)


async def read_values(office):
    """Return the poor households of the province on both bases, and in the district."""
    return [
        (await office.figure("poor", token=office.reviewer, **params))["value"]
        for params in ({}, {"basis": "provisional"}, {"unit": DISTRICT})
    ]


async def read_state(office, report):
    return (await office.get(f"reports/{report['id']}", office.reviewer)).json()["state"]


async def test_what_was_accepted_before_is_in_effect_again(office):
    first, second = await accept_in_turn(office, 10, 11)
    before = office.clock.at
    assert (await withdraw(office, second)).status_code == 200
    assert await read_values(office) == [10, 10, 10]
    assert [await read_state(office, report) for report in (first, second)] == ["accepted", "withdrawn"]
    assert (await office.figure("poor", as_of=before.isoformat()))["value"] == 11
    (traced,) = (await office.get("lineage/poor", period="2023", unit="62")).json()["reports"]
    assert (traced["id"], traced["reviewed_by"]) == (first["id"], "reviewer")
    assert traced["reinstated_by"] == "reviewer"
    assert traced["reviewed_at"] < traced["reinstated_at"]


async def test_the_history_and_the_feed_say_what_was_put_back(office):
    first, second = await accept_in_turn(office, 10, 11)
    await withdraw(office, second)
    report = (await office.get(f"reports/{first['id']}", office.reviewer)).json()
    actions = [review["action"] for review in report["reviews"]]
    assert actions == ["submitted", "accepted", "superseded", "reinstated"]
    assert report["reviews"][-1]["reason"] == REASON["reason"]
    assert {row["basis"] for row in report["stood"] if row["until"] is None} == {"provisional", "accepted"}
    events = (await office.get("changes", office.reviewer)).json()["items"][-2:]
    assert [(event["type"], event["subject"]) for event in events] == [
        ("report.withdrawn", f"reports/{second['id']}"),
        ("report.accepted", f"reports/{first['id']}"),
    ]
    assert events[1]["data"]["reinstated_after"] == second["id"]


async def test_acceptances_are_withdrawn_one_after_the_other(office):
    first, second, third = await accept_in_turn(office, 10, 11, 12)
    for report, values in ((third, [11, 11, 11]), (second, [10, 10, 10]), (first, [None, None, None])):
        assert (await withdraw(office, report)).status_code == 200
        assert await read_values(office) == values
    assert (await withdraw(office, first)).json()["code"] == "report_state"


async def test_a_withdrawn_report_is_never_put_back(office):
    first, second = await accept_in_turn(office, 10, 11)
    await withdraw(office, second)
    third = await office.accepted(DISTRICT, "2023", "census", rows(13), supersedes=first["id"])
    await withdraw(office, third)
    assert await read_values(office) == [10, 10, 10]


async def test_a_pending_correction_stays_in_effect_on_the_provisional_basis(office):
    first, second = await accept_in_turn(office, 10, 11)
    pending = (await office.submit(DISTRICT, "2023", "census", rows(12), supersedes=second["id"])).json()
    await withdraw(office, second)
    assert await read_values(office) == [10, 12, 10]
    await office.verdict(pending, "return", **REASON)
    assert await read_values(office) == [10, 10, 10]
    assert await read_state(office, first) == "accepted"


async def test_nothing_is_put_back_that_another_report_states_by_now(office):
    first = await office.accepted(DISTRICT, "2023", "census", [*rows(10), *rows(5, OTHER)])
    second = await office.accepted(DISTRICT, "2023", "census", rows(11), supersedes=first["id"])
    below = await office.accepted(OTHER, "2023", "census", rows(6, OTHER))
    refused = await withdraw(office, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "value_stated_elsewhere")
    assert {conflict["report"] for conflict in refused.json()["conflicts"]} == {below["id"]}
    assert await read_values(office) == [17, 17, 17]
    assert (await withdraw(office, below)).status_code == 200
    assert (await withdraw(office, second)).status_code == 200
    assert await read_values(office) == [15, 15, 15]


async def test_a_nil_report_is_put_back(office):
    nil = await office.accepted(DISTRICT, "2023", "census", [], nil=True)
    second = await office.accepted(DISTRICT, "2023", "census", rows(11), supersedes=nil["id"])
    await withdraw(office, second)
    figure = await office.figure("poor", unit=DISTRICT)
    assert (figure["value"], figure["coverage"]["nil"]) == (None, 12)


async def test_only_a_reviewer_withdraws_an_acceptance(office):
    _, second = await accept_in_turn(office, 10, 11)
    assert (await withdraw(office, second, office.district(DISTRICT))).status_code == 403
    sender = office.token(f"district-{DISTRICT}", ["report", "review"], ["62"])
    assert (await withdraw(office, second, sender)).json()["code"] == "own_report"
    assert await read_values(office) == [11, 11, 11]


async def test_a_comparison_of_publications_names_both_reports(office):
    first, second = await accept_in_turn(office, 10, 11)
    ids = []
    for name in ("trước", "sau"):
        document = {"number": "1/BC-UBND", "date": "2024-01-15"}
        body = {"name": name, "period": "2023", "unit": "62", "document": document}
        answer = await office.post("publications", body, office.reviewer)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
        if name == "trước":
            await withdraw(office, second)
    compared = (await office.get(f"publications/{ids[0]}/differences", other=ids[1])).json()
    poor = next(row for row in compared["items"] if row["indicator"] == "poor")
    assert (poor["before"], poor["after"]) == (11, 10)
    assert {(row["id"], row["change"]) for row in poor["reports"]} == {
        (second["id"], "ceased"),
        (first["id"], "began"),
    }


@pytest.mark.race
async def test_one_of_many_simultaneous_withdrawals_puts_back_once(office):
    _, second = await accept_in_turn(office, 10, 11)
    answers = await asyncio.gather(*(withdraw(office, second) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert await read_values(office) == [10, 10, 10]
