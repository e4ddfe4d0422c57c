"""The OpenAPI document of all services: merged, valid, complete when a service is down; its page uses no CDN."""

import re

import httpx
import pytest
from openapi_spec_validator import validate

from gateway.app import create_app
from gateway.clients.schemas import ClientIn
from gateway.composition.schemas import EXAMPLE, ProvinceStatusOut
from gateway.reference import collection
from gateway.reference.merging import list_operation_ids, merge_documents
from gateway.tokens.api import TokenOut
from shared.kit.openapi.problem_schemas import SCHEMAS
from tests.gateway.conftest import make_settings, open_gateway
from tests.postgres import free_port

NUMBER = {"type": "number"}
TEXT = {"type": "string"}


def make_document(service, *, paths=("reports",), **schemas):
    """Return a service's document whose operations answer with its first schema."""
    name = next(iter(schemas))
    response = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation = {"responses": {"200": {"description": "OK", "content": response}}, "tags": ["reports"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": "1", "description": f"The service {service}"},
        "paths": {
            **{
                f"/v1/{service}/{path}": {
                    "get": {**operation, "operationId": f"list_{path}"},
                    "post": {**operation, "operationId": f"submit_{path}"},
                }
                for path in paths
            },
            "/internal": {"get": {**operation, "operationId": "internal"}},
        },
        "tags": [{"name": "reports", "description": f"Reports of {service}"}],
        "components": {"schemas": schemas},
    }


OWN = make_document("gateway", Own=TEXT)
OWN["tags"] = [{"name": "status", "description": "The status"}]
OWN["paths"] = {
    "/v1/status": {
        "get": {"operationId": "read_status", "tags": ["status"], "responses": {"200": {"description": "x"}}}
    }
}


def make_reference(name):
    return {"type": "object", "properties": {"child": {"$ref": f"#/components/schemas/{name}"}}}


def read_schemas(merged):
    """Return the schemas of a merged document but those of problems, without the titles, which are their names."""
    schemas = {
        name: dict(schema) for name, schema in merged["components"]["schemas"].items() if name not in SCHEMAS
    }
    assert all(schema.pop("title") == name for name, schema in schemas.items())
    return schemas


def test_operations_get_the_prefix_of_their_service_and_internal_paths_are_left_out():
    merged = merge_documents(
        OWN, {"rural": make_document("rural", Thing=TEXT), "poverty": make_document("poverty", Thing=TEXT)}
    )
    assert set(list_operation_ids(merged)) == {
        "read_status", "rural_list_reports", "rural_submit_reports", "poverty_list_reports", "poverty_submit_reports",
    }  # fmt: skip
    assert "/internal" not in merged["paths"]
    assert merged["paths"]["/v1/rural/reports"]["get"]["tags"] == ["rural reports"]
    assert [tag["name"] for tag in merged["tags"]] == ["status", "rural reports", "poverty reports"]
    validate(merged)


def test_the_most_frequent_schema_of_a_name_keeps_it():
    merged = merge_documents(
        OWN,
        {
            "rural": make_document("rural", Page=make_reference("Item"), Item=TEXT, Same=NUMBER),
            "poverty": make_document("poverty", Page=make_reference("Item"), Item=TEXT, Same=NUMBER),
            "funding": make_document("funding", Page=make_reference("Item"), Item=NUMBER, Same=NUMBER),
        },
    )
    schemas = read_schemas(merged)
    assert set(schemas) == {"Own", "Page", "Item", "FundingPage", "FundingItem", "Same"}
    assert (schemas["Page"], schemas["Item"]) == (make_reference("Item"), TEXT)
    assert (schemas["FundingPage"], schemas["FundingItem"]) == (make_reference("FundingItem"), NUMBER)
    response = merged["paths"]["/v1/funding/reports"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]
    assert response["schema"] == {"$ref": "#/components/schemas/FundingPage"}
    validate(merged)


def test_a_prefixed_name_replaces_no_other_schema():
    merged = merge_documents(
        {**OWN, "components": {"schemas": {"FundingItem": TEXT}}},
        {
            "rural": make_document("rural", Item=TEXT),
            "poverty": make_document("poverty", Item=TEXT),
            "funding": make_document("funding", Item=NUMBER),
        },
    )
    assert read_schemas(merged) == {"FundingItem": TEXT, "FundingItem_": NUMBER, "Item": TEXT}


def test_recursive_schemas_are_compared():
    deeper = {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Tree"}, "child": TEXT}}
    merged = merge_documents(
        OWN,
        {
            "rural": make_document("rural", Tree=make_reference("Tree")),
            "poverty": make_document("poverty", Tree=deeper),
        },
    )
    assert set(read_schemas(merged)) == {"Own", "Tree", "PovertyTree"}


def test_every_operation_lists_what_the_gateway_answers_before_a_service_does():
    merged = merge_documents(OWN, {"rural": make_document("rural", Thing=TEXT)})
    responses = merged["paths"]["/v1/rural/reports"]["get"]["responses"]
    assert {status: response["$ref"].rpartition("/")[2] for status, response in responses.items() if status != "200"} == {
        "429": "rate_limited", "503": "upstream_unavailable", "504": "upstream_timeout",
    }  # fmt: skip
    assert responses["200"]["headers"].keys() == {"RateLimit", "RateLimit-Policy"}
    assert merged["paths"]["/v1/status"]["get"]["responses"].keys() == {"200", "429"}
    limited = merged["components"]["responses"]["rate_limited"]
    assert limited["headers"].keys() == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert limited["description"] == "`rate_limited`"


@pytest.fixture
async def documented_gateway(common_database, urls, upstreams):
    for name, upstream in upstreams.items():
        upstream.answer = make_document(name, Thing=TEXT)
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        yield client


async def test_the_merged_document_is_valid_and_cached(documented_gateway, upstreams):
    response = await documented_gateway.get("/openapi.json")
    merged = response.json()
    validate(merged)
    ids = list(list_operation_ids(merged))
    assert len(ids) == len(set(ids))
    assert {
        "read_status",
        "list_units",
        "issue_token",
        "rural_submit_reports",
        "funding_list_reports",
    } <= set(ids)
    again = await documented_gateway.get("/openapi.json", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert len(upstreams["rural"].requests) == 1


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("br;q=0, gzip", "gzip"), ("gzip, deflate, br", "br"), ("zstd, br", "zstd"), ("deflate", None)],
)
async def test_the_document_is_sent_in_a_coding_that_the_client_accepts(documented_gateway, accepted, coding):
    plain = await documented_gateway.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    encoded = await documented_gateway.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert encoded.headers.get("content-encoding") == coding
    assert encoded.json() == plain.json()
    assert encoded.headers["etag"] == plain.headers["etag"]
    assert "Accept-Encoding" in encoded.headers["vary"]


async def test_the_document_of_a_stopped_service_comes_from_its_snapshot(
    common_database, urls, upstreams, monkeypatch
):
    for name, upstream in upstreams.items():
        upstream.answer = make_document(name, Thing=TEXT)
    urls["rural"] = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(
        collection, "load_snapshot", lambda name: make_document(name, Thing=TEXT, paths=("snapshot",))
    )
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        ids = set(list_operation_ids((await client.get("/openapi.json")).json()))
    assert "rural_list_snapshot" in ids
    assert "poverty_list_reports" in ids


async def test_the_page_loads_nothing_from_another_host(documented_gateway):
    page = await documented_gateway.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page.text)
    assert (
        "default-src 'none'; script-src 'self'; style-src 'self';" in page.headers["content-security-policy"]
    )
    assert "unsafe" not in page.headers["content-security-policy"]
    for asset in re.findall(r"/docs/[a-z.-]+", page.text):
        response = await documented_gateway.get(asset)
        assert response.status_code == 200, asset
        assert len(response.content) > 500
    assert (await documented_gateway.get("/docs/../secrets")).status_code == 404
    assert (await documented_gateway.get("/docs/redoc.standalone.js")).status_code == 422


def test_examples_are_valid():
    ProvinceStatusOut.model_validate(EXAMPLE)
    for model in (TokenOut, ClientIn):
        schema = model.model_config["json_schema_extra"]
        assert isinstance(schema, dict)
        model.model_validate(schema["example"])


async def test_the_root_lists_paths_that_exist(documented_gateway):
    links = (await documented_gateway.get("/")).json()
    for path in links.values():
        if path != "/oauth/token":
            assert (await documented_gateway.get(path)).status_code == 200, path


async def test_health_does_not_depend_on_the_services(common_database):
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in ("rural", "funding")}
    async with open_gateway(create_app(make_settings(common_database, urls))) as client:
        for path in ("/livez", "/readyz"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/metrics")).status_code == 404


async def test_metrics_have_a_port_of_their_own_and_another_setting_makes_them_public(common_database, urls):
    port = free_port()
    settings = make_settings(common_database, urls, public_metrics=True, metrics_port=port)
    async with open_gateway(create_app(settings)) as client, httpx.AsyncClient() as scraper:
        assert "ntp_http_requests_total" in (await client.get("/metrics")).text
        assert "ntp_http_requests_total" in (await scraper.get(f"http://127.0.0.1:{port}/metrics")).text


async def test_closed_means_closed(common_database, urls, upstreams, issuer):
    settings = make_settings(common_database, urls, public_reads=False)
    paths = (
        "/openapi.json",
        "/docs",
        "/docs/reference.js",
        "/v1/units",
        "/v1/receipts/P-AAAA-BBBB-CCCC-DDDD",
    )
    async with open_gateway(issuer.trust(create_app(settings))) as client:
        for path in paths:
            assert (await client.get(path)).status_code == 401, path
        client.headers.update(issuer.authorization)
        for path in paths:
            assert (await client.get(path)).status_code == 200, path
    assert upstreams["poverty"].requests[-1][2]["authorization"] == client.headers["authorization"]


async def test_units_are_served_by_the_gateway(documented_gateway):
    unit = (await documented_gateway.get("/v1/units/610?on=2023-12-31")).json()
    assert (unit["code"], unit["name"]) == ("610", "Đăk Glei")
