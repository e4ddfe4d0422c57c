"""Every operation answers in the media type that the client accepts, or refuses; and refuses bodies of another media type."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from shared.kit.representations import CSV
from tests.architecture.test_query_params import VALID, find_operations
from tests.contracts.documents import PROGRAMS, load_document

pytestmark = pytest.mark.anyio


def find_lists(name: Any) -> Iterator[Any]:
    """Yield the path and the required parameters of each list or figure."""
    document = load_document(name)["paths"]
    for path, operations in document.items():
        content = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if CSV in content:
            parameters = operations["get"]["parameters"]
            yield path, {parameter["name"] for parameter in parameters if parameter["required"]}
        elif schema and "{" not in path:
            assert not is_list(load_document(name), schema), f"{path} is a list without CSV"


def is_list(document: Any, schema: Any) -> Any:
    properties = (
        document["components"]["schemas"]
        .get(schema.get("$ref", "").rpartition("/")[2], {})
        .get("properties", {})
    )
    return any(member in properties for member in ("items", "figures", "rows"))


async def test_every_list_and_figure_is_given_as_csv(writer: Any) -> None:
    async with writer.upstreams(*PROGRAMS):
        assert await compare_with_csv(writer)


async def compare_with_csv(writer: Any) -> int:
    """Compare each list and figure with its CSV, and return their number."""
    requests = 0
    for path, names in find_lists(writer.name):
        if "{" in path:
            continue
        query = {name: VALID[name] for name in names}
        if path == "/v1/poverty/rates":  # it needs period or from
            query["period"] = VALID["period"]
        if "indicator" in names and writer.name == "funding":
            query["indicator"] = "allocated_vnd"
        elif "indicator" in names:
            indicators = (await writer.get(f"/v1/{writer.name}/indicators")).json()["items"]
            query["indicator"] = next(row["code"] for row in indicators if row.get("dimension") is None)
        as_csv = await writer.get(path, params=query, headers={"Accept": "text/csv"})
        as_json = await writer.get(path, params=query, headers={"Accept": "application/json"})
        assert (as_csv.status_code, as_json.status_code) == (200, 200), (path, as_csv.text, as_json.text)
        assert as_csv.headers["content-type"].startswith("text/csv"), path
        header, *rows = csv.reader(io.StringIO(as_csv.content.decode("utf-8"), newline=""))
        assert len(set(header)) == len(header), path
        assert all(len(row) == len(header) for row in rows), path
        document = as_json.json()
        if "items" in document:
            assert len(rows) == len(document["items"]), path
        picked = await writer.get(path, params=query | {"fields": header[-1]}, headers={"Accept": "text/csv"})
        assert picked.status_code == 200, (path, picked.text)
        refused = await writer.get(path, params=query | {"fields": "colour"})
        assert refused.status_code in {200, 422}, path
        requests += 1
    return requests


async def test_what_no_operation_serves_is_406(writer: Any) -> None:
    unexpected = []
    for method, path, _ in find_operations(writer.name):
        headers = {"Accept": "image/webp", "Idempotency-Key": "k", "Content-Type": "application/json"}
        response = await writer.request(
            method, path, headers=headers, content=b"{}" if method != "GET" else b""
        )
        if (response.status_code, response.json().get("code")) != (406, "not_acceptable"):
            unexpected.append((method, path, response.status_code))
    of_oauth = [entry for entry in unexpected if entry[1].startswith("/oauth/")]
    assert all(status in {400, 406} for _, _, status in of_oauth)  # RFC 6749 has its own refusals
    of_evidence = [entry for entry in unexpected if entry[0] == "PUT" and "/evidence/" in entry[1]]
    assert [entry for entry in unexpected if entry not in [*of_oauth, *of_evidence]] == []


async def test_a_json_body_of_another_media_type_is_415(writer: Any) -> None:
    requests = 0
    for path, operations in load_document(writer.name)["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            address = path.replace("{period}", "2023").replace("{", "").replace("}", "")
            headers = {"Idempotency-Key": "k", "Content-Type": "text/plain"}
            response = await writer.request(method.upper(), address, headers=headers, content=b"{}")
            assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type"), (
                method,
                path,
            )
            requests += 1
    assert requests
