"""Rights name units of days: a client of a unit that ended does not speak for another one that reuses its code."""

import pytest

OLD_WARD, NEW_WARD = "23293@2004-07-08", "23293@2025-07-01"
KEPT = "23368"
"""A commune whose land stayed the same on 1 July 2025."""


def token(office, *grants, scope="report", client="office"):
    codes = sorted({grant.partition("@")[0] for grant in grants})
    return office.issuer.token(
        client, [scope], ["poverty"], codes, unit_grants=list(grants), iat=1_451_606_400, exp=4_000_000_000
    )


async def submit(office, unit, period, *grants):
    office.clock.move(days=900)
    values = [(unit, "households", 10), (unit, "poor", 1)]
    return await office.submit(unit, period, "census", values, token=token(office, *grants))


@pytest.mark.parametrize(
    ("grants", "unit", "period", "status"),
    [
        ([OLD_WARD], "23293", "2023", 201),
        ([OLD_WARD], "23293", "2025", 403),
        ([NEW_WARD], "23293", "2025", 201),
        ([NEW_WARD], "23293", "2023", 403),
        ([OLD_WARD, NEW_WARD], "23293", "2023", 201),
        ([OLD_WARD, NEW_WARD], "23293", "2025", 201),
        (["608@2004-07-08"], "23293", "2023", 201),
        (["608@2004-07-08"], "23293", "2025", 403),
        ([f"{KEPT}@2004-07-08"], KEPT, "2025", 201),
        ([f"{KEPT}@2025-07-01"], KEPT, "2023", 201),
        (["51@2025-07-01"], "23293", "2025", 201),
        (["51@2004-07-08"], "23293", "2025", 403),
        (["62@2004-07-08"], "23293", "2023", 201),
        (["23293"], "23293", "2025", 201),
        (["23293@yesterday"], "23293", "2023", 403),
    ],
)
async def test_a_grant_covers_its_unit_and_the_same_land_and_no_other(office, grants, unit, period, status):
    answer = await submit(office, unit, period, *grants)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == "unit_not_granted"


async def test_the_refusal_names_the_grant_that_ended_and_what_succeeded_it(office):
    of_ward = (await submit(office, "23293", "2025", OLD_WARD)).json()
    assert "23293 (Phường Thắng Lợi) ended with that unit on 2025-06-30" in of_ward["detail"]
    assert "succeeded by 23293 (Phường Kon Tum)" in of_ward["detail"]
    assert "/v1/clients/grant-proposals" in of_ward["detail"]
    of_district = (await submit(office, "23341", "2025", "610@2004-07-08")).json()
    assert "610 (Huyện Đăk Glei)" in of_district["detail"]
    assert "succeeded by 51 (Tỉnh Quảng Ngãi)" in of_district["detail"]
    of_another = (await submit(office, "23341", "2025", "68@2025-07-01", OLD_WARD)).json()
    assert of_another["detail"].endswith("was not granted the unit 23341.")


async def test_a_district_that_ended_is_refused_with_the_province_that_answers_since(office):
    gone = (await submit(office, "610", "2025", "610@2004-07-08")).json()
    (fault, *_) = gone["errors"]
    assert fault["code"] == "unit_unknown_on_date"
    assert "51 (Tỉnh Quảng Ngãi)" in fault["detail"]
    assert "2025-06-30" in fault["detail"]
    read = (await office.get("progress", period="2025", unit="610")).json()
    assert read["successors"] == "51"
    assert "on=2025-06-30" in read["detail"]


async def test_a_review_needs_a_grant_of_the_day(office):
    report = (await submit(office, "23293", "2025", NEW_WARD)).json()
    for grants, status in (([OLD_WARD], 403), (["51@2004-07-08"], 403), (["51@2025-07-01"], 200)):
        answer = await office.post(
            f"reports/{report['id']}/accept",
            {"content_sha256": report["content_sha256"]},
            token(office, *grants, scope="review", client="judge"),
        )
        assert answer.status_code == status, answer.text
