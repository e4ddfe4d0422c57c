"""Small groups are withheld from public reads, and nothing that is public gives a withheld cell back."""

from hypothesis import given
from hypothesis import strategies as st

from shared.reporting.catalogue.withholding import choose_complements

GROUPS = ("xo_dang", "ba_na", "gie_trieng", "brau", "ro_mam", "thai")
HOUSEHOLDS, TOTAL = "em_households_by_group", "group_em_households"
CELLS = {
    "23383": {"xo_dang": 300, "brau": 120, "thai": 20},
    "23377": {"xo_dang": 150, "gie_trieng": 400, "thai": 15},
    "23527": {"xo_dang": 80, "ba_na": 90, "ro_mam": 130, "thai": 9},
}
SMALL = {"brau", "ro_mam"}


def make_observations(cells):
    rows = []
    for unit, by_group in cells.items():
        rows.append({"unit": unit, "indicator": TOTAL, "value": sum(by_group.values())})
        rows += [
            {"unit": unit, "indicator": HOUSEHOLDS, "dimension": {"ethnic_group": group}, "value": value}
            for group, value in by_group.items()
        ]
    return rows


async def report(clients, district, cells, period="2023"):
    body = {
        "unit": district,
        "period": period,
        "form": "households_by_group",
        "observations": make_observations(cells),
    }
    headers = clients.make_headers("report", units=(district,), client_id=f"district-{district}")
    submitted = await clients.http.post("/v1/ethnic/reports", json=body, headers=headers)
    assert submitted.status_code == 201, submitted.text
    sent = submitted.json()
    accepted = await clients.http.post(
        f"/v1/ethnic/reports/{sent['id']}/accept",
        json={"content_sha256": sent["content_sha256"]},
        headers=clients.make_headers("review", client_id="reviewer"),
    )
    assert accepted.status_code == 200, accepted.text
    return sent


def read_cells(rows):
    return {
        (row.get("unit"), (row["dimension"] or {}).get("ethnic_group")): row["value"]
        for row in rows
        if row["indicator"] == HOUSEHOLDS
    }


async def test_no_public_read_shows_or_gives_back_a_small_group(clients):
    await report(clients, "611", {unit: cells for unit, cells in CELLS.items() if unit != "23527"})
    await report(clients, "616", {"23527": CELLS["23527"]})
    officer = clients.make_headers("read", client_id="officer")
    public = {}
    for unit in ("62", "611", "616", *CELLS):
        answer = (await clients.get("progress", period="2023", unit=unit))["figures"]
        cells = {row["dimension"]["ethnic_group"]: row for row in answer if row["indicator"] == HOUSEHOLDS}
        public["progress", unit] = {group: row["value"] for group, row in cells.items()}
        assert all(cells[group]["withheld"] for group in (*SMALL, "thai")), unit
        assert cells["brau"]["caveat"]["code"] == "withheld"
        assert cells["brau"]["coverage"] is None
        total = next(row for row in answer if row["indicator"] == TOTAL)
        assert (total["value"] is None, total["withheld"]) == (False, False)
    on_map = await clients.get("map", period="2023", unit="62", indicator=HOUSEHOLDS, level="commune")
    later_map = await clients.get(
        "map", period="2023", unit="51", indicator=HOUSEHOLDS, level="commune", map="2025-07-01"
    )
    observed = await clients.get("observations", period="2023", unit="62", indicator=HOUSEHOLDS)
    for rows in (on_map["items"], later_map["items"], observed["items"]):
        for row in rows:
            group = row["dimension"]["ethnic_group"]
            assert (row["value"] is None) >= (group in {*SMALL, "thai"}), row
            assert row["withheld"] == (group in {*SMALL, "thai"}), row
    for group in SMALL:
        series = await clients.get(
            "series", indicator=HOUSEHOLDS, dimension=group, unit="62", **{"from": "2022", "to": "2023"}
        )
        assert (series["withheld"], [item["value"] for item in series["items"]]) == (True, [None, None])
        lineage = await clients.get(f"lineage/{HOUSEHOLDS}", dimension=group, period="2023", unit="62")
        assert (lineage["withheld"], lineage["value"], lineage["values"]) == (True, None, [])
    csv = await clients.http.get(
        "/v1/ethnic/observations",
        params={"period": "2023", "unit": "62", "indicator": HOUSEHOLDS},
        headers={"Accept": "text/csv"},
    )
    assert csv.status_code == 200
    assert not [line for line in csv.text.splitlines() if "brau" in line and ",120," in line]

    for unit, cells in CELLS.items():
        shown = [value for value in public["progress", unit].values() if value is not None]
        hidden = [value for group, value in cells.items() if group in SMALL]
        assert sum(cells.values()) - sum(shown) not in hidden, "the total gives the cell back"
    read = await clients.http.get(
        "/v1/ethnic/progress", params={"period": "2023", "unit": "62"}, headers=officer
    )
    by_group = {
        row["dimension"]["ethnic_group"]: row["value"]
        for row in read.json()["figures"]
        if row["indicator"] == HOUSEHOLDS
    }
    assert (by_group["brau"], by_group["ro_mam"], by_group["thai"]) == (120, 130, 44)
    of_other_program = clients.make_headers("read", programs=("rural",))
    read = await clients.http.get(
        "/v1/ethnic/observations",
        params={"period": "2023", "unit": "62", "indicator": HOUSEHOLDS},
        headers=of_other_program,
    )
    assert {row["value"] for row in read.json()["items"] if row["dimension"]["ethnic_group"] == "brau"} == {
        None
    }

    vintage = {
        "name": "Theo dân tộc",
        "unit": "62",
        "period": "2023",
        "document": {"number": "1/BC-UBND", "date": "2024-02-19"},
    }
    published = await clients.http.post(
        "/v1/ethnic/publications", json=vintage, headers=clients.make_headers("review")
    )
    assert published.status_code == 201
    frozen = await clients.get(f"publications/{published.json()['id']}")
    assert {
        row["value"] for row in frozen["figures"] if (row["dimension"] or {}).get("ethnic_group") in SMALL
    } == {None}


async def test_no_hash_by_which_a_withheld_number_could_be_told_by_trials_is_public(clients):
    """All that a report states is public but a few numbers: trials of these would find the one that has its hash."""
    sent = await report(clients, "611", {"23383": CELLS["23383"]})
    land = {"unit": "611", "period": "2023", "form": "annual_land"}
    observations = [{"unit": "23383", "indicator": "em_households", "value": 440}]
    headers = clients.make_headers("report", units=("611",), client_id="district-611")
    response = await clients.http.post(
        "/v1/ethnic/reports", json=land | {"observations": observations}, headers=headers
    )
    of_land = response.json()
    readers: dict[str, dict[str, str]] = {"officer": clients.make_headers("read"), "public": {}}
    hashes = {}
    for reader, headers in readers.items():
        for name, receipt in (("groups", sent["receipt"]), ("land", of_land["receipt"])):
            checked = await clients.http.get(f"/v1/ethnic/receipts/{receipt['code']}", headers=headers)
            assert checked.json()["state"] == ("accepted" if name == "groups" else "submitted")
            hashes[reader, name] = checked.json()["content_sha256"]
        for indicator, group in ((TOTAL, None), (HOUSEHOLDS, "xo_dang"), ("group_em_persons", None)):
            query = {"period": "2023", "unit": "611"} | ({"dimension": group} if group else {})
            lineage = await clients.http.get(f"/v1/ethnic/lineage/{indicator}", params=query, headers=headers)
            behind = lineage.json()["reports"]
            assert {row["content_sha256"] for row in behind} <= {hashes[reader, "groups"]}, (
                reader,
                indicator,
            )
    assert hashes == {
        ("officer", "groups"): sent["content_sha256"],
        ("officer", "land"): of_land["content_sha256"],
        ("public", "groups"): None,
        ("public", "land"): of_land["content_sha256"],
    }


async def test_the_numbers_of_a_list_of_groups_and_the_hash_of_them_are_for_officers(clients):
    decision = {"number": "1227/QĐ-TTg", "date": "2021-07-14"}
    body = {
        "kind": "group_in_difficulty",
        "level": "commune",
        "unit": "62",
        "decision": decision,
        "effective_on": "2022-01-01",
        "units": [{"unit": "23377", "ethnic_group": "brau", "em_households": 137, "em_persons": 548}],
    }
    recorded = await clients.create("lists", body)
    read = {}
    for reader, headers in (("officer", clients.make_headers("read")), ("public", {})):
        address = f"/v1/ethnic/lists/{recorded['id']}"
        one = (await clients.http.get(address, headers=headers)).json()
        listed = (await clients.http.get("/v1/ethnic/lists", headers=headers)).json()["items"]
        (row,) = (await clients.http.get(f"{address}/rows", headers=headers)).json()["items"]
        query = {"other": recorded["id"]}
        compared = await clients.http.get(f"{address}/differences", params=query, headers=headers)
        assert listed == [one] == [compared.json()["earlier"]] == [compared.json()["later"]]
        assert (one["unit_name"], row["ethnic_group"]) == ("Tỉnh Kon Tum", "brau")
        read[reader] = one["content_sha256"], row["em_households"], row["em_persons"]
    assert read == {"officer": (recorded["content_sha256"], 137, 548), "public": (None, None, None)}


rows_of_groups = st.lists(st.lists(st.sampled_from(GROUPS), max_size=4, unique=True), max_size=8)


@given(rows_of_groups)
def test_each_row_has_a_complement_and_a_later_row_takes_none_back(rows):
    chosen = choose_complements(rows)
    assert all(not row or not chosen.isdisjoint(row) for row in rows)
    for length in range(len(rows)):
        assert choose_complements(rows[:length]) <= chosen
