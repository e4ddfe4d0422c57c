"""Outlines that an installation brings: checked at the start, served unchanged, of the units of the day alone."""

import json

import pytest

from gateway.app import create_app
from shared.territory import boundaries
from shared.territory.boundaries import BoundariesWrongError, read_boundaries
from tests.gateway.conftest import make_settings, open_gateway
from tests.territory.shipped import shipped_territory
from tests.territory.test_country import NOW, THEN

RING = [[107.5, 14.3], [107.6, 14.3], [107.6, 14.4], [107.5, 14.3]]


def feature(code, **geometry):
    return {
        "type": "Feature",
        "id": code,
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [RING], **geometry},
    }


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def topology(*codes, arcs=((0,),)):
    geometries = [{"type": "Polygon", "id": code, "arcs": [list(arc) for arc in arcs]} for code in codes]
    transform = {"scale": [0.1, 0.1], "translate": [107, 14]}
    return {
        "type": "Topology",
        "transform": transform,
        "objects": {"u": {"geometries": geometries}},
        "arcs": [[[0, 0], [9000, 1], [1, 1]]],
    }


async def test_outlines_are_served_for_the_days_on_which_their_codes_hold(common_database, urls, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(collection(feature("23293"), feature("610"))))
    new.write_text(json.dumps(topology("23293", "23368")))
    files = f"2013-12-31={old}, 2025-07-01={new}"
    async with open_gateway(
        create_app(make_settings(common_database, urls, boundaries_files=files))
    ) as gateway:
        first = await gateway.get("/v1/boundaries?on=2023-12-31")
        assert (first.status_code, first.headers["content-type"]) == (200, "application/geo+json")
        assert first.content == old.read_bytes()
        assert "immutable" in first.headers["cache-control"]
        again = await gateway.get(
            "/v1/boundaries?on=2024-06-30", headers={"If-None-Match": first.headers["etag"]}
        )
        assert again.status_code == 304
        second = await gateway.get("/v1/boundaries?on=2026-01-01")
        assert second.json()["type"] == "Topology"
        assert second.headers["etag"] != first.headers["etag"]
        page = await gateway.get("/", headers={"Accept": "text/html"})
        assert '<meta name="outlines" content="2013-12-31,2025-07-01">' in page.text
        early = await gateway.get("/v1/boundaries?on=2000-01-01")
        assert (early.status_code, early.json()["code"]) == (404, "boundaries_not_found")
        assert "2013-12-31, 2025-07-01" in early.json()["detail"]
        assert (await gateway.get("/v1/boundaries?on=someday")).status_code == 422
    async with open_gateway(create_app(make_settings(common_database, urls))) as gateway:
        assert (await gateway.get("/v1/boundaries?on=2026-01-01")).status_code == 404
    settings = make_settings(common_database, urls, boundaries_files=f"2025-07-01={old}")
    with pytest.raises(ValueError, match="no units of 2025-07-01: 610"):
        async with open_gateway(create_app(settings)):
            pass


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "neither"),
        ({"type": "FeatureCollection", "features": []}, "no units"),
        (collection(feature("99999")), "no units of 2025-07-01: 99999"),
        (collection(feature("23293"), feature("23293")), "more than once: 23293"),
        (collection(feature("23293", type="Point", coordinates=[1, 2])), "no Polygon"),
        (collection(feature("23293", coordinates=[[[200, 1]]])), "outside of the earth"),
        (collection(feature("23293", coordinates=[[["a", 1]]])), "no pair"),
        (collection(feature("23293", coordinates=7)), "no pair"),
        (collection(feature(7)), "neither an id"),
        (collection({"type": "Feature", "id": "23293"}), "no geometry"),
        (topology("23293", arcs=((5,),)), "an arc"),
        (topology("23293", arcs=(("x",),)), "an arc"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(document, message):
    with pytest.raises(BoundariesWrongError, match=message):
        read_boundaries(shipped_territory(), json.dumps(document).encode(), NOW)


def test_limits_of_a_file(monkeypatch):
    content = json.dumps(collection(feature("23344"))).encode()
    assert read_boundaries(shipped_territory(), content, THEN).codes == {"23344"}
    with pytest.raises(BoundariesWrongError, match="no JSON"):
        read_boundaries(shipped_territory(), b"{", THEN)
    monkeypatch.setattr(boundaries, "MOST_POSITIONS", 3)
    with pytest.raises(BoundariesWrongError, match="over"):
        read_boundaries(shipped_territory(), content, THEN)
    monkeypatch.setattr(boundaries, "MOST_BYTES", 10)
    with pytest.raises(BoundariesWrongError, match="bytes"):
        read_boundaries(shipped_territory(), content, THEN)
