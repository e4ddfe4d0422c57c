"""The clients of the demo: registered by the administrator through the API, kept in a file that only its owner may read.

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
from ntp_client import AsyncNtpClient, RefusedError
from ntp_client.requests import make_content_key

from client.posting import DEPARTMENT, PROVINCE, read_districts

ROOT = Path(__file__).parents[3]
ACCOUNTS_FILE = Path(os.environ.get("NTP_VAR", ROOT / "var")).absolute() / "demo-clients.json"
PROGRAMS = ("rural", "poverty", "ethnic")
ADMIN = "admin"


@dataclass(frozen=True)
class Account:
    """A client's rights, and its secret once it is registered."""

    client_id: str
    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    units: tuple[str, ...]
    client_secret: str = ""


def list_accounts() -> list[Account]:
    """Return an account for each district, for an agency and a reviewer of each program, and for the finance office."""
    return [
        *(Account(f"district-{code}", ("report",), PROGRAMS, (code,)) for code in read_districts()),
        Account(DEPARTMENT, ("report",), ("poverty",), (PROVINCE,)),
        *(
            Account(f"agency-{program}", ("register", "target", "read"), (program,), (PROVINCE,))
            for program in PROGRAMS
        ),
        *(
            Account(f"reviewer-{program}", ("review", "read"), (program,), (PROVINCE,))
            for program in PROGRAMS
        ),
        Account("finance", ("funding", "read"), PROGRAMS, (PROVINCE,)),
        Account("office-oversight", ("oversight", "read"), ("oversight",), (PROVINCE,)),
    ]


def open_client(http: httpx.AsyncClient, account: Account) -> AsyncNtpClient:
    """Return the client of an account; what it posts again, in this run or in a later one, is done once."""
    return AsyncNtpClient(http, account.client_id, account.client_secret, keys=make_content_key)


async def open_clients(http: httpx.AsyncClient) -> dict[str, AsyncNtpClient]:
    """Return an API client for each account; accounts that are not registered yet are registered."""
    accounts = await discard_foreign_accounts(http, load_accounts())
    if ADMIN not in accounts:
        accounts[ADMIN] = await _create_administrator()
        save_accounts(accounts)
    administrator = open_client(http, accounts[ADMIN])
    for account in list_accounts():
        if account.client_id not in accounts:
            accounts[account.client_id] = await register(administrator, account)
            save_accounts(accounts)
    return {client_id: open_client(http, account) for client_id, account in accounts.items()}


async def discard_foreign_accounts(
    http: httpx.AsyncClient, accounts: dict[str, Account]
) -> dict[str, Account]:
    """Return the accounts, or none where the gateway refuses their administrator: they are of another installation."""
    if ADMIN in accounts:
        try:
            await open_client(http, accounts[ADMIN]).get("/v1/clients?limit=1")
        except RefusedError as refusal:
            if refusal.status != httpx.codes.UNAUTHORIZED:
                raise
            return {}
    return accounts


async def register(administrator: AsyncNtpClient, account: Account) -> Account:
    """Register a client and return its account with the secret; one that exists already gets a new secret."""
    body = asdict(account) | {"description": "examples/kontum-2023"}
    del body["client_secret"]
    try:
        registered = (await administrator.post("/v1/clients", body)).body
    except RefusedError as refusal:
        if refusal.code != "client_exists":
            raise
        registered = (await administrator.post(f"/v1/clients/{account.client_id}/rotate", {})).body
    return replace(account, client_secret=registered["client_secret"])


async def _create_administrator() -> Account:
    """Return the first administrator, from NTP_ADMIN_SECRET or the gateway's command line.

    The command answers the same secret every time.
    """
    secret = os.environ.get("NTP_ADMIN_SECRET")
    if secret is None:
        command = (sys.executable, "-m", "gateway", "create-client", "--id", ADMIN, "--scope", ADMIN)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=_make_gateway_environment(), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise SystemExit(
                "run `python -m gateway create-client --id admin --scope admin` on the machine of the gateway, "
                "and set NTP_ADMIN_SECRET to the secret that it prints"
            )
        secret = json.loads(output)["client_secret"]
    return Account(ADMIN, (ADMIN,), (), (), secret)


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


def load_accounts() -> dict[str, Account]:
    """Return the accounts of the file by client id; none where there is no file."""
    try:
        entries = json.loads(ACCOUNTS_FILE.read_text())
    except FileNotFoundError:
        return {}
    return {entry["client_id"]: Account(**entry) for entry in entries}


def save_accounts(accounts: dict[str, Account]) -> None:
    """Replace the file, whole or not at all; it is readable by its owner only from the first byte."""
    ACCOUNTS_FILE.parent.mkdir(exist_ok=True)
    new_file = ACCOUNTS_FILE.with_suffix(".new")
    new_file.unlink(missing_ok=True)
    with os.fdopen(os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump([asdict(account) for account in accounts.values()], file, indent=1)
    new_file.replace(ACCOUNTS_FILE)
