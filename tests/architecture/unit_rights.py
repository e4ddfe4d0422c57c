"""The rights over units: what each write answers to a client of the units that its example names, and to one of other units.

`python -m tests.architecture.unit_rights --write` writes the committed table `unit_rights.csv` anew. Both clients have every scope and
program, so what differs is the unit alone. First the client of the units sends the example of every operation that creates
something; then both send the example of every write as a dry run. A cell is the status of a refusal for a right (403), or of what
is there only for others (404), else empty.
"""

import argparse
import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from shared.roles import SCOPES
from tests.contracts.documents import build_app, load_document
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.postgres import Server, TestDatabase

TABLE = Path(__file__).with_name("unit_rights.csv")
SERVICES = ("rural", "poverty", "ethnic", "funding", "oversight")
OWN_UNITS = ("62", "51")
OTHER_UNITS = ("01",)
"""Hà Nội, which no example names."""
REFUSED = (403, 404)
IN_ROWS = "403 for rows"
NOT_CREATED = {"/v1/funding/batches", "/v1/funding/closings"}
"""The example of a batch has the voucher of a disbursement; after a closing nothing else could be created."""
COLUMNS = ("service", "method", "path", "own units", "other units")
PARAMETERS = {"unit": "610", "period": "2023", "step": "checked", "code": "CT.610.2023.01"}
PROVINCE_PATHS = {"/v1/rural/thresholds/{unit}": "62"}
REVIEWS = ("/accept", "/return", "/{step}")
"""Who sent a report does not review it."""
NOT_THERE = "01890a5d-ac96-774b-bcce-b302099a8057"


def iterate_writes(service: str) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield method, path, media type and example of each write."""
    for path, operations in load_document(service)["paths"].items():
        for method in ("post", "put"):
            if method in operations:
                content = operations[method].get("requestBody", {}).get("content", {"application/json": {}})
                media_type, body = next(iter(content.items()))
                yield method.upper(), path, media_type, read_example(body)


def read_example(body: Mapping[str, Any]) -> bytes:
    examples = body.get("examples", {})
    example = body.get("example", next(iter(examples.values()))["value"] if examples else {})
    return example.encode() if isinstance(example, str) else json.dumps(example).encode()


class Caller:
    """A client of one application."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.token, self.sent = http, token, 0

    async def send(
        self, method: str, path: str, media_type: str, body: bytes, **query: str
    ) -> httpx.Response:
        self.sent += 1
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": f"k{self.sent}",
            "Content-Type": media_type,
        }
        return await self.http.request(method, path, params=query, headers=headers, content=body)


def to_cell(answer: httpx.Response) -> str:
    """Return the cell of an answer; one for several rows or lines names what it refused of them."""
    if answer.status_code in REFUSED:
        return str(answer.status_code)
    return IN_ROWS if "unit_not_granted" in answer.text else ""


def fill_path(path: str, ids: Mapping[str, str]) -> str:
    """Return a path with its parameters: the ids of what was created there, and the units and periods of the examples."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name == "unit" and path in PROVINCE_PATHS:
            return PROVINCE_PATHS[path]
        return PARAMETERS.get(name) or ids.get(
            path[: match.start() - 1], NOT_THERE if "id" in name else "0" * 64
        )

    return re.sub(r"{([^}]*)}", fill, path)


def fill_body(body: bytes, ids: Mapping[str, str]) -> bytes:
    """Return an example that names what was created in place of the ids of examples."""
    for example, path in (
        (NOT_THERE, "/v1/funding/disbursements"),
        ("0190b5c0-0000-7000-8000-000000000000", "/v1/oversight/documents"),
    ):
        body = body.replace(example.encode(), ids.get(path, example).encode())
    return body


async def read_rows(service: str, database: TestDatabase) -> list[list[str]]:
    """Return the rows of a service."""
    issuer = Issuer()
    app = issuer.trust(build_app(service, NTP_DATABASE_URL=database.url(service)))
    rows, ids = [], dict[str, str]()
    async with open_client(app, raises=False) as http:
        own = Caller(http, issuer.token("own", SCOPES, units=OWN_UNITS))
        reviewer = Caller(http, issuer.token("reviewer", SCOPES, units=OWN_UNITS))
        other = Caller(http, issuer.token("other", SCOPES, units=OTHER_UNITS))
        writes = [*iterate_writes(service)]
        for method, path, media_type, body in [*writes, *writes]:  # money is there at the second time
            if method == "POST" and "{" not in path and path not in {*ids, *NOT_CREATED}:
                created = await own.send(method, path, media_type, body)
                if created.is_success and "id" in created.text:
                    ids[path] = str(created.json().get("id", ""))
        for method, path, media_type, body in writes:
            of_units = reviewer if path.endswith(REVIEWS) else own
            target, content = fill_path(path, ids), fill_body(body, ids)
            answers = [
                await caller.send(method, target, media_type, content, dry_run="true")
                for caller in (of_units, other)
            ]
            cells = [to_cell(answer) for answer in answers]
            rows.append([service, method, path, *cells])
    return sorted(rows)


def format_table(rows: list[list[str]]) -> str:
    """Return the text of the committed table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *rows])
    return text.getvalue()


async def read_all_rows(server: Server) -> list[list[str]]:
    database = server.clone()
    return [row for service in SERVICES for row in await read_rows(service, database)]


def main() -> None:
    """Write the table anew, or print it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true")
    server = Server()
    try:
        table = format_table(asyncio.run(read_all_rows(server)))
    finally:
        server.stop()
    if parser.parse_args().write:
        TABLE.write_text(table, encoding="utf-8")
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
