"""The thresholds that a province sets by a decision: rules of a table, and the routes."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.criteria.thresholds import Threshold, Thresholds
from services.rural.dated_facts import load_criteria_sets
from services.rural.thresholds.rules import OfficeTable, TableRow, apply_tables, find_row_faults
from tests.rural.test_criteria import report_and_accept_rows

SETS = load_criteria_sets()
PATH = "/v1/rural/thresholds/62"
DECISION = {"number": "147/QĐ-UBND", "date": "2022-03-28"}


def make_row(indicator="indicator_10_1", value=45, first_year=2022, last_year=2025, **fields):
    return {
        "indicator": indicator,
        "first_year": first_year,
        "last_year": last_year,
        "value": value,
        **fields,
    }


async def put(clients, rows, *, units=("62",), scope="register", decision=DECISION, if_match=None, **query):
    headers = clients.make_headers(scope, units=units)
    if if_match is not None:
        headers["If-Match"] = if_match
    body = {"decision": decision, "thresholds": rows}
    return await clients.http.put(PATH, json=body, headers=headers, params=query)


def make_threshold(indicator, first, last, value=1, unit="62"):
    return Threshold(
        indicator=indicator,
        unit=unit,
        years=(first, last),
        value=Decimal(value),
        legal_basis="-",
        confidence="-",
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["indicator_10_1", "indicator_12_1_men", "indicator_01_1", "x"]),
            st.integers(2019, 2027),
            st.integers(2019, 2027),
            st.integers(-1, 101),
        ),
        max_size=4,
    )
)
def test_each_fault_of_a_row_is_named_at_its_row(rows):
    table = [
        TableRow(index, make_threshold(code, first, last, value))
        for index, (code, first, last, value) in enumerate(rows)
    ]
    faults = {(fault.pointer, fault.code) for fault in find_row_faults(table, SETS)}
    expected: set[tuple[str, str]] = set()
    judged: list[tuple[str, int, int]] = []
    for index, (code, first, last, value) in enumerate(rows):
        at = f"/thresholds/{index}"
        if code == "x":
            expected.add((f"{at}/indicator", "indicator_unknown"))
        elif code == "indicator_01_1":
            expected.add((f"{at}/indicator", "indicator_without_threshold"))
        else:
            if last < first:
                expected.add((f"{at}/last_year", "years_reversed"))
            elif first < 2021:
                expected.add((f"{at}/first_year", "years_not_of_set"))
            elif last > 2025:
                expected.add((f"{at}/last_year", "years_not_of_set"))
            if value < 0 or (value > 100 and code != "indicator_10_1"):
                expected.add((f"{at}/value", "value_out_of_range"))
            if any(other == code and begin <= last and first <= end for other, begin, end in judged):
                expected.add((at, "threshold_repeated"))
            judged.append((code, first, last))
    assert faults == expected


def test_a_table_replaces_the_thresholds_of_its_province_on_the_days_of_the_province():
    shipped = Thresholds(
        {},
        (),
        {
            "a": (
                make_threshold("a", 2021, 2025, 1),
                make_threshold("a", 2021, 2025, 2, "64"),
                Threshold(
                    indicator="a",
                    region="r",
                    years=(2021, 2025),
                    value=Decimal(3),
                    legal_basis="-",
                    confidence="-",
                ),
            )
        },
    )
    own = make_threshold("a", 2022, 2025, 9)
    in_use = apply_tables(shipped, [OfficeTable("62", date(2010, 1, 1), date(2025, 6, 30), (own,))])
    found = [
        in_use.find("a", year, ("23509", "62", "r"), date(year, 12, 31)) for year in (2021, 2022, 2024, 2025)
    ]
    assert [threshold and threshold.value for threshold in found] == [3, 9, 9, 3]
    other = in_use.find("a", 2022, ("64", "r"), date(2022, 12, 31))
    assert other is not None
    assert other.value == 2


async def test_an_office_replaces_its_thresholds_in_one_call(clients):
    rows = [{"unit": "23509", "indicator": "indicator_10_1", "value": 46}]
    report = await report_and_accept_rows(clients, rows, "615")
    assert "not checked against the document: 10.1" in report["derived"][0]["why_en"]
    before = await clients.get("thresholds", unit="62", year=2023)
    income = next(row for row in before["items"] if row["indicator"] == "indicator_10_1")
    assert (income["value"], income["place"], income["confidence"]) == (47, "tay_nguyen", "from memory")
    assert (before["unsure"], before["missing"]) == (27, 10)
    missing = await clients.http.get(PATH)
    assert (missing.status_code, missing.json()["code"]) == (404, "threshold_table_not_found")

    table = [
        make_row(),
        make_row("indicator_02_1", 100),
        make_row("indicator_10_1", 40, unit="23512", first_year=2024),
    ]
    table[2]["unit"] = "23512"
    faulty = [
        *table,
        make_row("indicator_10_1", 46),
        make_row("indicator_12_1", 101),
        make_row(unit="23622", first_year=2021, value="x"),
    ]
    refused = await put(clients, faulty)
    assert refused.status_code == 422
    assert {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]} == {
        ("/thresholds/3", "threshold_repeated"),
        ("/thresholds/4/value", "value_out_of_range"),
        ("/thresholds/5/value", "not_a_number"),
        ("/thresholds/5/unit", "unit_outside_province"),
    }
    checked = await put(clients, table, dry_run="true")
    assert (checked.status_code, checked.json()["state"]) == (200, "checked")
    assert checked.json()["changed_verdicts"] == [
        {
            "unit": "23509",
            "unit_name": "Xã Đăk Ui",
            "unit_kind": "xa",
            "unit_since": "2004-07-08",
            "period": "2023",
            "criterion": "criterion_10",
            "met": False,
            "would_be_met": True,
        }
    ]
    assert (await clients.http.get(PATH)).status_code == 404
    replaced = await put(clients, table)
    assert (replaced.status_code, replaced.json()["state"]) == (200, "replaced")
    assert len(replaced.json()["added"]) == 3
    read = await clients.http.get(PATH)
    assert read.headers["etag"] == replaced.headers["etag"]
    assert read.json() == replaced.json()["table"]

    after = await clients.get("thresholds", unit="23509", year=2023)
    income = next(row for row in after["items"] if row["indicator"] == "indicator_10_1")
    assert (income["value"], income["place"], income["legal_basis"], income["confidence"]) == (
        45,
        "62",
        "147/QĐ-UBND",
        "sourced",
    )
    assert (after["unsure"], after["missing"]) == (26, 9)
    second = await report_and_accept_rows(clients, rows, "615", "2024")
    assert (second["derived"][0]["value"], second["derived"][0]["why_en"]) == (
        1,
        "Met: all 1 indicators are met.",
    )
    page = await clients.get("communes/23509", on="2024-12-31")
    assert [(row["met"], row["unsure"]) for row in page["assessments"]] == [(1, []), (0, [10])]

    assert (await put(clients, table[:1])).json()["code"] == "precondition_required"
    assert (await put(clients, table[:1], if_match='"0"')).json()["code"] == "precondition_failed"
    tag = replaced.headers["etag"]
    assert (await put(clients, table, if_match=tag)).json()["state"] == "unchanged"
    last = await put(clients, [], if_match=tag, decision={"number": "9/QĐ-UBND", "date": "2024-01-01"})
    assert (last.json()["state"], len(last.json()["removed"])) == ("replaced", 3)
    versions = await clients.get("thresholds/62/versions")
    assert [(row["number"], row["count"]) for row in versions["items"]] == [(2, 0), (1, 3)]
    assert (await clients.get("thresholds/62/versions/1"))["thresholds"] == replaced.json()["table"][
        "thresholds"
    ]
    changes = await clients.http.get("/v1/rural/changes", headers=clients.make_headers("read"))
    assert [
        change["data"]["number"]
        for change in changes.json()["items"]
        if change["type"] == "thresholds.replaced"
    ] == [1, 2]


async def test_only_a_registrar_of_the_whole_province_sets_its_thresholds(clients):
    assert (await put(clients, [make_row()], units=("615",))).json()["code"] == "unit_not_granted"
    assert (await put(clients, [make_row()], scope="report")).status_code == 403
    assert (await clients.http.put(PATH, json={})).status_code == 401
    future = await put(clients, [make_row()], decision={"number": "1", "date": "2031-01-01"})
    assert {fault["pointer"] for fault in future.json()["errors"]} >= {"/decision/date"}
    headers = clients.make_headers("register")
    body = {"decision": DECISION, "thresholds": [make_row()]}
    of_district = await clients.http.put("/v1/rural/thresholds/615", json=body, headers=headers)
    assert [fault["code"] for fault in of_district.json()["errors"]] == ["unit_level_wrong"]
    many = await put(clients, [make_row()] * 2001)
    assert [fault["code"] for fault in many.json()["errors"]] == ["too_many_thresholds"]
