"""The office of the steering committee, a district, and readers, in process."""

from typing import Any

import httpx

from tests.program_clients import Clients

DISTRICT = {"units": ("610",), "client_id": "district-610"}


async def write(clients: Clients, path: str, body: object, **caller: Any) -> httpx.Response:
    """Post with the scope `oversight`; `caller` are arguments of `make_headers`."""
    headers = clients.make_headers("oversight", **caller)
    return await clients.http.post(f"/v1/oversight/{path}", json=body, headers=headers)


async def record(clients: Clients, path: str, body: object, **caller: Any) -> Any:
    """Post a body, and return what was created."""
    response = await write(clients, path, body, **caller)
    assert response.status_code == 201, response.text
    assert response.headers["location"].startswith("/v1/oversight/")
    return response.json()


async def refuse(clients: Clients, path: str, body: object, status: int, code: str, **caller: Any) -> Any:
    """Post a body that is refused, and return the problem."""
    response = await write(clients, path, body, **caller)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return response.json()


async def list_faults(clients: Clients, path: str, body: object, **caller: Any) -> dict[str, str]:
    """Post a body with faults, and return their codes by pointer."""
    problem = await refuse(clients, path, body, 422, "invalid", **caller)
    return {fault["pointer"]: fault["code"] for fault in problem["errors"]}


async def read(clients: Clients, path: str, **query: Any) -> Any:
    """Read with the scope `read`."""
    response = await clients.http.get(
        f"/v1/oversight/{path}", params=query, headers=clients.make_headers("read")
    )
    assert response.status_code == 200, response.text
    return response.json()
