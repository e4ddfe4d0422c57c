"""The examples of the reference run as they stand."""

from services.ethnic.classifications.schemas import EXAMPLE


async def test_what_the_reference_shows_is_accepted(clients):
    schemas = (await clients.http.get("/openapi.json")).json()["components"]["schemas"]
    assert schemas["ClassificationIn"]["example"] == EXAMPLE
    kept = await clients.kept("classifications", EXAMPLE)
    assert kept["region"] == "I"
    for name in ("ClassificationIn", "ClassificationOut"):
        assert all(field.get("description") for field in schemas[name]["properties"].values())
