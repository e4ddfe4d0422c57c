"""The one reference of all services: merged, valid, there when a service is not, and read without any CDN."""

import re

import pytest
from openapi_spec_validator import validate

from gateway.app import create_app
from gateway.clients.schemas import ClientIn
from gateway.composition.schemas import EXAMPLE, StatusOut
from gateway.reference import collection
from gateway.reference.merging import merge_documents, operation_ids
from gateway.tokens.api import TokenOut
from tests.gateway.conftest import settings_of, speaking_to
from tests.postgres import free_port

NUMBER = {"type": "number"}
TEXT = {"type": "string"}


def document(service, *, paths=("reports",), **schemas):
    """A service's document whose operations answer with its first schema."""
    name = next(iter(schemas))
    answer = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation = {"responses": {"200": {"description": "well", "content": answer}}, "tags": ["reports"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": "1", "description": f"What {service} does"},
        "paths": {
            **{
                f"/v1/{service}/{path}": {
                    "get": {**operation, "operationId": f"list_{path}"},
                    "post": {**operation, "operationId": f"submit_{path}"},
                }
                for path in paths
            },
            "/inside": {"get": {**operation, "operationId": "inside"}},
        },
        "components": {"schemas": schemas},
    }


OWN = document("gateway", Own=TEXT)
OWN["paths"] = {
    "/v1/status": {
        "get": {"operationId": "read_status", "tags": ["status"], "responses": {"200": {"description": "x"}}}
    }
}


def referring(name):
    return {"type": "object", "properties": {"it": {"$ref": f"#/components/schemas/{name}"}}}


def test_operations_are_named_after_their_service_and_inner_paths_stay_inside():
    merged = merge_documents(
        OWN, {"rural": document("rural", It=TEXT), "poverty": document("poverty", It=TEXT)}
    )
    assert set(operation_ids(merged)) == {
        "read_status", "rural_list_reports", "rural_submit_reports", "poverty_list_reports", "poverty_submit_reports",
    }  # fmt: skip
    assert "/inside" not in merged["paths"]
    assert merged["paths"]["/v1/rural/reports"]["get"]["tags"] == ["rural"]
    assert {tag["name"] for tag in merged["tags"]} == {"status", "rural", "poverty"}
    validate(merged)


def test_a_schema_keeps_the_name_that_most_mean_by_it():
    merged = merge_documents(
        OWN,
        {
            "rural": document("rural", Page=referring("Item"), Item=TEXT, Same=NUMBER),
            "poverty": document("poverty", Page=referring("Item"), Item=TEXT, Same=NUMBER),
            "funding": document("funding", Page=referring("Item"), Item=NUMBER, Same=NUMBER),
        },
    )
    schemas = merged["components"]["schemas"]
    assert set(schemas) == {"Own", "Page", "Item", "FundingPage", "FundingItem", "Same"}
    assert (schemas["Page"], schemas["Item"]) == (referring("Item"), TEXT)
    assert (schemas["FundingPage"], schemas["FundingItem"]) == (referring("FundingItem"), NUMBER)
    answer = merged["paths"]["/v1/funding/reports"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/FundingPage"}
    validate(merged)


def test_a_name_made_by_a_prefix_takes_nobody_elses():
    merged = merge_documents(
        {**OWN, "components": {"schemas": {"FundingItem": TEXT}}},
        {
            "rural": document("rural", Item=TEXT),
            "poverty": document("poverty", Item=TEXT),
            "funding": document("funding", Item=NUMBER),
        },
    )
    assert merged["components"]["schemas"] == {"FundingItem": TEXT, "FundingItem_": NUMBER, "Item": TEXT}


def test_schemas_that_refer_to_themselves_are_told_apart():
    deeper = {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Tree"}, "it": TEXT}}
    merged = merge_documents(
        OWN, {"rural": document("rural", Tree=referring("Tree")), "poverty": document("poverty", Tree=deeper)}
    )
    assert set(merged["components"]["schemas"]) == {"Own", "Tree", "PovertyTree"}


def test_writes_want_a_token_and_reads_may_have_one():
    merged = merge_documents(OWN, {"rural": document("rural", It=TEXT)})
    operations = merged["paths"]["/v1/rural/reports"]
    assert operations["post"]["security"] == [{"client": []}]
    assert operations["get"]["security"] == [{}, {"client": []}]
    flow = merged["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/oauth/token"


@pytest.fixture
async def reading(common_database, urls, neighbours):
    for name, neighbour in neighbours.items():
        neighbour.answer = document(name, It=TEXT)
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        yield client


async def test_one_document_from_all_services_is_valid_and_cached(reading, neighbours):
    answer = await reading.get("/openapi.json")
    merged = answer.json()
    validate(merged)
    ids = list(operation_ids(merged))
    assert len(ids) == len(set(ids))
    assert {
        "read_status",
        "list_units",
        "issue_token",
        "rural_submit_reports",
        "funding_list_reports",
    } <= set(ids)
    again = await reading.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert len(neighbours["rural"].requests) == 1


async def test_a_stopped_services_part_comes_from_its_snapshot(
    common_database, urls, neighbours, monkeypatch
):
    for name, neighbour in neighbours.items():
        neighbour.answer = document(name, It=TEXT)
    urls["rural"] = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(collection, "load_snapshot", lambda name: document(name, It=TEXT, paths=("kept",)))
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        ids = set(operation_ids((await client.get("/openapi.json")).json()))
    assert "rural_list_kept" in ids
    assert "poverty_list_reports" in ids


async def test_the_page_loads_nothing_from_elsewhere(reading):
    page = await reading.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for asset in re.findall(r"/docs/[a-z.-]+", page.text):
        found = await reading.get(asset)
        assert found.status_code == 200, asset
        assert len(found.content) > 500
    assert (await reading.get("/docs/../secrets")).status_code == 404
    assert (await reading.get("/docs/redoc.standalone.js")).status_code == 422


def test_examples_are_what_they_say():
    StatusOut.model_validate(EXAMPLE)
    TokenOut.model_validate(TokenOut.model_config["json_schema_extra"]["example"])
    ClientIn.model_validate(ClientIn.model_config["json_schema_extra"]["example"])


async def test_the_front_step_says_where_things_are(reading):
    said = (await reading.get("/")).json()
    for path in said.values():
        if path != "/oauth/token":
            assert (await reading.get(path)).status_code == 200, path


async def test_health_waits_for_no_neighbour(common_database):
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in ("rural", "funding")}
    async with speaking_to(create_app(settings_of(common_database, urls))) as client:
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await client.get(path)).status_code == 200


async def test_units_are_served_by_the_gateway(reading):
    said = (await reading.get("/v1/units/610?on=2023-12-31")).json()
    assert (said["code"], said["name"]) == ("610", "Đăk Glei")
