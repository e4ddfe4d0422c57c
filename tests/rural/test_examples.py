"""The examples of the reference run as they stand."""

from services.rural.ocop.schemas import EXAMPLE as PRODUCT
from services.rural.recognitions.schemas import EXAMPLE as RECOGNITION
from services.rural.villages.schemas import EXAMPLE as VILLAGE


async def test_what_the_reference_shows_is_accepted(clients):
    document = (await clients.http.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    shown = {
        "villages": ("VillageIn", VILLAGE),
        "recognitions": ("RecognitionIn", RECOGNITION),
        "ocop/products": ("ProductIn", PRODUCT),
    }
    for path, (schema, example) in shown.items():
        assert schemas[schema]["example"] == {
            key: value for key, value in example.items() if value is not None
        }
        kept = await clients.kept(path, example)
    revocation = schemas["RevocationIn"]["example"]
    (recognition,) = (await clients.get("recognitions"))["items"]
    later = {**revocation, "decision": {"number": "9/QĐ-UBND", "date": "2024-05-01"}}
    await clients.kept(f"recognitions/{recognition['id']}/revoke", later)
    assert kept["grantor"]["code"] == "province"


async def test_every_field_of_the_registers_is_described(clients):
    schemas = (await clients.http.get("/openapi.json")).json()["components"]["schemas"]
    ours = (
        "VillageIn",
        "VillageOut",
        "RecognitionIn",
        "RecognitionOut",
        "ProductIn",
        "EvaluationOut",
        "CommuneRow",
    )
    wordless = [
        f"{name}.{field}"
        for name in ours
        for field, said in schemas[name]["properties"].items()
        if not said.get("description")
    ]
    assert wordless == []
