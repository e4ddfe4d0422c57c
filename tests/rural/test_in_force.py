"""What the database counts as in force is what the rule says, whatever was decided, decided again and revoked."""

import random
from datetime import date, timedelta

from services.rural.dated_facts import load_criteria_sets
from services.rural.recognitions.rules import Known, ordered
from tests.rural.bodies import meets

SETS = [it for it in load_criteria_sets().values() if it.unit_level == "commune" and it.level == "meets"]
EXCUSED = {"exception": {"reason": "Ngoại lệ để thử mọi thứ tự"}}
COMMUNES = ("23509", "23512", "23368")


def day_from(luck, first):
    return first + timedelta(days=luck.randrange(900))


async def told(clients, luck, commune):
    """Recognize a commune under some sets, in any order, and revoke some of it; give what the register then says."""
    officer = clients.headers("register", "review")
    for under in luck.sample(SETS, k=luck.randint(1, len(SETS))):
        year = luck.randint(under.first_year, min(under.last_year, 2022))
        decided_on = day_from(luck, date(year, 1, 1))
        body = meets(commune, f"{under.code}/QĐ", decided_on.isoformat(), year, criteria_set=under.code)
        kept = await clients.kept("recognitions", {**body, "grounds": "Công nhận lại"})
        if luck.random() < 0.6:
            decision = {"number": "9/QĐ", "date": day_from(luck, decided_on).isoformat()}
            headers = {**officer, "Idempotency-Key": kept["id"]}
            answer = await clients.http.post(
                f"/v1/rural/recognitions/{kept['id']}/revoke",
                json={"decision": decision, "reason": "Không còn đạt", **EXCUSED},
                headers=headers,
            )
            assert answer.status_code in {201, 409}
    rows = (await clients.get("recognitions", unit=commune))["items"]
    return ordered([known(row) for row in rows])


def known(row):
    ended = row["revocation"]
    return Known(
        row["id"],
        row["level"],
        row["criteria_set"],
        date.fromisoformat(row["decision"]["date"]),
        date.fromisoformat(ended["decision"]["date"]) if ended else None,
    )


async def test_the_days_of_the_database_are_those_of_the_rule(clients):
    luck = random.Random(19)
    every = [it for commune in COMMUNES for it in await told(clients, luck, commune)]
    assert any(it.revoked_on for it in every)
    assert any(it.replaced_on for it in every)
    turns = {day for it in every for day in (it.decided_on, it.revoked_on, it.replaced_on) if day is not None}
    for on in sorted(turns | {day - timedelta(days=1) for day in turns}):
        listed = await clients.get("recognitions", in_force_on=on.isoformat(), unit="62")
        assert {it["id"] for it in listed["items"]} == {it.id for it in every if it.in_force(on)}, on
        counted = await clients.get("recognitions/summary", on=on.isoformat(), unit="62")
        assert sum(it["units"] for it in counted["items"]) == len(listed["items"])
