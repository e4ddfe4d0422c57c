"""`python -m gateway create-client --id admin --scope admin --unit 62`: commands of an operator.

The first administrator cannot be created over HTTP. The output is one JSON object on standard output. Running the
command again prints the same object, secret included, as long as the client still has the same grant.

    python -m gateway create-client --id ID --scope S… [--program P…] [--unit U…] [--description TEXT]
    python -m gateway rotate-keys [--revoke]
    python -m gateway recover --id ID [--unit U…]
    python -m gateway territory load FOLDER --legal-basis TEXT [--source TEXT] [--dry-run]
"""

# ruff: noqa: T201 (a command line prints)

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway.clients.actions import create_client
from gateway.clients.recovery import ADMINISTRATOR, RecoveryRefusedError, recover_access
from gateway.clients.rules import ClientDisabled, ClientExists, find_grant_faults, resolve_units
from gateway.clients.schemas import ClientIn
from gateway.clients.secrets import Pepper
from gateway.clients.store import OPERATOR, find_client, find_live_secrets
from gateway.settings import GatewaySettings
from gateway.tokens.keys import KeyRing, WrongPepperError
from shared.kit.clock import system_clock
from shared.kit.database import Database, UnitOfWork
from shared.kit.identity import ANONYMOUS
from shared.kit.problems import Invalid, raise_if_any
from shared.kit.settings import describe_faults
from shared.periods import local_day
from shared.territory.maps.actions import load_map
from shared.territory.store import load_tree
from shared.territory.tables import TABLES, read_raw_rows

TABLE_POINTER = re.compile("/(units|successions|areas)/([0-9]+)(?:/(.+))?")
REFUSED, WRONG = 1, 2
"""Exit codes: refused by what is stored; a wrong command line or setting."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = GatewaySettings()
        if options.command == "rotate-keys":
            result = asyncio.run(_rotate(settings, revoke=options.revoke))
        elif options.command == "recover":
            result = asyncio.run(_recover(settings, options.id, options.unit))
        elif options.command == "territory":
            result = asyncio.run(_load(settings, options))
        else:
            client_in = ClientIn(
                client_id=options.id,
                description=options.description,
                scopes=options.scope,
                programs=options.program,
                units=[_parse_unit(unit) for unit in options.unit],
            )
            result = asyncio.run(_create(settings, client_in))
    except Invalid as refusal:
        for fault in refusal.faults:
            print(f"{_locate(fault.pointer)}: {fault.sentence.en}", file=sys.stderr)
        return WRONG
    except ValidationError as error:
        prefix = "NTP_" if error.title == GatewaySettings.__name__ else ""
        for detail in error.errors():
            name = ".".join(map(str, detail["loc"]))
            print(f"{prefix}{name.upper() if prefix else name}: {detail['msg']}", file=sys.stderr)
        return WRONG
    except SettingsError as error:
        print(*describe_faults(error), sep="\n", file=sys.stderr)
        return WRONG
    except (ClientExists, ClientDisabled, RecoveryRefusedError, OSError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    print(json.dumps(result))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description="Manage clients and signing keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    rotate = commands.add_parser("rotate-keys", help="sign with the standby key from now on")
    rotate.add_argument(
        "--revoke", action="store_true", help="end the tokens of every key that has signed: it was disclosed"
    )
    recover = commands.add_parser(
        "recover",
        help="after a lost pepper: new signing keys, every client needs a new secret, this one gets it",
    )
    recover.add_argument("--id", required=True, help="an administrator, who is created where there is none")
    recover.add_argument("--unit", action="extend", nargs="+", default=[], help="CODE, or CODE@DAY")
    load = commands.add_parser("territory", help="load tables of units and successions into the map")
    load.add_argument("action", choices=["load"])
    load.add_argument(
        "folder", type=Path, help="of units.csv, successions.csv, areas.csv, plain or packed (.csv.gz)"
    )
    load.add_argument("--legal-basis", required=True, help="the act that changed the units")
    load.add_argument("--source", default="", help="where the tables come from")
    load.add_argument("--dry-run", action="store_true", help="show what would change, and keep nothing")
    create = commands.add_parser("create-client", help="register a client, or print it again")
    create.add_argument("--id", required=True)
    create.add_argument("--description", default="")
    create.add_argument("--scope", action="extend", nargs="+", required=True)
    create.add_argument("--program", action="extend", nargs="+", default=[])
    create.add_argument("--unit", action="extend", nargs="+", default=[], help="CODE, or CODE@DAY")
    return parser


def _locate(pointer: str) -> str:
    """Return where a fault is: the line of a table of the folder (the header is line 1), or the pointer."""
    match = TABLE_POINTER.fullmatch(pointer)
    if match is None:
        return pointer
    table, index, column = match.groups()
    return f"{table}.csv row {int(index) + 2}{f', {column}' if column else ''}"


def _parse_unit(text: str) -> str | dict[str, str]:
    code, separator, day = text.partition("@")
    return {"code": code, "on": day} if separator else text


async def _create(settings: GatewaySettings, client_in: ClientIn) -> dict[str, Any]:
    pepper = Pepper(*settings.peppers)
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    now = system_clock()
    try:
        async with database.writing() as session:
            territory = await load_tree(session, villages=True, geography=False)
            units, faults = resolve_units(territory, client_in.units, local_day(now))
            grant = client_in.to_grant(units)
            raise_if_any([*faults, *find_grant_faults(grant, settings.grantable)])
            existing = await find_client(session, client_in.client_id, for_update=True)
            if existing is None:
                _, secret_id = await create_client(
                    session,
                    pepper,
                    client_id=client_in.client_id,
                    description=client_in.description,
                    grant=grant,
                    actor=OPERATOR,
                    now=now,
                )
            else:
                secrets = await find_live_secrets(session, client_in.client_id, now)
                same = (existing.scopes, existing.programs, existing.units) == (
                    client_in.scopes,
                    client_in.programs,
                    [unit.code for unit in client_in.units],
                )
                if not same or existing.disabled_at is not None or not secrets:
                    raise ClientExists(client_in.client_id)
                secret_id = secrets[0].secret_id
    finally:
        await database.close()
    return {
        "client_id": client_in.client_id,
        "client_secret": pepper.derive_secret(client_in.client_id, secret_id),
        "scopes": list(client_in.scopes),
        "programs": client_in.programs,
        "units": [unit.code for unit in client_in.units],
    }


async def _recover(settings: GatewaySettings, client_id: str, units_in: Sequence[str]) -> dict[str, Any]:
    pepper = Pepper(*settings.peppers)
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    now = system_clock()
    client_in = ClientIn(
        client_id=client_id, scopes=[ADMINISTRATOR], units=[_parse_unit(unit) for unit in units_in]
    )
    try:
        await _refuse_right_pepper(database, pepper, settings)
        async with database.writing() as session:
            territory = await load_tree(session, villages=True, geography=False)
            units, faults = resolve_units(territory, client_in.units, local_day(now))
            grant = client_in.to_grant(units)
            raise_if_any([*faults, *find_grant_faults(grant, settings.grantable)])
            recovered = await recover_access(
                session, pepper, client_id=client_id, grant=grant, actor=OPERATOR, now=now
            )
    finally:
        await database.close()
    return asdict(recovered)


async def _refuse_right_pepper(database: Database, pepper: Pepper, settings: GatewaySettings) -> None:
    """Raise `RecoveryRefusedError` where the pepper opens the signing keys: nothing is lost then."""
    try:
        await KeyRing(database, pepper, system_clock, key_days=settings.key_days).current()
    except WrongPepperError:
        return
    raise RecoveryRefusedError("the pepper is that of this installation; nothing is lost")


async def _load(settings: GatewaySettings, options: argparse.Namespace) -> dict[str, Any]:
    units, successions, areas = (read_raw_rows(options.folder, name) for name in TABLES)
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    try:
        async with UnitOfWork.writing(database, system_clock, ANONYMOUS) as unit_of_work:
            unit_of_work.dry_run = options.dry_run
            loaded = await load_map(
                unit_of_work.session,
                units=units,
                successions=successions,
                areas=areas,
                legal_basis=options.legal_basis,
                source=options.source,
                loaded_by=OPERATOR,
            )
    finally:
        await database.close()
    return loaded.model_dump(mode="json")


async def _rotate(settings: GatewaySettings, *, revoke: bool) -> dict[str, Any]:
    pepper = Pepper(*settings.peppers)
    database = Database(settings.database_url.get_secret_value(), pool_size=1, application="gateway-operator")
    ring = KeyRing(database, pepper, system_clock, key_days=settings.key_days)
    try:
        keys = await ring.rotate(actor=OPERATOR, revoke=revoke)
        return {"signing_key": keys.signing.kid}
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
