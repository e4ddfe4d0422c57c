"""Reviews in bulk, the steps of a chain, what a report changes, receipts."""

import uuid

import pytest

from shared.reporting.reports import store
from shared.reporting.reviews.schemas import MAX_VERDICTS
from tests.application import get_database

PLACE, COMMUNE = "610", "23344"


async def submitted(office, unit=PLACE, jobs=5, **more):
    answer = await office.submit(unit, "2023", "results", [(unit, "jobs", jobs)], **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_each_of_many_verdicts_has_its_own_outcome(office):
    good, own, returned = [await submitted(office, unit) for unit in ("610", "611", "612")]
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
    assert [it["state"] for it in answer["items"]] == ["accepted", None, "returned"]
    assert (answer["done"], answer["refused"]) == (2, 1)
    assert answer["items"][1]["problem"]["code"] == "content_changed"
    assert (await office.figure("jobs"))["value"] == 5


async def test_a_return_needs_a_reason(office):
    report = await submitted(office)
    verdict = {"report": report["id"], "verdict": "return", "content_sha256": report["content_sha256"]}
    answer = await office.post("reviews", {"reviews": [verdict]}, office.reviewer)
    assert answer.status_code == 422


@pytest.mark.parametrize("reason", ["   ", " .\n "])
async def test_blanks_are_no_reason(office, reason):
    report = await submitted(office)
    for body, path in (
        ({"content_sha256": report["content_sha256"], "reason": reason}, f"reports/{report['id']}/return"),
        ({"content_sha256": report["content_sha256"], "reason": reason}, f"reports/{report['id']}/withdraw"),
    ):
        answer = await office.post(path, body, office.reviewer)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason"), path


async def test_a_report_that_another_moved_meanwhile_is_not_taken_for_what_it_was(office):
    report = await submitted(office)
    async with get_database(office.app).writing() as session:
        before = (await store.find_report(session, uuid.UUID(report["id"]))).state
        await office.verdict(report)
        assert (before, (await store.find_report(session, uuid.UUID(report["id"]))).state) == (
            "submitted",
            "accepted",
        )


async def test_steps_are_passed_in_order_before_acceptance(office):
    answer = await office.submit(PLACE, "2023", "works", [(PLACE, "works_done", 3)])
    report = answer.json()
    seen = {"content_sha256": report["content_sha256"]}

    async def step(name):
        return await office.post(f"reports/{report['id']}/steps/{name}", seen, office.reviewer)

    early = await office.verdict(report)
    assert (early.status_code, early.json()["code"], early.json()["step"]) == (
        409,
        "step_missing",
        "certified",
    )
    assert (await step("checked")).json()["code"] == "step_missing"
    assert (await step("signed")).json()["code"] == "step_unknown"
    assert (await step("certified")).status_code == 200
    again = await step("certified")
    assert (again.status_code, again.json()["code"]) == (409, "step_passed")
    assert (await step("checked")).status_code == 200
    assert (await office.verdict(report)).status_code == 200
    whole = (await office.get(f"reports/{report['id']}", office.reviewer)).json()
    assert [it["step"] for it in whole["reviews"]] == [None, "certified", "checked", None]


async def support(office, unit, place):
    """What an implementing unit, or a district, states of the support in a commune."""
    token = office.token(f"implementing-{unit}", ["report"], [unit])
    answer = await office.submit(unit, "2023-S1", "support", [(place, "supported", 3)], token=token)
    assert answer.status_code == 201, answer.text
    return answer.json()


def verdict_on(report, verdict, **more):
    return {
        "report": report["id"],
        "verdict": verdict,
        "content_sha256": report["content_sha256"],
        **more,
    }


async def test_a_step_of_a_level_is_passed_there_and_accepted_above_it(office):
    report = await support(office, COMMUNE, COMMUNE)
    commune, district = (office.token(f"of-{it}", ["review"], [it]) for it in (COMMUNE, PLACE))
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
    back = {**seen, "reason": "nhầm"}
    taken = await office.post(f"reports/{report['id']}/withdraw", back, commune)
    assert (taken.status_code, taken.json()["code"]) == (403, "accepted_above")
    assert (await office.post(f"reports/{report['id']}/withdraw", back, district)).status_code == 200


async def test_what_a_district_states_for_its_communes_is_certified_by_it_and_accepted_above(office):
    report = await support(office, PLACE, COMMUNE)
    commune, district = (office.token(f"of-{it}", ["review"], [it]) for it in (COMMUNE, PLACE))

    async def said(verdict, token):
        answer = await office.post("reviews", {"reviews": [verdict]}, token)
        (item,) = answer.json()["items"]
        return item["problem"]["code"] if item["problem"] else item["state"]

    certify, accept = verdict_on(report, "pass", step="certified"), verdict_on(report, "accept")
    assert await said(certify, commune) == "unit_not_granted"
    assert await said(certify, office.reviewer) == "step_of_level"
    assert await said(certify, district) == "submitted"
    assert await said(accept, district) == "accepted_above"
    assert await said(accept, office.reviewer) == "accepted"


async def test_many_reports_pass_a_step_at_once(office):
    communes = office.communes(PLACE)[:3]
    reports = [await support(office, each, each) for each in communes]
    token = office.token("of-communes", ["review"], communes)
    verdicts = [verdict_on(each, "pass", step="certified") for each in reports]
    verdicts += [verdict_on(reports[0], "pass", step="certified"), verdict_on(reports[0], "pass", step="x")]
    answer = (await office.post("reviews", {"reviews": verdicts}, token)).json()
    assert [it["state"] for it in answer["items"]] == ["submitted"] * 3 + [None] * 2
    assert [it["problem"]["code"] for it in answer["items"][3:]] == ["step_passed", "step_unknown"]
    assert (answer["done"], answer["refused"]) == (3, 2)
    accepted = [verdict_on(each, "accept") for each in reports]
    assert (await office.post("reviews", {"reviews": accepted}, office.reviewer)).json()["done"] == 3
    assert (await office.figure("supported", "2023-S1", PLACE))["value"] == 9


@pytest.mark.parametrize(
    "said", [{"verdict": "pass"}, {"verdict": "accept", "step": "certified"}, {"verdict": "pass", "step": ""}]
)
async def test_a_step_is_named_to_pass_and_only_then(office, said):
    verdict = {"report": str(uuid.uuid4()), "content_sha256": "0" * 64, **said}
    answer = await office.post("reviews", {"reviews": [verdict]}, office.reviewer)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"].startswith("/reviews/0")


async def test_so_many_verdicts_as_keep_other_writers_waiting_are_too_many(office):
    verdict = {"report": str(uuid.uuid4()), "verdict": "accept", "content_sha256": "0" * 64}
    most = await office.post("reviews", {"reviews": [verdict] * MAX_VERDICTS}, office.reviewer)
    assert (most.status_code, most.json()["refused"]) == (200, MAX_VERDICTS)
    more = await office.post("reviews", {"reviews": [verdict] * (MAX_VERDICTS + 1)}, office.reviewer)
    assert (more.status_code, more.json()["errors"][0]["pointer"]) == (422, "/reviews")


async def test_the_catalogue_says_which_steps_a_form_asks_for_and_of_whom(office):
    form = (await office.get("indicators/supported")).json()["form"]
    assert [(it["code"], it["level"]) for it in form["steps"]] == [("certified", "commune")]
    works = (await office.get("indicators/works_done")).json()["form"]
    assert [(it["code"], it["level"]) for it in works["steps"]] == [("certified", None), ("checked", None)]
    assert (await office.get("indicators/jobs")).json()["form"]["steps"] == []


async def test_a_reviewer_takes_no_pending_report_away_without_a_reason(office):
    report = await submitted(office)
    seen, path = {"content_sha256": report["content_sha256"]}, f"reports/{report['id']}/withdraw"
    silent = await office.post(path, seen, office.reviewer)
    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (422, "reason_required")
    mine = await office.post(path, seen, office.district(PLACE))
    assert (mine.status_code, mine.json()["state"]) == (200, "withdrawn")
    other = await submitted(office, "611")
    assert (await office.verdict(other, "withdraw", reason="trùng")).status_code == 200


async def test_what_changed_since_the_last_acceptance_is_one_read(office):
    first = await submitted(office, jobs=5)
    await office.verdict(first)
    second = await submitted(office, jobs=8, supersedes=first["id"])
    answer = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()
    assert answer["accepted"] == first["id"]
    official = {"status_before": "official", "status_after": "official"}
    jobs = {"unit": PLACE, "indicator": "jobs"}
    assert answer["items"] == [{**jobs, "before": "5", "after": "8", **official}]


async def test_an_estimate_that_becomes_official_has_changed(office):
    def results(status):
        value = {"unit": PLACE, "indicator": "jobs", "value": 5, "status": status}
        return {"unit": PLACE, "period": "2023", "form": "results", "observations": [value]}

    first = (await office.post("reports", results("estimate"), office.district(PLACE))).json()
    await office.verdict(first)
    body = {**results("official"), "supersedes": first["id"]}
    second = (await office.post("reports", body, office.district(PLACE))).json()
    (changed,) = (await office.get(f"reports/{second['id']}/differences", office.reviewer)).json()["items"]
    assert (changed["before"], changed["after"]) == ("5", "5")
    assert (changed["status_before"], changed["status_after"]) == ("estimate", "official")
    assert second["counts"] == {"received": 1, "created": 0, "changed": 1, "unchanged": 0, "dropped": 0}


async def test_anyone_checks_a_receipt_by_its_code(office):
    report = await submitted(office)
    code = report["receipt"]["code"]
    checked = (await office.get(f"receipts/{code.lower()}")).json()
    assert (checked["content_sha256"], checked["unit"], checked["state"]) == (
        report["content_sha256"],
        PLACE,
        "submitted",
    )
    unknown = await office.get("receipts/P-AAAA-AAAA-AAAA-AAAA")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "receipt_not_found")


async def test_a_report_says_from_when_to_when_it_stood(office):
    first = await submitted(office, jobs=5)
    await office.verdict(first)
    second = await submitted(office, jobs=8, supersedes=first["id"])
    await office.verdict(second)
    stood = (await office.get(f"reports/{first['id']}", office.reviewer)).json()["stood"]
    assert {(it["basis"], it["until"] is None) for it in stood} == {
        ("accepted", False),
        ("provisional", False),
    }


async def test_nobody_takes_an_accepted_report_of_their_own_client_out_of_the_figures(office):
    both = office.token("both", ["report", "review"], ["62"])
    report = (await office.submit(PLACE, "2023", "results", [(PLACE, "jobs", 5)], token=both)).json()
    await office.verdict(report)
    body = {"content_sha256": report["content_sha256"], "reason": "nhầm"}
    own = await office.post(f"reports/{report['id']}/withdraw", body, both)
    assert (own.status_code, own.json()["code"]) == (403, "own_report")
    assert (await office.verdict(report, "withdraw", reason="nhầm")).status_code == 200


async def test_a_district_sees_its_own_reports_and_no_unreviewed_figure_of_others(office):
    await submitted(office, "611")
    token = office.district("610")
    for path, params in (
        ("progress", {"period": "2023", "unit": "611", "basis": "provisional"}),
        ("observations", {"period": "2023", "unit": "611", "basis": "provisional"}),
        ("lineage/jobs", {"period": "2023", "unit": "611", "basis": "provisional"}),
        ("changes", {}),
    ):
        answer = await office.get(path, token, **params)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert (await office.get("reports", token)).json()["items"] == []
    assert len((await office.get("reports", office.district("611"))).json()["items"]) == 1
