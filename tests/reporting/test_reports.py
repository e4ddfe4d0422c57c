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


async def value(office, basis="accepted", code="poor", **params):
    return (await office.figure(code, token=office.reviewer, basis=basis, **params))["value"]


async def both(office):
    return await value(office), await value(office, "provisional")


async def state(office, report):
    return (await office.get(f"reports/{report['id']}", office.reviewer)).json()["state"]


async def withdraw(office, report, token=None, **more):
    body = {"content_sha256": report["content_sha256"], **more}
    return await office.post(f"reports/{report['id']}/withdraw", body, token or office.district(DISTRICT))


async def kinds_of_changes(office):
    answer = await office.get("changes", office.reviewer)
    return [it["type"] for it in answer.json()["items"]]


# What is answered


async def test_a_submission_answers_what_was_received_with_a_receipt(office):
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
    assert [(it["unit"], it["indicator"], it["value"]) for it in report["observations"]] == values
    assert {it["status"] for it in report["observations"]} == {"official"}
    assert (report["note"], report["document"], report["nil"]) == ("ghi chú", document, False)
    assert [it["action"] for it in report["reviews"]] == ["submitted"]
    assert report["reviews"][0]["client_id"] == "district-610"


async def test_an_identical_report_is_the_one_that_is_there(office):
    first = await census(office)
    again = await office.submit(DISTRICT, "2023", "census", list(reversed(rows(10.0))))
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    await office.verdict(first)
    later = await office.submit(DISTRICT, "2023", "census", rows())
    assert (later.status_code, later.json()["id"], later.json()["state"]) == (200, first["id"], "accepted")
    assert await kinds_of_changes(office) == ["report.submitted", "report.accepted"]


async def test_a_dry_run_says_what_would_be_and_keeps_nothing(office):
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": []}
    body["observations"] = [{"unit": u, "indicator": i, "value": v} for u, i, v in rows()]
    token = office.district(DISTRICT)
    tried = await office.post("reports", body, token, key="dry", dry_run=True)
    assert (tried.status_code, "location" in tried.headers) == (200, False)
    assert (tried.json()["id"], tried.json()["receipt"]) == (None, None)
    assert tried.json()["counts"]["created"] == len(body["observations"])
    assert (await office.get("reports", office.reviewer)).json()["items"] == []
    assert await both(office) == (None, None)
    assert await kinds_of_changes(office) == []
    bad = await office.post("reports", {**body, "form": "nothing"}, token, dry_run=True)
    assert bad.status_code == 422
    kept = await office.post("reports", body, token, key="dry")
    assert (kept.status_code, "idempotent-replay" in kept.headers) == (201, False)


# Faults


async def test_five_faults_of_shape_and_meaning_are_one_answer_and_nothing_is_kept(office):
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
    assert {it["pointer"]: it["code"] for it in answer.json()["errors"]} == {
        "/unknown": "unknown_field",
        "/observations/0/value": "not_a_number",
        "/observations/1/unit": "unit_not_below",
        "/observations/2/indicator": "indicator_unknown",
        "/observations/3/status": "not_one_of",
        "/observations/3/value": "value_out_of_range",
    }
    assert [it["detail"] for it in answer.json()["errors"] if it["pointer"] == "/unknown"] == [
        "This field is not known here."
    ]
    listed = await office.get("reports", office.reviewer)
    assert listed.json()["items"] == []
    assert await kinds_of_changes(office) == []


@pytest.mark.parametrize("name", ["²", "٣", "9" * 5000, "a/b~c", "", "unit\n"])
async def test_a_field_of_any_name_is_only_an_unknown_field(office, name):
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "nil": True, name: 1}
    answer = await office.post("reports", body, office.district(DISTRICT))
    assert answer.status_code == 422, answer.text
    assert [it["code"] for it in answer.json()["errors"]] == ["unknown_field"]


async def test_an_unknown_file_is_named_with_the_other_faults(office):
    evidence = [{"sha256": "0" * 64, "kind": "photo"}]
    answer = await office.submit(DISTRICT, "2023", "census", [(COMMUNE, "poor", -1)], evidence=evidence)
    assert answer.status_code == 422
    assert {it["pointer"] for it in answer.json()["errors"]} == {
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
async def test_a_value_is_a_json_number_that_can_be_kept_exactly(office, value, code):
    answer = await office.submit(DISTRICT, "2023-05", "results", [(COMMUNE, "rain", value)])
    assert answer.status_code == 422
    (error,) = (it for it in answer.json()["errors"] if it["pointer"].endswith("/value"))
    assert error["code"] == code or error["code"].startswith("decimal_")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
async def test_what_no_database_can_keep_is_refused_wherever_it_stands(office, text):
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
async def test_a_null_character_in_a_question_is_no_crash(office, path):
    name, _, query = path.partition("?")
    answer = await office.http.get(
        f"/v1/poverty/{name}?{query}", headers={"Authorization": f"Bearer {office.reviewer}"}
    )
    assert answer.status_code in (200, 400, 404, 422), answer.text


# Corrections


async def test_a_second_report_without_naming_the_first_is_a_conflict_that_names_it(office):
    first = await census(office)
    answer = await office.submit(DISTRICT, "2023", "census", rows(11))
    assert answer.status_code == 409
    assert answer.json()["code"] == "report_exists"
    assert answer.json()["report"]["id"] == first["id"]
    assert await state(office, first) == "submitted"


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
    assert await state(office, first) == "superseded"
    assert await both(office) == (None, 12)


async def test_a_correction_of_an_older_report_is_a_conflict_that_shows_what_differs(office):
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
    assert (differing["before"], differing["after"]) == ("11", "12")


@pytest.mark.parametrize("named", ["nobody's", "another period's", "another unit's"])
async def test_a_correction_names_a_report_of_its_own_unit_period_and_form(office, named):
    others = {
        "nobody's": str(uuid.uuid4()),
        "another period's": (await office.accepted(DISTRICT, "2022", "census", rows()))["id"],
        "another unit's": (await office.accepted(OTHER, "2023", "census", rows(unit="23377")))["id"],
    }
    answer = await office.submit(DISTRICT, "2023", "census", rows(), supersedes=others[named])
    assert answer.status_code == 404
    assert answer.json()["code"] == "report_not_found"
    assert await value(office, "provisional", unit=DISTRICT) is None


async def test_accepted_values_change_only_when_the_correction_is_accepted(office):
    first = await census(office, 10)
    await office.verdict(first)
    assert await both(office) == (10, 10)
    second = await census(office, 20, supersedes=first["id"])
    assert await both(office) == (10, 20)
    assert await state(office, first) == "accepted"
    await office.verdict(second)
    assert await both(office) == (20, 20)
    assert await state(office, first) == "superseded"
    assert await kinds_of_changes(office) == [
        "report.submitted",
        "report.accepted",
        "report.submitted",
        "report.accepted",
        "report.superseded",
    ]


async def test_returning_a_correction_lets_the_accepted_report_stand_again(office):
    first = await census(office, 10)
    await office.verdict(first)
    second = await census(office, 20, supersedes=first["id"])
    assert (await office.verdict(second, "return", reason="sai số")).status_code == 200
    assert await both(office) == (10, 10)
    third = await census(office, 30, supersedes=first["id"])
    assert await both(office) == (10, 30)
    assert (await withdraw(office, third)).status_code == 200
    assert await both(office) == (10, 10)


@pytest.mark.parametrize("move", ["return", "withdraw"])
async def test_what_a_correction_drops_comes_back_when_the_correction_goes(office, move):
    first = await census(office, 10)
    await office.verdict(first)
    dropping = await office.submit(
        DISTRICT, "2023", "census", [(COMMUNE, "poor", 20)], supersedes=first["id"]
    )
    assert await value(office, "provisional", "households") is None
    assert await value(office, "accepted", "households") == 100
    assert (await office.verdict(dropping.json(), move, reason="thiếu")).status_code == 200
    assert await value(office, "provisional", "households") == 100
    assert await both(office) == (10, 10)


async def test_a_returned_report_may_be_sent_again_with_or_without_naming_it(office):
    first = await census(office, 10)
    await office.verdict(first, "return", reason="thiếu")
    assert await both(office) == (None, None)
    again = await census(office, 10, supersedes=first["id"])
    assert again["id"] != first["id"]
    await office.verdict(again, "return", reason="thiếu")
    assert (await office.submit(DISTRICT, "2023", "census", rows(10))).status_code == 201


async def test_withdrawing_an_accepted_report_leaves_the_pending_correction_standing(office):
    first = await census(office, 10)
    await office.verdict(first)
    second = await census(office, 20, supersedes=first["id"])
    answer = await withdraw(office, first, office.reviewer, reason="nhầm kỳ")
    assert answer.status_code == 200
    assert await both(office) == (None, 20)
    await office.verdict(second)
    assert await both(office) == (20, 20)


async def test_an_unreviewed_report_moves_no_accepted_figure(office):
    await census(office, 10)
    assert await both(office) == (None, 10)
    figure = await office.figure("poverty_rate")
    assert (figure["value"], figure["coverage"]["reported"]) == (None, 0)


# The states and who may move them

MOVES = ("accept", "return", "withdraw")
AFTER = {"accept": "accepted", "return": "returned", "withdraw": "withdrawn"}
LEGAL = {("submitted", move) for move in MOVES} | {("accepted", "withdraw")}


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
    assert await state(office, report) == wanted
    return report


@pytest.mark.parametrize("before", ["submitted", "accepted", "returned", "withdrawn", "superseded"])
@pytest.mark.parametrize("move", MOVES)
async def test_every_move_from_every_state_is_made_or_refused(office, before, move):
    report = await bring_to(office, before)
    changes = await kinds_of_changes(office)
    body = {"content_sha256": report["content_sha256"], **({} if move == "accept" else {"reason": "vì sao"})}
    answer = await office.post(
        f"reports/{report['id']}/{move}", body, office.token("judge", ["review"], ["62"])
    )
    if (before, move) in LEGAL:
        assert answer.status_code == 200, answer.text
        assert await state(office, report) == AFTER[move]
        assert len(await kinds_of_changes(office)) == len(changes) + 1
    else:
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] == "report_state"
        assert await state(office, report) == before
        assert await kinds_of_changes(office) == changes


async def test_a_reviewer_says_which_content_was_read(office):
    report = await census(office)
    for move in MOVES:
        body = {"content_sha256": "0" * 64, **({} if move == "accept" else {"reason": "vì sao"})}
        answer = await office.post(f"reports/{report['id']}/{move}", body, office.reviewer)
        assert answer.status_code == 409
        assert answer.json()["code"] == "content_changed"
        assert answer.json()["content_sha256"] == report["content_sha256"]
    assert await state(office, report) == "submitted"


async def test_nobody_reviews_a_report_of_their_own_client(office):
    both_hats = office.token("both", ["report", "review"], ["610"])
    answer = await office.submit(DISTRICT, "2023", "census", rows(), token=both_hats)
    report = answer.json()
    for move, more in (("accept", {}), ("return", {"reason": "sai"})):
        body = {"content_sha256": report["content_sha256"], **more}
        refused = await office.post(f"reports/{report['id']}/{move}", body, both_hats)
        assert refused.status_code == 403
        assert refused.json()["code"] == "own_report"
    assert (await withdraw(office, report, both_hats)).status_code == 200


async def test_only_a_reviewer_withdraws_what_was_accepted_and_says_why(office):
    report = await census(office)
    await office.verdict(report)
    assert (await withdraw(office, report)).status_code == 403
    silent = await withdraw(office, report, office.reviewer)
    assert silent.status_code == 422
    assert [it["pointer"] for it in silent.json()["errors"]] == ["/reason"]
    assert await both(office) == (10, 10)
    assert (await withdraw(office, report, office.reviewer, reason="nhầm kỳ")).status_code == 200
    assert await both(office) == (None, None)


async def test_nobody_withdraws_an_accepted_report_of_their_own_client(office):
    both_hats = office.token("both", ["report", "review"], ["610"])
    report = (await office.submit(DISTRICT, "2023", "census", rows(), token=both_hats)).json()
    await office.verdict(report)
    refused = await withdraw(office, report, both_hats, reason="nhầm kỳ")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_report")
    assert await both(office) == (10, 10)


async def test_a_report_that_is_not_there_is_not_found(office):
    body = {"content_sha256": "0" * 64}
    answer = await office.post(f"reports/{uuid.uuid4()}/accept", body, office.reviewer)
    assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
    assert (await office.get(f"reports/{uuid.uuid4()}", office.reviewer)).status_code == 404
    assert (await office.get("reports/not-a-uuid", office.reviewer)).status_code == 422


# Nothing counts twice


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
    assert await value(office, "provisional") == 11


@pytest.mark.parametrize("first", ["62", DISTRICT, COMMUNE])
@pytest.mark.parametrize("second", ["62", DISTRICT, COMMUNE])
async def test_a_value_stands_at_one_level_of_the_tree(office, first, second):
    province = office.token("province", ["report"], ["62"])
    one = await office.submit(first, "2023", "census", [(first, "poor", 5)], token=province)
    assert one.status_code == 201, one.text
    by = "62" if first == second else second
    two = await office.submit(by, "2023", "census", [(second, "poor", 6)], token=province)
    if first == second == "62":
        assert two.json()["code"] == "report_exists"
    else:
        assert two.json().get("code") == "value_stated_elsewhere", two.text
    assert await value(office, "provisional") == 5


async def test_what_was_returned_or_withdrawn_stands_in_nobodys_way(office):
    commune = office.token("commune", ["report"], [COMMUNE])
    own = (await office.submit(COMMUNE, "2023", "census", rows(5), token=commune)).json()
    await office.verdict(own, "return", reason="để huyện báo cáo")
    assert (await office.submit(DISTRICT, "2023", "census", rows(6))).status_code == 201


async def test_what_an_accepted_report_states_stands_until_the_correction_that_drops_it_is_accepted(office):
    first = await office.accepted(DISTRICT, "2023", "census", rows(5))
    dropping = await office.submit(DISTRICT, "2023", "census", rows(1, unit="23347"), supersedes=first["id"])
    commune = office.token("commune", ["report"], [COMMUNE])
    early = await office.submit(COMMUNE, "2023", "census", rows(6), token=commune)
    assert early.json()["code"] == "value_stated_elsewhere"
    await office.verdict(dropping.json())
    assert (await office.submit(COMMUNE, "2023", "census", rows(6), token=commune)).status_code == 201


async def test_conflicts_are_counted_even_when_not_all_are_shown(office):
    province = office.token("province", ["report"], ["62"])
    for district in ("610", "608", "615"):
        values = [(unit, "poor", 1) for unit in office.communes(district)]
        assert (await office.submit(district, "2023", "census", values)).status_code == 201
    values = [(unit, "poor", 1) for unit in office.communes("62")]
    answer = (await office.submit("62", "2023", "census", values, token=province)).json()
    assert answer["conflicts_count"] == 12 + 21 + 11
    assert len(answer["conflicts"]) <= 50


async def test_nil_is_stated_and_is_neither_zero_nor_silence(office):
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


# Together


@pytest.mark.race
async def test_of_many_different_first_reports_one_wins(office):
    answers = await asyncio.gather(
        *(office.submit(DISTRICT, "2023", "census", rows(at)) for at in range(1, 9))
    )
    assert sorted(it.status_code for it in answers) == [201, *[409] * 7]
    assert {it.json()["code"] for it in answers if it.status_code == 409} == {"report_exists"}


@pytest.mark.race
async def test_fifty_simultaneous_repeats_of_one_report_are_one_report_and_one_answer(office):
    body = {"unit": DISTRICT, "period": "2023", "form": "census", "observations": []}
    body["observations"] = [{"unit": u, "indicator": i, "value": v} for u, i, v in rows()]
    token = office.district(DISTRICT)
    answers = await asyncio.gather(*(office.post("reports", body, token, key="same") for _ in range(50)))
    assert {it.status_code for it in answers} == {201}
    assert len({it.content for it in answers}) == 1
    assert len((await office.get("reports", office.reviewer)).json()["items"]) == 1
    other_keys = await asyncio.gather(*(office.post("reports", body, token) for _ in range(10)))
    assert {(it.status_code, it.json()["id"]) for it in other_keys} == {(200, answers[0].json()["id"])}


@pytest.mark.race
async def test_the_same_report_by_many_keys_at_once_is_kept_once_and_its_values_too(office):
    answers = await asyncio.gather(*(office.submit(DISTRICT, "2023", "census", rows()) for _ in range(10)))
    assert sorted(it.status_code for it in answers) == [*[200] * 9, 201]
    assert len({it.json()["id"] for it in answers}) == 1
    async with get_database(office.app).reading() as session:
        assert await session.scalar(text("SELECT count(DISTINCT report_id) FROM observations")) == 1


@pytest.mark.race
async def test_a_report_is_accepted_or_returned_or_withdrawn_but_only_once(office):
    report = await census(office)
    moves = [office.verdict(report), office.verdict(report, "return", reason="sai"), withdraw(office, report)]
    answers = await asyncio.gather(*moves, *[office.verdict(report) for _ in range(5)])
    won = [it for it in answers if it.status_code == 200]
    lost = {it.json()["code"] for it in answers if it.status_code != 200}
    assert lost <= {"report_state", "forbidden"}
    states = [it.json()["state"] for it in won]
    assert len(states) == 1 or states == ["accepted", "withdrawn"]


async def test_a_late_repeat_of_what_is_accepted_is_answered_while_a_correction_waits(office):
    first = await office.accepted("610", "2023", "results", [("610", "jobs", 5)])
    second = await office.submit("610", "2023", "results", [("610", "jobs", 6)], supersedes=first["id"])
    late = await office.submit("610", "2023", "results", [("610", "jobs", 5)])
    assert (late.status_code, late.json()["id"]) == (200, first["id"])
    back = await office.submit("610", "2023", "results", [("610", "jobs", 5)], supersedes=second.json()["id"])
    assert back.status_code == 201


async def test_nothing_happened_and_values_do_not_stand_side_by_side(office):
    commune, other = office.communes("610")[:2]
    nil = await office.submit("610", "2023", "census", [], nil=True)
    below = await office.submit(commune, "2023", "census", [(commune, "poor", 5)])
    assert (below.status_code, below.json()["code"]) == (409, "value_stated_elsewhere")
    assert below.json()["conflicts"][0]["report"] == nil.json()["id"]

    await office.accepted("611", "2023", "census", [("611", "poor", 5)])
    part = office.communes("611")[0]
    silent = await office.submit(part, "2023", "census", [], nil=True)
    assert (silent.status_code, silent.json()["code"]) == (409, "value_stated_elsewhere")

    await office.verdict(nil.json(), "return", reason="không đúng")
    assert (await office.submit(other, "2023", "census", [], nil=True)).status_code == 201
    assert (await office.submit(commune, "2023", "census", [(commune, "poor", 5)])).status_code == 201
    whole = await office.submit("610", "2023", "census", [("610", "households", 50)])
    assert whole.status_code == 409


async def test_reports_of_a_unit_that_is_gone_are_still_listed(office):
    await office.accepted("610", "2023", "results", [("610", "jobs", 5)])
    commune = office.communes("610")[0]
    await office.accepted(commune, "2023", "census", [(commune, "poor", 5)])
    office.clock.move(days=1000)  # 2026: there are no districts any more
    for token in (office.reviewer, office.district("610")):
        assert len((await office.get("reports", token, unit="610")).json()["items"]) == 2
    assert len((await office.get("reports", office.district("610"))).json()["items"]) == 2
