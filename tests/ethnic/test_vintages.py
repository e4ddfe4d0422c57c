"""Two vintages differ by the decisions that a register received in between, and the comparison names them."""


async def publish(clients, name, unit="62"):
    body = {
        "name": name,
        "period": "2023",
        "unit": unit,
        "document": {"number": "1/BC", "date": "2024-01-15"},
    }
    response = await clients.http.post(
        "/v1/ethnic/publications", json=body, headers=clients.make_headers("review")
    )
    assert response.status_code == 201, response.text
    return response.json()["id"]


def classification_body(unit, region, number, day):
    return {
        "unit": unit,
        "region": region,
        "specially_difficult": region == "III",
        "decision": {"number": number, "date": day},
        "effective_on": day,
    }


async def read_differences(clients, one, two):
    compared = await clients.get(f"publications/{two}/differences", other=one)
    return {row["indicator"]: row for row in compared["items"] if row["before"] != row["after"]}


async def test_the_decisions_that_changed_a_count_are_named_with_number_and_date(clients):
    await clients.create("classifications", classification_body("23344", "III", "861/QĐ", "2021-06-04"))
    await clients.create("classifications", classification_body("23380", "III", "861/QĐ", "2021-06-04"))
    first, first_of_611 = await publish(clients, "lần 1"), await publish(clients, "lần 1", "611")
    await clients.create("classifications", classification_body("23344", "I", "99/QĐ", "2023-05-02"))
    second, second_of_611 = await publish(clients, "lần 2"), await publish(clients, "lần 2", "611")
    differences = await read_differences(clients, first, second)
    assert set(differences) == {
        "communes_left_special_difficulty",
        "communes_left_by_decision",
        "communes_in_special_difficulty",
        "communes_in_region_i",
        "communes_in_region_iii",
    }
    for row in differences.values():
        assert (abs(row["difference"]), row["reports"]) == (1, [])
        (decision,) = row["decisions"]
        assert (
            decision["change"],
            decision["unit"],
            decision["decision_number"],
            decision["decision_date"],
        ) == (
            "commune.classified",
            "23344",
            "99/QĐ",
            "2023-05-02",
        )
        classification = await clients.get(decision["subject"])
        assert classification["decision"]["number"] == "99/QĐ"
    assert await read_differences(clients, first_of_611, second_of_611) == {}
    await clients.create("classifications", classification_body("23380", "I", "100/QĐ", "2023-06-02"))
    third = await publish(clients, "lần 3")
    all_differences = await read_differences(clients, first, third)
    assert [
        row["decision_number"] for row in all_differences["communes_left_special_difficulty"]["decisions"]
    ] == [
        "99/QĐ",
        "100/QĐ",
    ]
