"""The examples of the reference run as they stand."""

from services.rural.ocop.schemas import EXAMPLE as PRODUCT
from services.rural.recognitions.schemas import EXAMPLE as RECOGNITION
from services.rural.villages.schemas import EXAMPLE as VILLAGE
from tests.contracts.documents import load_document


async def test_the_examples_of_the_reference_are_accepted(clients):
    document = load_document("rural")
    schemas = document["components"]["schemas"]
    examples = {
        "villages": ("VillageIn", VILLAGE),
        "recognitions": ("RecognitionIn", RECOGNITION),
        "ocop/products": ("ProductIn", PRODUCT),
    }
    for path, (schema, example) in examples.items():
        assert schemas[schema]["example"] == {
            key: value for key, value in example.items() if value is not None
        }
        created = await clients.create(path, example)
    revocation = schemas["RevocationIn"]["example"]
    (recognition,) = (await clients.get("recognitions"))["items"]
    later = {**revocation, "decision": {"number": "9/QĐ-UBND", "date": "2024-05-01"}}
    await clients.create(f"recognitions/{recognition['id']}/revoke", later)
    assert created["grantor"]["code"] == "province"


def test_every_field_of_the_registers_is_described():
    schemas = load_document("rural")["components"]["schemas"]
    names = (
        "VillageIn",
        "VillageOut",
        "RecognitionIn",
        "RecognitionOut",
        "ProductIn",
        "EvaluationOut",
        "CommuneRow",
    )
    undescribed = [
        f"{name}.{field}"
        for name in names
        for field, schema in schemas[name]["properties"].items()
        if not schema.get("description")
    ]
    assert undescribed == []
