"""Agencies hold money beside districts: it is allocated to them, moves between them, and goes to their successors."""

import shutil

import pytest

from services.funding.agencies import extend_territory
from services.funding.dated_facts import DATA, load_catalogue
from shared.territory.tree import Territory
from tests.funding.conftest import DECISION, LINE, Office, done, voucher, with_total
from tests.territory.shipped import read_successions, read_units

pytestmark = pytest.mark.anyio

FARMING, LABOUR, MINORITIES = "62.SO_NN", "62.SO_LDTBXH", "62.BAN_DT"


async def by_unit(office, **query):
    rows = with_total((await office.get("progress", group_by="unit", **query)).json())
    return {row["unit"]: row["available_vnd"] for row in rows if row["available_vnd"]}


async def test_the_province_gives_money_to_agencies_as_to_districts(office):
    await office.decide("assignments", 100, unit="62")
    assert (await office.allocate(60, unit=FARMING))["unallocated_vnd"] == 40
    await office.allocate(30, unit="610")
    beyond = await office.post(
        "allocations", {**LINE, "unit": LABOUR, "amount_vnd": 11, "decision": DECISION}
    )
    assert (beyond.status_code, beyond.json()["available_vnd"]) == (409, 10)
    await office.decide("transfers", 20, unit=FARMING, to_unit=LABOUR)
    await office.decide("transfers", 15, unit=LABOUR, to_unit="611")
    await office.disburse(5, unit=LABOUR)
    assert await by_unit(office, year=2023) == {FARMING: 40, LABOUR: 5, "610": 30, "611": 15, "total": 90}
    assert await by_unit(office, year=2023, unit="62") == await by_unit(office, year=2023)
    assert await by_unit(office, year=2023, unit=FARMING) == {FARMING: 40, "total": 40}
    status_unit = (await office.get("status", year=2023, unit=FARMING)).json()["unit"]
    assert status_unit == {
        "code": FARMING,
        "name": "Sở Nông nghiệp và Phát triển nông thôn",
        "kind": "agency",
        "since": "2016-01-01",
    }


async def test_the_province_passes_money_on_to_its_agencies_and_no_agency_holds_a_district(office):
    await office.allocate(50, unit="62")
    await office.decide("sub-allocations", 50, unit="62", to_unit=FARMING)
    refused = await office.post(
        "sub-allocations", {**LINE, "unit": FARMING, "to_unit": "610", "amount_vnd": 1, "decision": DECISION}
    )
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/to_unit", "unit_not_below")
    ]


async def test_a_client_of_an_agency_spends_the_agency_s_money_only(office, issuer, http):
    for unit in (FARMING, LABOUR, "610"):
        await office.allocate(50, unit=unit)
    own = Office(http, issuer.token("so-nn", ["funding"], ["poverty"], [FARMING]), office.app)
    await own.disburse(1, unit=FARMING)
    for unit in (LABOUR, "610", "62"):
        refused = await own.post(
            "disbursements", {**LINE, "unit": unit, "amount_vnd": 1, "voucher": voucher()}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "unit_not_granted"), unit
    district = Office(http, issuer.token("610", ["funding"], ["poverty"], ["610"]), office.app)
    refused = await district.post(
        "disbursements", {**LINE, "unit": FARMING, "amount_vnd": 1, "voucher": voucher()}
    )
    assert refused.status_code == 403


async def test_an_agency_exists_from_its_first_day_to_its_last(office):
    late = {"year": 2025, "decision": {"number": "9", "date": "2025-03-05"}, "amount_vnd": 1}
    refused = await office.post("allocations", {**LINE, **late, "unit": FARMING})
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/unit", "unit_unknown_on_date")
    assert "62.SO_NNMT" in fault["detail"], "the agency that followed is named"
    await done(office.post("allocations", {**LINE, **late, "unit": "62.SO_NNMT"}))
    unknown = await office.post("allocations", {**LINE, **late, "unit": "62.NOBODY"})
    assert unknown.json()["errors"][0]["code"] == "unit_unknown"


async def test_the_money_of_an_agency_goes_to_its_successor(office):
    for unit, amount in ((FARMING, 1), (LABOUR, 2), (MINORITIES, 4), ("62.SO_KHDT", 8)):
        await office.allocate(amount, unit=unit, year=2025, effective_on="2025-01-10")

    async def total(unit):
        return (await office.get("status", year=2025, unit=unit)).json()["total"]["allocated_vnd"]

    assert [await total(unit) for unit in (FARMING, "62.SO_NNMT", "51.SO_NNMT")] == [1, 1, 1]
    assert await total("51.SO_TC") == 8, "planning went into finance before both went into the new province"
    assert await total("51.SO_DTTG") == 4
    assert [await total(unit) for unit in ("62", "51")] == [15, 15], "what was dissolved lies in its province"


def test_inconsistent_agencies_are_refused_at_start(tmp_path):
    shutil.copytree(DATA, tmp_path / "codes")
    path = tmp_path / "codes" / "agencies.csv"
    shipped = path.read_text(encoding="utf-8")

    def changed(old, new):
        assert old in shipped
        path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
        return load_catalogue(tmp_path / "codes")

    territory = Territory(read_units(), read_successions())
    assert extend_territory(territory, load_catalogue().agencies).unit(
        "51.SO_TC", load_catalogue().agencies["51.SO_TC"].valid_from
    )
    with pytest.raises(ValueError, match="does not begin with its seat"):
        changed("62.SO_TC,62,", "62.SO_TC,610,")
    with pytest.raises(ValueError, match="is not there when it ends"):
        changed("418,51.SO_TC", "418,51.SO_X")
    with pytest.raises(ValueError, match="is not there when it ends"):
        changed("62.SO_NNMT,2016-01-01,2025-02-28", "62.SO_NNMT,2016-01-01,2025-01-31")
    with pytest.raises(ValueError, match="did not exist"):
        extend_territory(territory, changed("2016-10-05", "2001-10-05").agencies)
    with pytest.raises(ValueError, match="outlives its parent"):
        extend_territory(territory, changed("2016-10-05,2025-06-30", "2016-10-05,").agencies)
