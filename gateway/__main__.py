"""`python -m gateway create-client --id admin --scope admin --unit 62`: what an operator does beside the door.

The first administrator cannot be made by one. The answer is one JSON object on standard output; asking again says the
same again, secret included, as long as the client is what was asked for.

    python -m gateway create-client --id ID --scope S… [--program P…] [--unit U…] [--description TEXT]
    python -m gateway rotate-keys
"""

# ruff: noqa: T201 (a command line prints)

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from gateway.clients.actions import create_client
from gateway.clients.rules import ClientExists, find_grant_faults
from gateway.clients.schemas import ClientIn
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, find_live_secrets
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing
from shared.kit.clock import system_clock
from shared.kit.database import Database

OPERATOR = "operator"
REFUSED, WRONG = 1, 2
"""Exit codes: the world says no; the command or the settings are wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        settings = GatewaySettings()
        if given.command == "rotate-keys":
            said = asyncio.run(_rotate(settings))
        else:
            wish = ClientIn(
                client_id=given.id,
                description=given.description,
                scopes=given.scope,
                programs=given.program,
                units=given.unit,
            )
            faults = list(find_grant_faults(wish.grant, settings.programs))
            for fault in faults:
                print(f"{fault.pointer}: {fault.sentence.en}", file=sys.stderr)
            if faults:
                return WRONG
            said = asyncio.run(_create(settings, wish))
    except ValidationError as error:
        prefix = "NTP_" if error.title == GatewaySettings.__name__ else ""
        for found in error.errors():
            name = ".".join(map(str, found["loc"]))
            print(f"{prefix}{name.upper() if prefix else name}: {found['msg']}", file=sys.stderr)
        return WRONG
    except (ClientExists, OSError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(json.dumps(said))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Beside the door.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rotate-keys", help="let the standby key sign from now on")
    create = commands.add_parser("create-client", help="register a client, or say again which it is")
    create.add_argument("--id", required=True)
    create.add_argument("--description", default="")
    create.add_argument("--scope", action="extend", nargs="+", required=True)
    create.add_argument("--program", action="extend", nargs="+", default=[])
    create.add_argument("--unit", action="extend", nargs="+", default=[])
    return parser


async def _create(settings: GatewaySettings, wish: ClientIn) -> dict[str, Any]:
    pepper = Pepper(settings.client_secret_pepper.get_secret_value())
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    now = system_clock()
    try:
        async with database.writing() as session:
            there = await find_client(session, wish.client_id, locked=True)
            if there is None:
                _, secret_id = await create_client(
                    session,
                    pepper,
                    client_id=wish.client_id,
                    description=wish.description,
                    grant=wish.grant,
                    actor=OPERATOR,
                    now=now,
                )
            else:
                secrets = await find_live_secrets(session, wish.client_id, now)
                same = (there.scopes, there.programs, there.units) == (wish.scopes, wish.programs, wish.units)
                if not same or there.disabled_at is not None or not secrets:
                    raise ClientExists(wish.client_id)
                secret_id = secrets[0].secret_id
    finally:
        await database.close()
    return {
        "client_id": wish.client_id,
        "client_secret": pepper.secret(wish.client_id, secret_id),
        "scopes": list(wish.scopes),
        "programs": wish.programs,
        "units": wish.units,
    }


async def _rotate(settings: GatewaySettings) -> dict[str, Any]:
    pepper = Pepper(settings.client_secret_pepper.get_secret_value())
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    ring = KeyRing(database, pepper, system_clock, key_days=settings.key_days)
    try:
        await ring.rotate(actor=OPERATOR)
        return {"signing_key": (await ring.current()).signing.kid}
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
