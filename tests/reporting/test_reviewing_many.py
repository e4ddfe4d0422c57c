"""Reviews of many reports, review chains, differences between reports, receipts."""

import uuid

import pytest

from shared.reporting.reports import store
from shared.reporting.reviews.schemas import MAX_VERDICTS
from tests.application import get_database
from tests.not_none import not_none

DISTRICT, COMMUNE = "610", "23344"


async def submit(office, unit=DISTRICT, jobs=5, **more):
    answer = await office.submit(unit, "2023", "results", [(unit, "jobs", jobs)], **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_each_of_many_verdicts_has_its_own_result(office):
    good, own, returned = [await submit(office, unit) for unit in ("610", "611", "612")]
    body = {
        "reviews": [
            {"report": good["id"], "verdict": "accept", "content_sha256": good["content_sha256"]},
            {"report": own["id"], "verdict": "accept", "content_sha256": "0" * 64},
            {
                "report": returned["id"],
                "verdict": "return",
                "content_sha256": returned["content_sha256"],
                "reason": "thiếu số liệu",
            },
        ]
    }
    answer = (await office.post("reviews", body, office.reviewer)).json()
    assert [item["state"] for item in answer["items"]] == ["accepted", None, "returned"]
    assert (answer["done"], answer["refused"]) == (2, 1)
    assert answer["items"][1]["problem"]["code"] == "content_changed"
    assert (await office.figure("jobs"))["value"] == 5


async def test_a_report_is_returned_with_a_reason(office):
    report = await submit(office)
    verdict = {"report": report["id"], "verdict": "return", "content_sha256": report["content_sha256"]}
    answer = await office.post("reviews", {"reviews": [verdict]}, office.reviewer)
    assert answer.status_code == 422


@pytest.mark.parametrize("reason", ["   ", " .\n "])
async def test_spaces_are_no_reason(office, reason):
    report = await submit(office)
    for body, path in (
        ({"content_sha256": report["content_sha256"], "reason": reason}, f"reports/{report['id']}/return"),
        ({"content_sha256": report["content_sha256"], "reason": reason}, f"reports/{report['id']}/withdraw"),
    ):
        answer = await office.post(path, body, office.reviewer)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason"), path


async def test_a_report_that_another_transaction_changed_is_read_again(office):
    report = await submit(office)
    async with get_database(office.app).writing() as session:
        before = not_none(await store.find_report(session, uuid.UUID(report["id"]))).state
        await office.verdict(report)
        assert (before, not_none(await store.find_report(session, uuid.UUID(report["id"]))).state) == (
            "submitted",
            "accepted",
        )


async def test_steps_are_passed_in_their_order_before_acceptance(office):
    answer = await office.submit(DISTRICT, "2023", "works", [(DISTRICT, "works_done", 3)])
    report = answer.json()
    seen = {"content_sha256": report["content_sha256"]}

    async def pass_step(name):
        return await office.post(f"reports/{report['id']}/steps/{name}", seen, office.reviewer)

    early = await office.verdict(report)
    assert (early.status_code, early.json()["code"], early.json()["step"]) == (
        409,
        "step_missing",
        "certified",
    )
    assert (await pass_step("checked")).json()["code"] == "step_missing"
    assert (await pass_step("signed")).json()["code"] == "step_unknown"
    assert (await pass_step("certified")).status_code == 200
    repeat = await pass_step("certified")
    assert (repeat.status_code, repeat.json()["code"]) == (409, "step_passed")
    assert (await pass_step("checked")).status_code == 200
    assert (await office.verdict(report)).status_code == 200
    whole = (await office.get(f"reports/{report['id']}", office.reviewer)).json()
    assert [review["step"] for review in whole["reviews"]] == [None, "certified", "checked", None]


async def submit_support(office, unit, commune):
    """Submit the support in a commune by a unit: the commune itself or its district."""
    token = office.token(f"implementing-{unit}", ["report"], [unit])
    answer = await office.submit(unit, "2023-S1", "support", [(commune, "supported", 3)], token=token)
    assert answer.status_code == 201, answer.text
    return answer.json()


def make_verdict(report, verdict, **more):
    return {
        "report": report["id"],
        "verdict": verdict,
        "content_sha256": report["content_sha256"],
        **more,
    }


async def test_a_step_of_a_level_is_passed_at_this_level_and_accepted_above_it(office):
    report = await submit_support(office, COMMUNE, COMMUNE)
    commune, district = (office.token(f"of-{unit}", ["review"], [unit]) for unit in (COMMUNE, DISTRICT))
    seen = {"content_sha256": report["content_sha256"]}
    step, accept = f"reports/{report['id']}/steps/certified", f"reports/{report['id']}/accept"
    for token in (district, office.reviewer):
        above = await office.post(step, seen, token)
        assert (above.status_code, above.json()["code"]) == (403, "step_of_level")
        assert (above.json()["level"], above.json()["step"]) == ("commune", "certified")
    assert (await office.post(step, seen, commune)).status_code == 200
    own = await office.post(accept, seen, commune)
    assert (own.status_code, own.json()["code"]) == (403, "accepted_above")
    assert (await office.post(accept, seen, district)).status_code == 200
    withdrawal = {**seen, "reason": "nhầm"}
    by_commune = await office.post(f"reports/{report['id']}/withdraw", withdrawal, commune)
    assert (by_commune.status_code, by_commune.json()["code"]) == (403, "accepted_above")
    assert (await office.post(f"reports/{report['id']}/withdraw", withdrawal, district)).status_code == 200


async def test_a_report_of_a_district_for_its_communes_is_certified_by_the_district_and_accepted_above(
    office,
):
    report = await submit_support(office, DISTRICT, COMMUNE)
    commune, district = (office.token(f"of-{unit}", ["review"], [unit]) for unit in (COMMUNE, DISTRICT))

    async def review(verdict, token):
        answer = await office.post("reviews", {"reviews": [verdict]}, token)
        (item,) = answer.json()["items"]
        return item["problem"]["code"] if item["problem"] else item["state"]

    certify, accept = make_verdict(report, "pass", step="certified"), make_verdict(report, "accept")
    assert await review(certify, commune) == "unit_not_granted"
    assert await review(certify, office.reviewer) == "step_of_level"
    assert await review(certify, district) == "submitted"
    assert await review(accept, district) == "accepted_above"
    assert await review(accept, office.reviewer) == "accepted"


async def test_many_reports_pass_a_step_at_once(office):
    communes = office.communes(DISTRICT)[:3]
    reports = [await submit_support(office, unit, unit) for unit in communes]
    token = office.token("of-communes", ["review"], communes)
    verdicts = [make_verdict(report, "pass", step="certified") for report in reports]
    verdicts += [
        make_verdict(reports[0], "pass", step="certified"),
        make_verdict(reports[0], "pass", step="x"),
    ]
    answer = (await office.post("reviews", {"reviews": verdicts}, token)).json()
    assert [item["state"] for item in answer["items"]] == ["submitted"] * 3 + [None] * 2
    assert [item["problem"]["code"] for item in answer["items"][3:]] == ["step_passed", "step_unknown"]
    assert (answer["done"], answer["refused"]) == (3, 2)
    accepted = [make_verdict(report, "accept") for report in reports]
    assert (await office.post("reviews", {"reviews": accepted}, office.reviewer)).json()["done"] == 3
    assert (await office.figure("supported", "2023-S1", DISTRICT))["value"] == 9


@pytest.mark.parametrize(
    "fields",
    [{"verdict": "pass"}, {"verdict": "accept", "step": "certified"}, {"verdict": "pass", "step": ""}],
)
async def test_a_step_is_named_with_the_verdict_pass_and_only_with_it(office, fields):
    verdict = {"report": str(uuid.uuid4()), "content_sha256": "0" * 64, **fields}
    answer = await office.post("reviews", {"reviews": [verdict]}, office.reviewer)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"].startswith("/reviews/0")


async def test_more_verdicts_than_the_limit_are_refused(office):
    verdict = {"report": str(uuid.uuid4()), "verdict": "accept", "content_sha256": "0" * 64}
    most = await office.post("reviews", {"reviews": [verdict] * MAX_VERDICTS}, office.reviewer)
    assert (most.status_code, most.json()["refused"]) == (200, MAX_VERDICTS)
    more = await office.post("reviews", {"reviews": [verdict] * (MAX_VERDICTS + 1)}, office.reviewer)
    assert (more.status_code, more.json()["errors"][0]["pointer"]) == (422, "/reviews")


async def test_the_catalogue_lists_the_steps_of_a_form_with_their_levels(office):
    form = (await office.get("indicators/supported")).json()["form"]
    assert [(step["code"], step["level"]) for step in form["steps"]] == [("certified", "commune")]
    works = (await office.get("indicators/works_done")).json()["form"]
    assert [(step["code"], step["level"]) for step in works["steps"]] == [
        ("certified", None),
        ("checked", None),
    ]
    assert (await office.get("indicators/jobs")).json()["form"]["steps"] == []


async def test_a_reviewer_withdraws_no_pending_report_without_a_reason(office):
    report = await submit(office)
    seen, path = {"content_sha256": report["content_sha256"]}, f"reports/{report['id']}/withdraw"
    without_reason = await office.post(path, seen, office.reviewer)
    assert (without_reason.status_code, without_reason.json()["errors"][0]["code"]) == (
        422,
        "reason_required",
    )
    by_reporter = await office.post(path, seen, office.district(DISTRICT))
    assert (by_reporter.status_code, by_reporter.json()["state"]) == (200, "withdrawn")
    other = await submit(office, "611")
    assert (await office.verdict(other, "withdraw", reason="trùng")).status_code == 200


async def test_the_differences_from_the_accepted_report_are_one_read(office):
    first = await submit(office, jobs=5)
    await office.verdict(first)
    second = await submit(office, jobs=8, supersedes=first["id"])
    answer = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()
    assert answer["accepted"] == first["id"]
    official = {"status_before": "official", "status_after": "official"}
    named = {"unit_name": "Huyện Đăk Glei", "unit_kind": "huyen", "unit_since": "2004-07-08"}
    jobs = {"unit": DISTRICT, **named, "indicator": "jobs", "dimension": None}
    assert answer["items"] == [
        {**jobs, "before": 5, "after": 8, "nil_before": False, "nil_after": False, **official}
    ]


async def test_a_change_of_status_is_a_difference(office):
    def results(status):
        value = {"unit": DISTRICT, "indicator": "jobs", "value": 5, "status": status}
        return {"unit": DISTRICT, "period": "2023", "form": "results", "observations": [value]}

    first = (await office.post("reports", results("estimate"), office.district(DISTRICT))).json()
    await office.verdict(first)
    body = {**results("official"), "supersedes": first["id"]}
    second = (await office.post("reports", body, office.district(DISTRICT))).json()
    (changed,) = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()["items"]
    assert (changed["before"], changed["after"]) == (5, 5)
    assert (changed["status_before"], changed["status_after"]) == ("estimate", "official")
    assert second["counts"] == {"received": 1, "created": 0, "changed": 1, "unchanged": 0, "dropped": 0}


async def test_anyone_checks_a_receipt_by_its_code(office):
    report = await submit(office)
    code = report["receipt"]["code"]
    checked = (await office.get(f"receipts/{code.lower()}")).json()
    assert (checked["content_sha256"], checked["unit"], checked["state"]) == (
        report["content_sha256"],
        DISTRICT,
        "submitted",
    )
    unknown = await office.get("receipts/P-AAAA-AAAA-AAAA-AAAA")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "receipt_not_found")


async def test_a_report_shows_from_when_to_when_it_was_in_effect(office):
    first = await submit(office, jobs=5)
    await office.verdict(first)
    second = await submit(office, jobs=8, supersedes=first["id"])
    await office.verdict(second)
    effect = (await office.get(f"reports/{first['id']}", office.reviewer)).json()["stood"]
    assert {(row["basis"], row["until"] is None) for row in effect} == {
        ("accepted", False),
        ("provisional", False),
    }


async def test_a_client_that_reviews_does_not_withdraw_its_own_accepted_report(office):
    both = office.token("both", ["report", "review"], ["62"])
    report = (await office.submit(DISTRICT, "2023", "results", [(DISTRICT, "jobs", 5)], token=both)).json()
    await office.verdict(report)
    body = {"content_sha256": report["content_sha256"], "reason": "nhầm"}
    own = await office.post(f"reports/{report['id']}/withdraw", body, both)
    assert (own.status_code, own.json()["code"]) == (403, "own_report")
    assert (await office.verdict(report, "withdraw", reason="nhầm")).status_code == 200


async def test_a_district_sees_its_own_reports_and_no_unreviewed_figure_of_others(office):
    await submit(office, "611")
    token = office.district("610")
    for path, params in (
        ("progress", {"period": "2023", "unit": "611", "basis": "provisional"}),
        ("observations", {"period": "2023", "unit": "611", "basis": "provisional"}),
        ("lineage/jobs", {"period": "2023", "unit": "611", "basis": "provisional"}),
    ):
        answer = await office.get(path, token, **params)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert (await office.get("changes", token)).json()["items"] == []
    assert (await office.get("reports", token)).json()["items"] == []
    assert len((await office.get("reports", office.district("611"))).json()["items"]) == 1
