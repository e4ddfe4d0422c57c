"""Two vintages differ by the decisions that a register was told in between, and they are named."""


async def publish(clients, name, unit="62"):
    body = {
        "name": name,
        "period": "2023",
        "unit": unit,
        "document": {"number": "1/BC", "date": "2024-01-15"},
    }
    answer = await clients.http.post("/v1/ethnic/publications", json=body, headers=clients.headers("review"))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def classified(unit, region, number, day):
    return {
        "unit": unit,
        "region": region,
        "specially_difficult": region == "III",
        "decision": {"number": number, "date": day},
        "effective_on": day,
    }


async def differing(clients, one, two):
    compared = await clients.get(f"publications/{two}/differences", other=one)
    return {it["indicator"]: it for it in compared["items"] if it["before"] != it["after"]}


async def test_the_decisions_that_moved_a_count_are_named_with_number_and_day(clients):
    await clients.kept("classifications", classified("23344", "III", "861/QĐ", "2021-06-04"))
    await clients.kept("classifications", classified("23380", "III", "861/QĐ", "2021-06-04"))
    one, one_of_611 = await publish(clients, "lần 1"), await publish(clients, "lần 1", "611")
    await clients.kept("classifications", classified("23344", "I", "99/QĐ", "2023-05-02"))
    two, two_of_611 = await publish(clients, "lần 2"), await publish(clients, "lần 2", "611")
    found = await differing(clients, one, two)
    assert set(found) == {"communes_left_special_difficulty", "communes_left_by_decision"}
    for it in found.values():
        assert (it["before"], it["after"], it["reports"]) == (0, 1, [])
        (said,) = it["decisions"]
        assert (said["change"], said["unit"], said["decision_number"], said["decision_date"]) == (
            "commune.classified",
            "23344",
            "99/QĐ",
            "2023-05-02",
        )
        row = await clients.get(said["subject"])
        assert row["decision"]["number"] == "99/QĐ"
    assert await differing(clients, one_of_611, two_of_611) == {}
    await clients.kept("classifications", classified("23380", "I", "100/QĐ", "2023-06-02"))
    three = await publish(clients, "lần 3")
    both = await differing(clients, one, three)
    assert [it["decision_number"] for it in both["communes_left_special_difficulty"]["decisions"]] == [
        "99/QĐ",
        "100/QĐ",
    ]
