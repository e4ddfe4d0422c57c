"""The recognitions that the database selects as in force are those of the rule, whatever was decided and revoked."""

import random
from datetime import date, timedelta

from services.rural.dated_facts import load_criteria_sets
from services.rural.recognitions.rules import RegisteredRecognition, set_replacement_days
from tests.rural.bodies import meets_body

SETS = [
    criteria_set
    for criteria_set in load_criteria_sets().values()
    if criteria_set.unit_level == "commune" and criteria_set.level == "meets"
]
EXCEPTION = {"exception": {"reason": "Ngoại lệ để thử mọi thứ tự"}}
COMMUNES = ("23509", "23512", "23368")


def choose_day(rng, first):
    return first + timedelta(days=rng.randrange(900))


def choose_effective_day(rng, decided_on):
    """Return the day of a decision, or one some weeks later."""
    return (decided_on + timedelta(days=rng.choice((0, 0, 8, 60)))).isoformat()


async def fill_register(clients, rng, commune):
    """Recognize a commune under some sets in any order, and revoke some; return what the register then holds."""
    officer = clients.make_headers("register", "review")
    for criteria_set in rng.sample(SETS, k=rng.randint(1, len(SETS))):
        year = rng.randint(criteria_set.first_year, min(criteria_set.last_year, 2022))
        decided_on = choose_day(rng, date(year, 1, 1))
        body = meets_body(
            commune,
            f"{criteria_set.code}/QĐ",
            decided_on.isoformat(),
            year,
            criteria_set=criteria_set.code,
            grounds="Công nhận lại",
            effective_on=choose_effective_day(rng, decided_on),
        )
        recognition = await clients.create("recognitions", body)
        if rng.random() < 0.6:
            effective_on = date.fromisoformat(recognition["effective_on"])
            revoked_on = choose_day(rng, effective_on)
            decision = {"number": "9/QĐ", "date": revoked_on.isoformat()}
            response = await clients.http.post(
                f"/v1/rural/recognitions/{recognition['id']}/revoke",
                json={
                    "decision": decision,
                    "reason": "Không còn đạt",
                    "effective_on": choose_effective_day(rng, revoked_on),
                }
                | EXCEPTION,
                headers={**officer, "Idempotency-Key": recognition["id"]},
            )
            assert response.status_code in {201, 409}
    rows = (await clients.get("recognitions", unit=commune))["items"]
    return set_replacement_days([to_registered(row) for row in rows])


def to_registered(row):
    revocation = row["revocation"]
    return RegisteredRecognition(
        row["id"],
        row["level"],
        row["criteria_set"],
        date.fromisoformat(row["effective_on"]),
        date.fromisoformat(revocation["effective_on"]) if revocation else None,
    )


async def test_the_database_selects_what_the_rule_finds_in_force(clients):
    rng = random.Random(19)
    recognitions = [
        recognition for commune in COMMUNES for recognition in await fill_register(clients, rng, commune)
    ]
    assert any(recognition.revoked_on for recognition in recognitions)
    assert any(recognition.replaced_on for recognition in recognitions)
    days_of_change = {
        day
        for recognition in recognitions
        for day in (recognition.effective_on, recognition.revoked_on, recognition.replaced_on)
        if day is not None
    }
    for on in sorted(days_of_change | {day - timedelta(days=1) for day in days_of_change}):
        page = await clients.get("recognitions", in_force_on=on.isoformat(), unit="62")
        expected = {recognition.id for recognition in recognitions if recognition.is_in_force(on)}
        assert {row["id"] for row in page["items"]} == expected, on
        summary = await clients.get("recognitions/summary", on=on.isoformat(), unit="62")
        assert sum(count["units"] for count in summary["items"]) == len(page["items"])
