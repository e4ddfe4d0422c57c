"""Planned values under decisions: revised without losing the earlier ones, and never overwritten unseen."""

import asyncio

import pytest

pytestmark = pytest.mark.anyio

FIRST = {"number": "01/QĐ-UBND", "date": "2023-01-05"}
SECOND = {"number": "99/QĐ-UBND", "date": "2023-07-01"}


def plan(value=50, decision=FIRST, **more):
    targets = {"poor": value, **more}
    return {
        "decision": decision,
        "targets": [{"indicator": code, "value": value} for code, value in targets.items()],
    }


async def put(office, body, unit="62", period="2023", token=None, **headers):
    return await office.put(f"targets/{period}/{unit}", body, token or office.planner, **headers)


async def history(office, **query):
    answer = await office.get("targets", **query)
    assert answer.status_code == 200, answer.text
    return [
        (target["indicator"], target["value"], target["decision_number"]) for target in answer.json()["items"]
    ]


async def test_a_target_is_shown_beside_its_figure(office):
    answer = await put(office, plan(50, poverty_rate=12.5))
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"].startswith('"')
    await office.accepted("610", "2023", "census", [("23344", "poor", 40), ("23344", "households", 200)])
    poor, rate = await office.figure("poor"), await office.figure("poverty_rate")
    assert (poor["target"], poor["achieved_percent"]) == (50, 80)
    assert (rate["value"], rate["target"], rate["achieved_percent"], rate["better"]) == (
        20,
        12.5,
        62.5,
        "lower",
    )
    assert (await office.figure("poor", unit="610"))["target"] is None


async def test_a_revision_names_the_version_it_saw_and_loses_nothing(office):
    first = await put(office, plan(50))
    blind = await put(office, plan(60, SECOND))
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition_required")
    assert blind.json()["version"] == first.headers["etag"]
    repeated = await put(office, plan(50, {**FIRST, "number": "01 / q\u0111\u2013ubnd"}))
    assert (repeated.status_code, repeated.headers["etag"]) == (200, first.headers["etag"])
    stale = await put(office, plan(60, SECOND), **{"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    seen = await put(office, plan(60, SECOND), **{"If-Match": first.headers["etag"]})
    assert seen.status_code == 200
    assert seen.headers["etag"] != first.headers["etag"]
    assert await history(office) == [("poor", 60, "99/QĐ-UBND"), ("poor", 50, "01/QĐ-UBND")]
    assert (await office.figure("poor"))["target"] == 60


@pytest.mark.parametrize("if_match", ['"0", {tag}', "*", " {tag} "])
async def test_if_match_may_name_several_versions(office, if_match):
    tag = (await put(office, plan(50))).headers["etag"]
    answer = await put(office, plan(60), **{"If-Match": if_match.format(tag=tag)})
    assert answer.status_code == 200, answer.text


async def test_a_repetition_changes_nothing(office):
    first = await put(office, plan(50))
    again = await put(office, plan(50.0))
    assert again.status_code == 200
    assert again.headers["etag"] == first.headers["etag"]
    assert len(await history(office)) == 1
    changes = (await office.get("changes", office.reviewer)).json()["items"]
    assert [event["type"] for event in changes] == ["target.set"]


async def test_figures_not_named_keep_their_target_and_new_ones_need_no_version(office):
    await put(office, plan(50))
    answer = await put(office, {"decision": SECOND, "targets": [{"indicator": "jobs", "value": 7}]})
    assert answer.status_code == 200
    assert {(target["indicator"], target["value"]) for target in answer.json()["items"]} == {
        ("poor", 50),
        ("jobs", 7),
    }


async def test_the_same_value_under_another_decision_is_a_revision(office):
    tag = (await put(office, plan(50))).headers["etag"]
    assert (await put(office, plan(50, SECOND))).status_code == 428
    assert (await put(office, plan(50, SECOND), **{"If-Match": tag})).status_code == 200
    assert [row[2] for row in await history(office)] == ["99/QĐ-UBND", "01/QĐ-UBND"]


async def test_the_past_reads_the_target_of_its_day(office):
    tag = (await put(office, plan(50))).headers["etag"]
    between = office.clock.at.isoformat().replace("+00:00", "Z")
    office.clock.move(days=30)
    await put(office, plan(60), **{"If-Match": tag})
    assert (await office.figure("poor"))["target"] == 60
    assert (await office.figure("poor", as_of=between))["target"] == 50
    assert (await office.figure("poor", as_of="2024-01-01T00:00:00Z"))["target"] is None


async def test_targets_are_of_their_unit_and_period(office):
    await put(office, plan(1))
    await put(office, plan(2), unit="610")
    await put(office, plan(3), period="2022")
    assert await history(office, unit="610") == [("poor", 2, "01/QĐ-UBND")]
    assert await history(office, period="2022") == [("poor", 3, "01/QĐ-UBND")]
    assert len(await history(office, indicator="poor")) == 3
    assert await history(office, indicator="jobs") == []
    assert (await office.figure("poor", unit="610"))["target"] == 2
    page = (await office.get("targets", limit=2)).json()
    rest = (await office.get("targets", limit=2, cursor=page["next"])).json()
    assert [target["value"] for target in page["items"] + rest["items"]] == [3, 2, 1]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (plan(1, goats=2), {("/targets/1/indicator", "indicator_unknown")}),
        (plan(1, retired=2), {("/targets/1/indicator", "indicator_unknown")}),
        (
            {"decision": FIRST, "targets": [{"indicator": "poor", "value": 1}] * 2},
            {("/targets/1/indicator", "indicator_repeated")},
        ),
        (plan("many"), {("/targets/0/value", "not_a_number")}),
        ({"targets": []}, {("/decision", "missing")}),
        ({"decision": {"number": "", "date": "x"}, "targets": 5}, None),
    ],
)
async def test_every_fault_is_named_and_nothing_is_inserted(office, body, errors):
    answer = await put(office, body)
    assert answer.status_code == 422, answer.text
    faults = {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}
    assert faults == errors if errors is not None else len(faults) == 3
    assert await history(office) == []


async def test_an_invalid_period_is_named_beside_the_faults_of_the_body(office):
    alone = await put(office, plan(), period="2023-13")
    assert (alone.status_code, alone.json()["code"]) == (422, "period_invalid")
    assert (alone.json()["period"], alone.json()["errors"][0]["pointer"]) == ("2023-13", "/path/period")
    answer = await put(office, plan("many"), period="2023-13")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]} == {
        ("/path/period", "period_invalid"),
        ("/targets/0/value", "not_a_number"),
    }
    assert await history(office) == []


async def test_only_a_planner_of_the_unit_sets_targets(office):
    assert (await put(office, plan(), token=office.reviewer)).status_code == 403
    elsewhere = office.token("planner", ["target"], ["611"])
    answer = await put(office, plan(), unit="610", token=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (403, "unit_not_granted")
    assert (await put(office, plan(), unit="999")).status_code == 404
    assert (await put(office, plan(), period="soon")).status_code == 422
    assert await history(office) == []


@pytest.mark.race
async def test_of_many_revisions_of_one_version_one_wins(office):
    tag = (await put(office, plan(50))).headers["etag"]
    answers = await asyncio.gather(*(put(office, plan(60 + at), **{"If-Match": tag}) for at in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]
    assert len(await history(office)) == 2


async def test_a_dry_run_of_targets_and_reviews_keeps_nothing(office):
    planned = await office.http.put(
        "/v1/poverty/targets/2023/62",
        json=plan(50),
        headers={"Authorization": f"Bearer {office.planner}"},
        params={"dry_run": "true"},
    )
    assert planned.status_code == 200, planned.text
    assert planned.json()["items"][0]["value"] == 50
    assert "etag" not in planned.headers
    assert await history(office) == []

    report = (
        await office.submit("610", "2023", "census", [("23344", "poor", 40), ("23344", "households", 200)])
    ).json()
    body = {"content_sha256": report["content_sha256"]}
    checked = await office.post(f"reports/{report['id']}/accept", body, office.reviewer, dry_run="true")
    assert (checked.status_code, checked.json()["state"]) == (200, "accepted")
    many = {"reviews": [{"report": report["id"], "verdict": "accept", **body}]}
    checked = await office.post("reviews", many, office.reviewer, dry_run="true")
    assert checked.json()["done"] == 1
    read = await office.get(f"reports/{report['id']}", office.reviewer)
    assert read.json()["state"] == "submitted"
