"""The examples of the reference run as they stand."""

from services.ethnic.classifications.schemas import EXAMPLE
from tests.contracts.documents import load_document


async def test_the_examples_of_the_reference_are_accepted(clients):
    schemas = load_document("ethnic")["components"]["schemas"]
    assert schemas["ClassificationIn"]["example"] == EXAMPLE
    classification = await clients.create("classifications", EXAMPLE)
    assert classification["region"] == "I"
    for name in ("ClassificationIn", "ClassificationOut"):
        assert all(field.get("description") for field in schemas[name]["properties"].values())
