"""Equal hexagons: one for each commune, none twice, near where it lies, for every province of both maps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.territory.tiles import place_tiles
from shared.territory.units import Unit
from tests.territory.shipped import country_territory
from tests.territory.test_api import client  # noqa: F401 (a fixture)

THEN, NOW = date(2025, 6, 30), date(2025, 7, 1)
COUNTRY = country_territory()

places = st.none() | st.tuples(st.floats(8, 23), st.floats(102, 117))


@given(st.lists(places, max_size=60))
def test_no_hexagon_is_given_twice(centres):
    units = [
        Unit(
            f"{number:05d}",
            "commune",
            "xa",
            "X",
            "51",
            NOW,
            lat=centre and centre[0],
            lon=centre and centre[1],
        )
        for number, centre in enumerate(centres)
    ]
    tiles = place_tiles(units)
    assert [tile.unit for tile in tiles] == units
    assert (
        len({(tile.q, tile.r) for tile in tiles}) == len({(tile.x, tile.y) for tile in tiles}) == len(units)
    )
    assert [tile.has_place for tile in tiles] == [centre is not None for centre in centres]
    assert place_tiles(tuple(reversed(units))) == tiles
    if any(tile.has_place for tile in tiles):
        lowest = max(tile.y for tile in tiles if tile.has_place)
        assert all(tile.has_place or tile.y > lowest for tile in tiles), (
            "no arbitrary place among the known ones"
        )


@pytest.mark.parametrize("on", [THEN, NOW])
def test_every_province_has_hexagons_and_north_is_above_south(on):
    for province in COUNTRY.units(on):
        if province.level != "province":
            continue
        tiles = place_tiles(COUNTRY.communes(province.code, on))
        placed = [tile for tile in tiles if tile.unit.lat is not None and tile.unit.kind != "dac_khu"]
        northern = sorted(placed, key=lambda tile: -(tile.unit.lat or 0.0))[: len(placed) // 3]
        southern = sorted(placed, key=lambda tile: tile.unit.lat or 0.0)[: len(placed) // 3]
        if northern and southern:
            north, south = (sum(tile.y for tile in group) / len(group) for group in (northern, southern))
            assert north < south, province.name


async def test_tiles_over_http(client):  # noqa: F811
    tiles = (await client.get("/v1/tiles", params={"on": "2025-07-01"})).json()
    assert (tiles["unit"], tiles["unit_since"], len(tiles["items"])) == ("51", "2025-07-01", 96)
    assert {"23368", "21136"} <= {tile["unit"] for tile in tiles["items"]}
    placed = [tile for tile in tiles["items"] if tile["unit"] == "23368"]
    assert [(tile["has_place"], tile["parent"], tile["parent_name"]) for tile in placed] == [
        (True, "51", "Tỉnh Quảng Ngãi")
    ]
    before = (await client.get("/v1/tiles", params={"on": "2023-12-31", "unit": "618"})).json()
    assert [tile["unit_name"] for tile in before["items"]] == ["Xã Ia Đal", "Xã Ia Dom", "Xã Ia Tơi"]
    assert [tile["has_place"] for tile in before["items"]] == [False, False, False]
    missing = await client.get("/v1/tiles", params={"on": "2025-07-01", "unit": "610"})
    assert (missing.status_code, missing.json()["code"]) == (404, "unit_unknown_on_date")
    first = await client.get("/v1/tiles", params={"on": "2025-07-01"})
    again = await client.get(
        "/v1/tiles", params={"on": "2025-07-01"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
