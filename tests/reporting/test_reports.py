"""A report's life over HTTP: submitted, corrected, accepted, returned, withdrawn, in every order."""

import asyncio
import uuid
from datetime import datetime

import pytest
from sqlalchemy import text

from tests.application import get_database

pytestmark = pytest.mark.anyio

DISTRICT, OTHER, TOWN, COMMUNE = "610", "611", "23341", "23344"


def rows(poor=10, households=100, unit=COMMUNE):
    return [(unit, "poor", poor), (unit, "households", households)]


async def census(office, poor=10, **more):
    """Submit the census of one commune by its district."""
    answer = await office.submit(DISTRICT, "2023", "census", rows(poor), **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read_value(office, basis="accepted", code="poor", **params):
    return (await office.figure(code, token=office.reviewer, basis=basis, **params))["value"]


async def read_both_bases(office):
    return await read_value(office), await read_value(office, "provisional")


async def read_state(office, report):
    return (await office.get(f"reports/{report['id']}", office.reviewer)).json()["state"]


async def withdraw(office, report, token=None, **more):
    body = {"content_sha256": report["content_sha256"], **more}
    return await office.post(f"reports/{report['id']}/withdraw", body, token or office.district(DISTRICT))


async def read_event_types(office):
    answer = await office.get("changes", office.reviewer)
    return [item["type"] for item in answer.json()["items"]]


# What is answered


async def test_a_submission_is_answered_with_counts_and_a_receipt(office):
    answer = await office.submit(DISTRICT, "2023", "census", rows(), note="năm 2023")
    report = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/poverty/reports/{report['id']}"
    assert report["state"] == "submitted"
    assert report["counts"] == {"received": 2, "created": 2, "changed": 0, "unchanged": 0, "dropped": 0}
    assert report["receipt"]["content_sha256"] == report["content_sha256"]
    assert uuid.UUID(report["id"]).version == 7
    assert datetime.fromisoformat(report["received_at"]).tzinfo is not None


async def test_a_report_is_read_back_as_it_was_posted(office):
    document = {"number": "1/BC", "signed_on": "2023-12-14", "signer_role": "chairman"}
    values = [(COMMUNE, "rain", 12.34), ("23347", "rain", 5.0), ("23347", "herd", 0)]
    answer = await office.submit(DISTRICT, "2023-05", "results", values, note="ghi chú", document=document)
    report = (await office.get(f"reports/{answer.json()['id']}", office.reviewer)).json()
    assert [
        (observation["unit"], observation["indicator"], observation["value"])
        for observation in report["observations"]
    ] == values
    assert {observation["status"] for observation in report["observations"]} == {"official"}
    assert (report["note"], report["document"], report["nil"]) == ("ghi chú", document, False)
    assert [review["action"] for review in report["reviews"]] == ["submitted"]
    assert report["reviews"][0]["client_id"] == "district-610"


async def test_an_identical_report_is_answered_with_the_live_one(office):
    first = await census(office)
    repeat = await office.submit(DISTRICT, "2023", "census", list(reversed(rows(10.0))))
    assert repeat.status_code == 200
    assert repeat.json()["id"] == first["id"]
    await office.verdict(first)
    after_review = await office.submit(DISTRICT, "2023", "census", rows())
    assert (after_review.status_code, after_review.json()["id"], after_review.json()["state"]) == (
        200,
        first["id"],
        "accepted",
    )
    assert await read_event_types(office) == ["report.submitted", "report.accepted"]


async def test_a_dry_run_shows_the_counts_and_keeps_nothing(office):
    observations = [{"unit": u, "indicator": i, "value": v} for u, i, v in rows()]
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": observations}
    token = office.district(DISTRICT)
    tried = await office.post("reports", body, token, key="dry", dry_run=True)
    assert (tried.status_code, "location" in tried.headers) == (200, False)
    assert (tried.json()["id"], tried.json()["receipt"]) == (None, None)
    assert tried.json()["counts"]["created"] == len(body["observations"])
    assert (await office.get("reports", office.reviewer)).json()["items"] == []
    assert await read_both_bases(office) == (None, None)
    assert await read_event_types(office) == []
    bad = await office.post("reports", {**body, "form": "nothing"}, token, dry_run=True)
    assert bad.status_code == 422
    kept = await office.post("reports", body, token, key="dry")
    assert (kept.status_code, "idempotent-replay" in kept.headers) == (201, False)


# Faults


async def test_all_faults_of_shape_and_content_are_in_one_answer_and_nothing_is_kept(office):
    body = {
        "unit": DISTRICT,
        "period": "2023",
        "form": "census",
        "unknown": 1,
        "observations": [
            {"unit": COMMUNE, "indicator": "poor", "value": "many"},
            {"unit": "23377", "indicator": "poor", "value": 1},
            {"unit": COMMUNE, "indicator": "goats", "value": 1},
            {"unit": COMMUNE, "indicator": "households", "value": -1, "status": "sure"},
        ],
    }
    answer = await office.post("reports", body, office.district(DISTRICT))
    assert answer.status_code == 422
    assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == {
        "/unknown": "unknown_field",
        "/observations/0/value": "not_a_number",
        "/observations/1/unit": "unit_not_below",
        "/observations/2/indicator": "indicator_unknown",
        "/observations/3/status": "not_one_of",
        "/observations/3/value": "value_out_of_range",
    }
    assert [error["detail"] for error in answer.json()["errors"] if error["pointer"] == "/unknown"] == [
        "There is no such field."
    ]
    listed = await office.get("reports", office.reviewer)
    assert listed.json()["items"] == []
    assert await read_event_types(office) == []


@pytest.mark.parametrize("name", ["²", "٣", "9" * 5000, "a/b~c", "", "unit\n"])
async def test_an_unknown_field_of_any_name_is_one_fault(office, name):
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "nil": True, name: 1}
    answer = await office.post("reports", body, office.district(DISTRICT))
    assert answer.status_code == 422, answer.text
    assert [error["code"] for error in answer.json()["errors"]] == ["unknown_field"]


async def test_an_unknown_evidence_file_is_named_with_the_other_faults(office):
    evidence = [{"sha256": "0" * 64, "kind": "photo"}]
    answer = await office.submit(DISTRICT, "2023", "census", [(COMMUNE, "poor", -1)], evidence=evidence)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/observations/0/value",
        "/evidence/0/sha256",
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("5", "not_a_number"),
        (True, "not_a_number"),
        (None, "not_a_number"),
        ([1], "not_a_number"),
        (10**13, "too_many_digits"),
        (10**30, "too_many_digits"),
        (0.1234567, "too_many_decimals"),
        (1e300, "too_many_digits"),
        (1e-300, "too_many_digits"),
    ],
)
async def test_a_value_is_a_json_number_that_can_be_stored_exactly(office, value, code):
    answer = await office.submit(DISTRICT, "2023-05", "results", [(COMMUNE, "rain", value)])
    assert answer.status_code == 422
    (error,) = (error for error in answer.json()["errors"] if error["pointer"].endswith("/value"))
    assert error["code"] == code or error["code"].startswith("decimal_")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
async def test_text_that_postgresql_cannot_store_is_refused(office, text):
    answer = await office.submit(DISTRICT, "2023", "census", rows(), note=text)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "path",
    [
        "reports?form=%00",
        "reports?unit=%00",
        "reports?period=%00",
        "observations?period=2023&indicator=%00",
        "progress?period=2023&unit=%00",
        "targets?indicator=%00",
        "receipts/%00",
        "indicators/%00",
        "reports?cursor=%00",
    ],
)
async def test_a_null_character_in_a_query_is_no_server_error(office, path):
    name, _, query = path.partition("?")
    answer = await office.http.get(
        f"/v1/poverty/{name}?{query}", headers={"Authorization": f"Bearer {office.reviewer}"}
    )
    assert answer.status_code in (200, 400, 404, 422), answer.text


# Corrections


async def test_a_second_report_that_does_not_name_the_first_is_refused_with_its_id(office):
    first = await census(office)
    answer = await office.submit(DISTRICT, "2023", "census", rows(11))
    assert answer.status_code == 409
    assert answer.json()["code"] == "report_exists"
    assert answer.json()["report"]["id"] == first["id"]
    assert await read_state(office, first) == "submitted"


async def test_a_correction_counts_what_it_changes(office):
    first = await census(office)
    values = [(COMMUNE, "poor", 11), (TOWN, "poor", 1)]
    second = await office.submit(DISTRICT, "2023", "census", values, supersedes=first["id"])
    assert second.json()["counts"] == {
        "received": 2,
        "created": 1,
        "changed": 1,
        "unchanged": 0,
        "dropped": 1,
    }
    assert await read_state(office, first) == "superseded"
    assert await read_both_bases(office) == (None, 12)


async def test_a_correction_of_an_older_report_is_refused_with_the_differences(office):
    first = await census(office, 10)
    second = await census(office, 11, supersedes=first["id"])
    answer = await office.submit(DISTRICT, "2023", "census", rows(12), supersedes=first["id"])
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "supersedes_not_latest"
    assert body["report"]["id"] == second["id"]
    (differing,) = body["differences"]
    assert body["differences_count"] == 1
    assert (differing["unit"], differing["indicator"]) == (COMMUNE, "poor")
    assert (differing["before"], differing["after"]) == (11, 12)


@pytest.mark.parametrize("named", ["unknown", "another period's", "another unit's"])
async def test_a_correction_must_name_a_report_of_the_same_unit_period_and_form(office, named):
    others = {
        "unknown": str(uuid.uuid4()),
        "another period's": (await office.accepted(DISTRICT, "2022", "census", rows()))["id"],
        "another unit's": (await office.accepted(OTHER, "2023", "census", rows(unit="23377")))["id"],
    }
    answer = await office.submit(DISTRICT, "2023", "census", rows(), supersedes=others[named])
    assert answer.status_code == 404
    assert answer.json()["code"] == "report_not_found"
    assert await read_value(office, "provisional", unit=DISTRICT) is None


async def test_accepted_values_change_only_when_the_correction_is_accepted(office):
    first = await census(office, 10)
    await office.verdict(first)
    assert await read_both_bases(office) == (10, 10)
    second = await census(office, 20, supersedes=first["id"])
    assert await read_both_bases(office) == (10, 20)
    assert await read_state(office, first) == "accepted"
    await office.verdict(second)
    assert await read_both_bases(office) == (20, 20)
    assert await read_state(office, first) == "superseded"
    assert await read_event_types(office) == [
        "report.submitted",
        "report.accepted",
        "report.submitted",
        "report.accepted",
        "report.superseded",
    ]


async def test_after_a_correction_is_returned_the_accepted_report_is_in_effect_again(office):
    first = await census(office, 10)
    await office.verdict(first)
    second = await census(office, 20, supersedes=first["id"])
    assert (await office.verdict(second, "return", reason="sai số")).status_code == 200
    assert await read_both_bases(office) == (10, 10)
    third = await census(office, 30, supersedes=first["id"])
    assert await read_both_bases(office) == (10, 30)
    assert (await withdraw(office, third)).status_code == 200
    assert await read_both_bases(office) == (10, 10)


@pytest.mark.parametrize("action", ["return", "withdraw"])
async def test_values_that_a_correction_drops_come_back_when_it_is_returned_or_withdrawn(office, action):
    first = await census(office, 10)
    await office.verdict(first)
    dropping = await office.submit(
        DISTRICT, "2023", "census", [(COMMUNE, "poor", 20)], supersedes=first["id"]
    )
    assert await read_value(office, "provisional", "households") is None
    assert await read_value(office, "accepted", "households") == 100
    assert (await office.verdict(dropping.json(), action, reason="thiếu")).status_code == 200
    assert await read_value(office, "provisional", "households") == 100
    assert await read_both_bases(office) == (10, 10)


async def test_a_returned_report_may_be_sent_again_with_or_without_naming_it(office):
    first = await census(office, 10)
    await office.verdict(first, "return", reason="thiếu")
    assert await read_both_bases(office) == (None, None)
    repeat = await census(office, 10, supersedes=first["id"])
    assert repeat["id"] != first["id"]
    await office.verdict(repeat, "return", reason="thiếu")
    assert (await office.submit(DISTRICT, "2023", "census", rows(10))).status_code == 201


async def test_withdrawing_an_accepted_report_leaves_the_pending_correction_in_effect(office):
    first = await census(office, 10)
    await office.verdict(first)
    second = await census(office, 20, supersedes=first["id"])
    answer = await withdraw(office, first, office.reviewer, reason="nhầm kỳ")
    assert answer.status_code == 200
    assert await read_both_bases(office) == (None, 20)
    await office.verdict(second)
    assert await read_both_bases(office) == (20, 20)


async def test_an_unreviewed_report_changes_no_accepted_figure(office):
    await census(office, 10)
    assert await read_both_bases(office) == (None, 10)
    figure = await office.figure("poverty_rate")
    assert (figure["value"], figure["coverage"]["reported"]) == (None, 0)


# The states, and who may change them

ACTIONS = ("accept", "return", "withdraw")
STATE_AFTER = {"accept": "accepted", "return": "returned", "withdraw": "withdrawn"}
ALLOWED = {("submitted", action) for action in ACTIONS} | {("accepted", "withdraw")}


async def bring_to(office, wanted):
    report = await census(office)
    if wanted in ("accepted", "returned"):
        await office.verdict(
            report,
            "accept" if wanted == "accepted" else "return",
            **({"reason": "sai"} if wanted == "returned" else {}),
        )
    elif wanted == "withdrawn":
        await withdraw(office, report)
    elif wanted == "superseded":
        await census(office, 11, supersedes=report["id"])
    assert await read_state(office, report) == wanted
    return report


@pytest.mark.parametrize("before", ["submitted", "accepted", "returned", "withdrawn", "superseded"])
@pytest.mark.parametrize("action", ACTIONS)
async def test_every_action_in_every_state_is_carried_out_or_refused(office, before, action):
    report = await bring_to(office, before)
    changes = await read_event_types(office)
    body = {
        "content_sha256": report["content_sha256"],
        **({} if action == "accept" else {"reason": "vì sao"}),
    }
    answer = await office.post(
        f"reports/{report['id']}/{action}", body, office.token("judge", ["review"], ["62"])
    )
    if (before, action) in ALLOWED:
        assert answer.status_code == 200, answer.text
        assert await read_state(office, report) == STATE_AFTER[action]
        assert len(await read_event_types(office)) == len(changes) + 1
    else:
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] == "report_state"
        assert await read_state(office, report) == before
        assert await read_event_types(office) == changes


async def test_a_reviewer_must_name_the_content_that_was_read(office):
    report = await census(office)
    for action in ACTIONS:
        body = {"content_sha256": "0" * 64, **({} if action == "accept" else {"reason": "vì sao"})}
        answer = await office.post(f"reports/{report['id']}/{action}", body, office.reviewer)
        assert answer.status_code == 409
        assert answer.json()["code"] == "content_changed"
        assert answer.json()["content_sha256"] == report["content_sha256"]
    assert await read_state(office, report) == "submitted"


async def test_a_client_does_not_review_its_own_report(office):
    reporter_and_reviewer = office.token("both", ["report", "review"], ["610"])
    answer = await office.submit(DISTRICT, "2023", "census", rows(), token=reporter_and_reviewer)
    report = answer.json()
    for action, more in (("accept", {}), ("return", {"reason": "sai"})):
        body = {"content_sha256": report["content_sha256"], **more}
        refused = await office.post(f"reports/{report['id']}/{action}", body, reporter_and_reviewer)
        assert refused.status_code == 403
        assert refused.json()["code"] == "own_report"
    assert (await withdraw(office, report, reporter_and_reviewer)).status_code == 200


async def test_only_a_reviewer_withdraws_an_accepted_report_and_gives_a_reason(office):
    report = await census(office)
    await office.verdict(report)
    assert (await withdraw(office, report)).status_code == 403
    without_reason = await withdraw(office, report, office.reviewer)
    assert without_reason.status_code == 422
    assert [error["pointer"] for error in without_reason.json()["errors"]] == ["/reason"]
    assert await read_both_bases(office) == (10, 10)
    assert (await withdraw(office, report, office.reviewer, reason="nhầm kỳ")).status_code == 200
    assert await read_both_bases(office) == (None, None)


async def test_a_client_does_not_withdraw_its_own_accepted_report(office):
    reporter_and_reviewer = office.token("both", ["report", "review"], ["610"])
    report = (await office.submit(DISTRICT, "2023", "census", rows(), token=reporter_and_reviewer)).json()
    await office.verdict(report)
    refused = await withdraw(office, report, reporter_and_reviewer, reason="nhầm kỳ")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_report")
    assert await read_both_bases(office) == (10, 10)


async def test_an_unknown_report_is_not_found(office):
    body = {"content_sha256": "0" * 64}
    answer = await office.post(f"reports/{uuid.uuid4()}/accept", body, office.reviewer)
    assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
    assert (await office.get(f"reports/{uuid.uuid4()}", office.reviewer)).status_code == 404
    assert (await office.get("reports/not-a-uuid", office.reviewer)).status_code == 422


# No value counts twice


async def test_a_commune_and_its_district_never_count_twice(office):
    commune = office.token("commune", ["report"], [COMMUNE])
    own = await office.submit(COMMUNE, "2023", "census", rows(5), token=commune)
    assert own.status_code == 201
    for values in (rows(6), [(DISTRICT, "poor", 7)]):
        answer = await office.submit(DISTRICT, "2023", "census", values)
        assert answer.status_code == 409
        conflict = answer.json()
        assert conflict["code"] == "value_stated_elsewhere"
        first = conflict["conflicts"][0]
        assert (first["stated_at"], first["reported_by"]) == (COMMUNE, COMMUNE)
        assert first["report"] == own.json()["id"]
    beside = await office.submit(DISTRICT, "2023", "census", rows(6, unit="23347"))
    assert beside.status_code == 201
    assert await read_value(office, "provisional") == 11


@pytest.mark.parametrize("first", ["62", DISTRICT, COMMUNE])
@pytest.mark.parametrize("second", ["62", DISTRICT, COMMUNE])
async def test_a_value_is_stated_at_one_level_of_the_tree(office, first, second):
    province = office.token("province", ["report"], ["62"])
    response = await office.submit(first, "2023", "census", [(first, "poor", 5)], token=province)
    assert response.status_code == 201, response.text
    reporter = "62" if first == second else second
    other = await office.submit(reporter, "2023", "census", [(second, "poor", 6)], token=province)
    if first == second == "62":
        assert other.json()["code"] == "report_exists"
    else:
        assert other.json().get("code") == "value_stated_elsewhere", other.text
    assert await read_value(office, "provisional") == 5


async def test_a_returned_report_is_no_overlap(office):
    commune = office.token("commune", ["report"], [COMMUNE])
    own = (await office.submit(COMMUNE, "2023", "census", rows(5), token=commune)).json()
    await office.verdict(own, "return", reason="để huyện báo cáo")
    assert (await office.submit(DISTRICT, "2023", "census", rows(6))).status_code == 201


async def test_an_accepted_value_overlaps_until_the_correction_that_drops_it_is_accepted(office):
    first = await office.accepted(DISTRICT, "2023", "census", rows(5))
    dropping = await office.submit(DISTRICT, "2023", "census", rows(1, unit="23347"), supersedes=first["id"])
    commune = office.token("commune", ["report"], [COMMUNE])
    early = await office.submit(COMMUNE, "2023", "census", rows(6), token=commune)
    assert early.json()["code"] == "value_stated_elsewhere"
    await office.verdict(dropping.json())
    assert (await office.submit(COMMUNE, "2023", "census", rows(6), token=commune)).status_code == 201


async def test_all_conflicts_are_counted_though_not_all_are_shown(office):
    province = office.token("province", ["report"], ["62"])
    for district in ("610", "608", "615"):
        values = [(unit, "poor", 1) for unit in office.communes(district)]
        assert (await office.submit(district, "2023", "census", values)).status_code == 201
    values = [(unit, "poor", 1) for unit in office.communes("62")]
    answer = (await office.submit("62", "2023", "census", values, token=province)).json()
    assert answer["conflicts_count"] == 12 + 21 + 11
    assert len(answer["conflicts"]) <= 50


async def test_nil_is_neither_zero_nor_a_missing_report(office):
    answer = await office.submit(DISTRICT, "2023", "census", [], nil=True)
    assert answer.status_code == 201
    await office.verdict(answer.json())
    figure = await office.figure("poor", unit=DISTRICT)
    assert figure["value"] is None
    assert figure["coverage"] == {"reported": 0, "nil": 12, "expected": 12}
    assert (await office.figure("poor", unit=OTHER))["coverage"] == {"reported": 0, "nil": 0, "expected": 8}
    zero = await office.accepted(OTHER, "2023", "census", rows(0, unit="23377"))
    assert zero
    assert (await office.figure("poor", unit=OTHER))["value"] == 0


# Concurrency


@pytest.mark.race
async def test_one_of_many_different_first_reports_is_kept(office):
    answers = await asyncio.gather(
        *(office.submit(DISTRICT, "2023", "census", rows(at)) for at in range(1, 9))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"report_exists"}


@pytest.mark.race
async def test_fifty_simultaneous_repeats_create_one_report_and_get_one_answer(office):
    observations = [{"unit": u, "indicator": i, "value": v} for u, i, v in rows()]
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": observations}
    token = office.district(DISTRICT)
    answers = await asyncio.gather(*(office.post("reports", body, token, key="same") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len((await office.get("reports", office.reviewer)).json()["items"]) == 1
    other_answers = await asyncio.gather(*(office.post("reports", body, token) for _ in range(10)))
    assert {(answer.status_code, answer.json()["id"]) for answer in other_answers} == {
        (200, answers[0].json()["id"])
    }


@pytest.mark.race
async def test_the_same_report_under_many_keys_at_once_is_kept_once(office):
    answers = await asyncio.gather(*(office.submit(DISTRICT, "2023", "census", rows()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 9, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    async with get_database(office.app).reading() as session:
        assert await session.scalar(text("SELECT count(DISTINCT report_id) FROM observations")) == 1


@pytest.mark.race
async def test_a_report_is_reviewed_once_by_simultaneous_reviews(office):
    report = await census(office)
    actions = [
        office.verdict(report),
        office.verdict(report, "return", reason="sai"),
        withdraw(office, report),
    ]
    answers = await asyncio.gather(*actions, *[office.verdict(report) for _ in range(5)])
    won = [answer for answer in answers if answer.status_code == 200]
    lost = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    assert lost <= {"report_state", "forbidden"}
    states = [answer.json()["state"] for answer in won]
    assert len(states) == 1 or states == ["accepted", "withdrawn"]


async def test_a_repeat_of_an_accepted_report_is_answered_with_it_while_a_correction_is_pending(office):
    first = await office.accepted("610", "2023", "results", [("610", "jobs", 5)])
    second = await office.submit("610", "2023", "results", [("610", "jobs", 6)], supersedes=first["id"])
    late = await office.submit("610", "2023", "results", [("610", "jobs", 5)])
    assert (late.status_code, late.json()["id"]) == (200, first["id"])
    back = await office.submit("610", "2023", "results", [("610", "jobs", 5)], supersedes=second.json()["id"])
    assert back.status_code == 201


async def test_nil_and_values_overlap(office):
    commune, other = office.communes("610")[:2]
    nil = await office.submit("610", "2023", "census", [], nil=True)
    below = await office.submit(commune, "2023", "census", [(commune, "poor", 5)])
    assert (below.status_code, below.json()["code"]) == (409, "value_stated_elsewhere")
    assert below.json()["conflicts"][0]["report"] == nil.json()["id"]

    await office.accepted("611", "2023", "census", [("611", "poor", 5)])
    commune_below = office.communes("611")[0]
    nil_below = await office.submit(commune_below, "2023", "census", [], nil=True)
    assert (nil_below.status_code, nil_below.json()["code"]) == (409, "value_stated_elsewhere")

    await office.verdict(nil.json(), "return", reason="không đúng")
    assert (await office.submit(other, "2023", "census", [], nil=True)).status_code == 201
    assert (await office.submit(commune, "2023", "census", [(commune, "poor", 5)])).status_code == 201
    whole = await office.submit("610", "2023", "census", [("610", "households", 50)])
    assert whole.status_code == 409


async def test_reports_of_an_abolished_unit_are_still_listed(office):
    await office.accepted("610", "2023", "results", [("610", "jobs", 5)])
    commune = office.communes("610")[0]
    await office.accepted(commune, "2023", "census", [(commune, "poor", 5)])
    office.clock.move(days=1000)  # 2026: there are no districts any more
    for token in (office.reviewer, office.district("610")):
        assert len((await office.get("reports", token, unit="610")).json()["items"]) == 2
    assert len((await office.get("reports", office.district("610"))).json()["items"]) == 2
