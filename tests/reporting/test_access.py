"""Who may write and read what: by scope, program and unit, on the tree of the day."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.anyio

COMMUNE = "23344"


def values(unit=COMMUNE, poor=10):
    return [(unit, "poor", poor), (unit, "households", 100)]


async def test_a_district_cannot_write_for_another_and_nothing_is_kept(office):
    for unit, rows in (("610", values()), ("62", values()), (COMMUNE, values())):
        answer = await office.submit(unit, "2023", "census", rows, token=office.district("611"))
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] == "unit_not_granted"
        assert answer.json()["unit"] == unit
    assert (await office.get("reports", office.reviewer)).json()["items"] == []
    assert (await office.get("changes", office.reviewer)).json()["items"] == []


async def test_a_district_cannot_state_values_of_another(office):
    answer = await office.submit("611", "2023", "census", values(), token=office.district("611"))
    assert answer.status_code == 422
    assert {error["code"] for error in answer.json()["errors"]} == {"unit_not_below"}


@pytest.mark.parametrize(
    ("granted", "unit", "allowed"),
    [
        (["610"], "610", True),
        (["610"], COMMUNE, True),
        ([COMMUNE], COMMUNE, True),
        ([COMMUNE], "610", False),
        (["62"], "610", True),
        ([], "610", False),
        (["51"], "610", False),
        (["999", "nonsense"], "610", False),
        (["6"], "610", False),
    ],
)
async def test_a_unit_grants_its_whole_subtree_and_nothing_else(office, granted, unit, allowed):
    token = office.token("client", ["report"], granted)
    answer = await office.submit(unit, "2023", "census", values(), token=token)
    assert answer.status_code == (201 if allowed else 403), answer.text


@pytest.mark.parametrize("scope", ["read", "review", "target", "register", "funding", "admin"])
async def test_clients_with_other_scopes_cannot_report(office, scope):
    token = office.token("client", [scope], ["62"])
    answer = await office.submit("610", "2023", "census", values(), token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_client_of_another_program_is_refused(office):
    lives = timedelta(days=3000)
    token = office.issuer.token("rural-only", ["report", "read"], ["rural"], ["62"], lives=lives, iat=0)
    assert (await office.submit("610", "2023", "census", values(), token=token)).status_code == 403
    for path in ("reports", "changes"):
        assert (await office.get(path, token)).status_code == 403, path
    assert (await office.get("progress", token, period="2023", basis="provisional")).status_code == 403


async def test_reviewers_review_only_at_and_below_granted_units(office):
    report = (await office.submit("610", "2023", "census", values())).json()
    body = {"content_sha256": report["content_sha256"]}
    for units in (["611"], [COMMUNE], []):
        elsewhere = office.token("elsewhere", ["review"], units)
        answer = await office.post(f"reports/{report['id']}/accept", body, elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (403, "unit_not_granted")
    own = office.token("own", ["review"], ["610"])
    assert (await office.post(f"reports/{report['id']}/accept", body, own)).status_code == 200


async def test_a_reporter_reads_its_own_reports_and_no_others(office):
    own = (await office.submit("610", "2023", "census", values())).json()
    other = (await office.submit("611", "2023", "census", values("23377"))).json()
    token = office.district("610")
    listed = (await office.get("reports", token)).json()["items"]
    assert [item["id"] for item in listed] == [own["id"]]
    assert (await office.get("reports", token, unit="62")).json()["items"] == listed
    assert (await office.get("reports", token, unit="611")).json()["items"] == []
    assert (await office.get(f"reports/{own['id']}", token)).status_code == 200
    for path in (f"reports/{other['id']}", f"reports/{other['id']}/differences"):
        answer = await office.get(path, token)
        assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
    all_reports = (await office.get("reports", office.reviewer)).json()["items"]
    assert [report["id"] for report in all_reports] == [other["id"], own["id"]]


async def test_accepted_figures_are_public_and_provisional_ones_need_a_token(office):
    await office.accepted("610", "2023", "census", values())
    await office.submit("611", "2023", "census", values("23377", 5))
    reader = office.token("anyone", ["read"], [])
    for path in ("progress", "observations", "lineage/poor"):
        public = await office.get(path, period="2023")
        assert public.status_code == 200, path
        refused = await office.get(path, period="2023", basis="provisional")
        assert refused.status_code == 401, path
        assert refused.headers["www-authenticate"] == "Bearer"
        assert (await office.get(path, reader, period="2023", basis="provisional")).status_code == 200
        assert (await office.get(path, reader, period="2023", basis="rumoured")).status_code == 422
    assert (await office.figure("poor"))["value"] == 10
    assert (await office.figure("poor", token=reader, basis="provisional"))["value"] == 15


async def test_a_pending_value_never_shows_in_a_public_answer(office):
    await office.submit("610", "2023", "census", values(poor=77))
    for path in ("progress", "observations", "completeness"):
        answer = await office.get(path, period="2023")
        assert answer.status_code == 200
        assert "77" not in answer.text.replace(answer.headers["etag"], ""), path


async def test_a_district_reads_the_changes_of_its_own_reports_and_learns_of_a_return(office):
    commune = office.communes("611")[0]
    own = (await office.submit("610", "2023", "census", values())).json()
    await office.submit("611", "2023", "census", values(commune))
    await office.verdict(own, "return", reason="the sums differ")
    await office.put(f"targets/2023/{COMMUNE}", {}, office.planner)
    everything = (await office.get("changes", office.reviewer)).json()
    feed = (await office.get("changes", office.district("610"))).json()
    assert [(item["type"], item["data"]["unit"]) for item in feed["items"]] == [
        ("report.submitted", "610"),
        ("report.returned", "610"),
    ]
    assert (feed["next"], feed["more"]) == (everything["next"], False)
    assert feed["items"] == [item for item in everything["items"] if item["data"].get("unit") == "610"]
    first = (await office.get("changes", office.district("610"), limit=1)).json()
    assert (first["next"], first["more"]) == (first["items"][0]["id"], True)
    rest = (await office.get("changes", office.district("610"), after=first["next"])).json()
    assert [item["type"] for item in rest["items"]] == ["report.returned"]
    other = (await office.get("changes", office.district("611"))).json()
    assert [item["data"]["unit"] for item in other["items"]] == ["611"]
    nothing = (await office.get("changes", office.district("612"))).json()
    assert (nothing["items"], nothing["next"]) == ([], everything["newest"])


async def test_withdrawing_the_report_of_another_is_not_found(office):
    report = (await office.submit("610", "2023", "census", values())).json()
    body = {"content_sha256": report["content_sha256"]}
    for report_id in (report["id"], "01890a5d-ac96-774b-bcce-b302099a8057"):
        answer = await office.post(f"reports/{report_id}/withdraw", body, office.district("611"))
        assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
    own = await office.post(f"reports/{report['id']}/withdraw", body, office.district("610"))
    assert own.status_code == 200


async def test_lists_of_reports_and_the_feed_need_a_token(office):
    for path in ("reports", "changes"):
        assert (await office.get(path)).status_code == 401


async def test_lists_are_filtered_and_paged_newest_first(office):
    ids = []
    for number, unit in enumerate(["610", "611", "612", "613", "614"]):
        commune = office.communes(unit)[0]
        answer = await office.submit(unit, "2023", "census", values(commune, number))
        ids.append(answer.json()["id"])
    results = await office.submit("610", "2023-05", "results", [("610", "jobs", 1)])
    ids.append(results.json()["id"])
    await office.verdict(results.json())
    listed = []
    cursor: dict[str, str] = {}
    while True:
        answer = await office.get("reports", office.reviewer, limit=2, **cursor)
        body = answer.json()
        listed += [item["id"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    assert listed == list(reversed(ids))

    async def list_ids(**query):
        answer = await office.get("reports", office.reviewer, **query)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    assert await list_ids(form="results") == {ids[5]}
    assert await list_ids(period="2023-05") == {ids[5]}
    assert await list_ids(state="accepted") == {ids[5]}
    assert await list_ids(unit="611") == {ids[1]}
    assert await list_ids(unit="62", state="submitted") == set(ids[:5])
    assert await list_ids(period="2022") == set()
    for invalid in ({"state": "lost"}, {"period": "2023-13"}, {"limit": 0}, {"cursor": "x"}):
        assert (await office.get("reports", office.reviewer, **invalid)).status_code in (400, 422), invalid
    assert (await office.get("reports", office.reviewer, unit="999")).status_code == 404


@pytest.mark.parametrize("path", ["progress", "observations", "completeness", "lineage/poor"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"period": "2023-13"}, 422),
        ({}, 422),
        ({"period": "2023", "unit": "999"}, 404),
        ({"period": "2025", "unit": "610"}, 404),
        ({"period": "2023", "unit": "11948"}, 404),
        ({"period": "2025", "unit": "51"}, 200),
    ],
)
async def test_a_query_that_cannot_be_answered_is_refused_with_a_reason(office, path, query, status):
    answer = await office.get(path, **query)
    assert answer.status_code == status, answer.text


async def test_the_etag_of_a_reading_changes_with_its_content_only(office):
    await office.accepted("610", "2023", "census", values())
    for path, query in (
        ("progress", {"period": "2023"}),
        ("observations", {"period": "2023"}),
        ("completeness", {"period": "2023"}),
        ("indicators", {}),
    ):
        headers = {"If-None-Match": (await office.get(path, **query)).headers["etag"]}
        again = await office.http.get(f"/v1/poverty/{path}", params=query, headers=headers)
        assert again.status_code == 304, path
        repeat = await office.get(path, **query)
        assert repeat.headers["etag"] == headers["If-None-Match"], path
    tag = (await office.get("progress", period="2023")).headers["etag"]
    await office.accepted("611", "2023", "census", values("23377"))
    assert (await office.get("progress", period="2023")).headers["etag"] != tag
