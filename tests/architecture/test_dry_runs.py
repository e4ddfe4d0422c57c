"""A dry run of any write keeps nothing: the documented example of each is posted, and every row of the schema is counted."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from shared.kit.transactions import NIL_ID
from tests.application import get_database
from tests.contracts.documents import load_document

pytestmark = pytest.mark.anyio

SAMPLES = {
    "{period}": "2023",
    "{unit}": "610",
    "{code}": "610",
    "{sha256}": "0" * 64,
    "{client_id}": "nobody",
}
"""What stands for a parameter of a path; any other is an id that nothing has."""
NO_JSON = {"/oauth/token", "/oauth/revoke"}
LIST_TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
          AND has_table_privilege(oid, 'SELECT')
"""


async def count_rows(app: Any) -> Any:
    """Return the number of rows of each table of the schema."""
    async with get_database(app).reading() as session:
        tables = (await session.execute(text(LIST_TABLES))).scalars().all()
        counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)
        rows = (await session.execute(text(counts))).all()
    return {row[0]: row[1] for row in rows}


def list_examples(content: Any) -> Any:
    """Return the documented examples of a body."""
    examples = [entry["value"] for entry in content.get("examples", {}).values()]
    return [*examples, *([content["example"]] if "example" in content else [])]


def find_writes(name: Any) -> Iterator[Any]:
    """Yield method, path, media type and example of each documented write, with values in its path."""
    for template, operations in load_document(name)["paths"].items():
        steps = [
            SAMPLES.get(step, str(uuid.uuid4())) if "{" in step else step for step in template.split("/")
        ]
        for method, operation in operations.items():
            if method == "get" or template in NO_JSON:
                continue
            contents = operation.get("requestBody", {}).get("content", {"": {"example": None}})
            for media_type, content in contents.items():
                for example in list_examples(content):
                    yield method, "/".join(steps), media_type, example


async def test_a_dry_run_of_every_documented_write_keeps_nothing(writer: Any) -> None:
    before = await count_rows(writer.app)
    async with writer.upstreams("poverty", "gateway"):
        answers = await send_dry_runs(writer)
    assert await count_rows(writer.app) == before
    accepted = [name for name, answer in answers.items() if answer.status_code == 200]
    assert accepted, {name: answer.json().get("code") for name, answer in answers.items()}


async def send_dry_runs(writer: Any) -> dict[str, Any]:
    """Send the documented example of each write as a dry run, and return the answers."""
    answers = {}
    for number, (method, path, media_type, example) in enumerate(find_writes(writer.name)):
        headers = {"Idempotency-Key": f"dry-{number}", "If-Match": "*"}
        is_json = media_type.endswith("json") and not isinstance(example, str)
        body = {"json": example} if is_json else {"content": example or b""}
        if not is_json and media_type:
            headers["Content-Type"] = media_type
        answer = await writer.request(
            method.upper(), path, params={"dry_run": "true"}, headers=headers, **body
        )
        answers[f"{method} {path} {number}"] = answer
        assert answer.status_code != 500, (path, answer.text)
        assert answer.json().get("code") != "unknown_parameter", (path, answer.text)
        if answer.status_code == 200 and isinstance(answer.json(), dict) and media_type:
            assert answer.json().get("id") in {None, NIL_ID}, (path, answer.text)
            assert "location" not in answer.headers, path
    return answers
