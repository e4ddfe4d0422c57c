"""The clients of the demo: made by the administrator through the API, kept in a file that only its owner may read.

The first administrator comes from the gateway's own command, on the machine where the gateway runs.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import httpx

from client.door import Caller, Refused
from client.posting import PROVINCE, districts

ROOT = Path(__file__).parents[3]
KEPT_AT = Path(os.environ.get("NTP_VAR", ROOT / "var")).absolute() / "demo-clients.json"
PROGRAMS = ("rural", "poverty", "ethnic")
ADMIN = "admin"


@dataclass(frozen=True)
class Client:
    """What a client may do, and its secret once it has one."""

    client_id: str
    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    units: tuple[str, ...]
    client_secret: str = ""


def wanted() -> list[Client]:
    """One for each district, an agency and a reviewer for each program, and the finance office."""
    return [
        *(Client(f"district-{code}", ("report",), PROGRAMS, (code,)) for code in districts()),
        *(
            Client(f"agency-{name}", ("register", "target", "read"), (name,), (PROVINCE,))
            for name in PROGRAMS
        ),
        *(Client(f"reviewer-{name}", ("review", "read"), (name,), (PROVINCE,)) for name in PROGRAMS),
        Client("finance", ("funding", "read"), PROGRAMS, (PROVINCE,)),
    ]


async def callers(http: httpx.AsyncClient) -> dict[str, Caller]:
    """Every client of the demo, ready to call; those that don't exist yet are made."""
    known = await _still_known(http, _kept())
    if ADMIN not in known:
        known[ADMIN] = await _first_administrator()
        _keep(known)
    administrator = Caller(http, ADMIN, known[ADMIN].client_secret)
    for client in wanted():
        if client.client_id not in known:
            known[client.client_id] = await _make(administrator, client)
            _keep(known)
    return {name: Caller(http, name, client.client_secret) for name, client in known.items()}


async def _still_known(http: httpx.AsyncClient, known: dict[str, Client]) -> dict[str, Client]:
    """What was kept, or nothing when this gateway knows no such administrator: the file is another installation's."""
    if ADMIN in known:
        try:
            await Caller(http, ADMIN, known[ADMIN].client_secret).get("/v1/clients?limit=1")
        except Refused as refusal:
            if refusal.status != httpx.codes.UNAUTHORIZED:
                raise
            return {}
    return known


async def _make(administrator: Caller, client: Client) -> Client:
    """Register a client. If it is there already and its secret was lost with this file, it gets another."""
    asked = asdict(client) | {"description": "examples/kontum-2023"}
    del asked["client_secret"]
    try:
        made = (await administrator.post("/v1/clients", asked)).body
    except Refused as refusal:
        if refusal.code != "client_exists":
            raise
        made = (await administrator.post(f"/v1/clients/{client.client_id}/rotate", {})).body
    return replace(client, client_secret=made["client_secret"])


async def _first_administrator() -> Client:
    """Ask the gateway's command line for the first client: nobody could ask the API yet. It says the same every time."""
    secret = os.environ.get("NTP_ADMIN_SECRET")
    if secret is None:
        command = (sys.executable, "-m", "gateway", "create-client", "--id", ADMIN, "--scope", ADMIN)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=_make_gateway_environment(), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise SystemExit(
                "run `python -m gateway create-client --id admin --scope admin` beside the gateway, "
                "and give the secret that it says in NTP_ADMIN_SECRET"
            )
        secret = json.loads(said)["client_secret"]
    return Client(ADMIN, (ADMIN,), (), (), secret)


def find_local_gateway() -> str:
    """Return the URL of the gateway that runs on this machine, or that would run."""
    sys.path.insert(0, str(ROOT))
    from shared.local.stack import load_running_settings  # noqa: PLC0415 (only where the product is)

    return f"http://127.0.0.1:{load_running_settings().find_port('gateway')}"


def _make_gateway_environment() -> Mapping[str, str]:
    """Return the gateway's settings: those of this environment, else those of the stack on this machine."""
    if "NTP_CLIENT_SECRET_PEPPER" in os.environ:
        return os.environ
    sys.path.insert(0, str(ROOT))
    from shared.local.stack import Stack, load_running_settings  # noqa: PLC0415 (only where the product is)

    return Stack(load_running_settings()).make_environment("gateway")


def _kept() -> dict[str, Client]:
    try:
        entries = json.loads(KEPT_AT.read_text())
    except FileNotFoundError:
        return {}
    return {entry["client_id"]: Client(**entry) for entry in entries}


def _keep(known: dict[str, Client]) -> None:
    """Write the file anew: whole or not at all, and for its owner only from the first byte."""
    KEPT_AT.parent.mkdir(exist_ok=True)
    fresh = KEPT_AT.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump([asdict(client) for client in known.values()], file, indent=1)
    fresh.replace(KEPT_AT)
