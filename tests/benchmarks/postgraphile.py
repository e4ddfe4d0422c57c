"""PostGraphile on the database of a service, for the comparison of reads; where the machine has no PostGraphile there is none."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.postgres import free_port

PROGRAM = "postgraphile"
"""`npm install --global postgraphile@4` installs it."""

LIMIT = 50

OBSERVATIONS = json.dumps({
    "query": '{ allObservations2023S(first: 50, condition: {period: "2023"}) '
    "{ nodes { unit indicator period value status nil reportId } } }"
}).encode()  # fmt: skip
"""Fifty observations of the partition of 2023: PostGraphile shows the partitions of a table, and not the table."""


@asynccontextmanager
async def serve_postgraphile(database_url: str, schema: str) -> AsyncIterator[str | None]:
    """Serve the tables of a schema by PostGraphile, and yield its address; None where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        yield None
        return
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(
            program,
            "--connection",
            database_url,
            "--schema",
            schema,
            "--port",
            str(port),
            "--host",
            "127.0.0.1",
        ),
        *("--disable-query-log", "--disable-graphiql", "--retry-on-init-fail"),
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/graphql"
    try:
        async with httpx.AsyncClient() as http:
            while process.returncode is None:
                if await _answers(http, url):
                    break
                await asyncio.sleep(0.2)
        yield url if process.returncode is None else None
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    """Whether the server is up; raise `RuntimeError` where it answers something else than fifty observations."""
    try:
        answer = await http.post(url, content=OBSERVATIONS, headers={"Content-Type": "application/json"})
    except httpx.TransportError:
        return False
    nodes = (answer.json().get("data") or {}).get("allObservations2023S", {}).get("nodes", [])
    if len(nodes) != LIMIT:
        raise RuntimeError(answer.text[:2000])
    return True
