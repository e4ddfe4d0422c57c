"""The rights: what each caller gets from each operation, as its guard decides. The committed table is `rights.csv`.

`python -m tests.architecture.rights --write` writes it anew: a later operation enters it so, and its diff shows a reviewer who may
do what. A cell is the status of the refusal, or empty where the guard lets the caller in. Which units a client may write for is
decided by the operation; `tests/architecture/test_rights.py` asks the operations that name a unit.
"""

import argparse
import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.kit.identity import Guard, Identity
from shared.kit.issuer_keys import TrustedKeys
from shared.kit.problems import Problem
from shared.kit.resources import get_resources
from tests.contracts.documents import APPLICATIONS, build_app, iterate_routes
from tests.issuer import FixedKeys, Issuer

TABLE = Path(__file__).with_name("rights.csv")
EVERY_PROGRAM = ("rural", "poverty", "ethnic", "oversight")
SCOPES_OF_AGENCY = ("report", "target", "register")
REVOKED = "grant-of-a-disabled-client"

Callers = Mapping[str, str]
"""The token of each caller by the name of its column; empty: no token."""


def make_callers(issuer: Issuer, service: str) -> Callers:
    """Return the callers of the table, for one service: a reviewer of another program serves all but its own."""
    others = [program for program in EVERY_PROGRAM if program != service]

    def make(name: str, *scopes: str, **options: Any) -> str:
        return issuer.token(name, scopes, **{"programs": EVERY_PROGRAM, "units": ("62",), **options})

    return {
        "nobody": "",
        "other district": make("district-611", "report", units=("611",)),
        "own district": make("district-610", "report", units=("610",)),
        "commune": make("commune-23341", "report", units=("23341",)),
        "agency": make("agency", *SCOPES_OF_AGENCY),
        "reviewer of another program": make("other-reviewer", "review", programs=others),
        "reviewer": make("reviewer", "review"),
        "finance": make("finance", "funding"),
        "overseer": make("overseer", "oversight"),
        "reader": make("reader", "read"),
        "administrator of a district": make("admin-610", "admin", units=("610",)),
        "administrator": make("admin", "admin"),
        "disabled": make("disabled", "admin", "read", grant_id=REVOKED),
        "expired": make("expired", "admin", "read", lives=timedelta(minutes=-5)),
        "forged": make("forged", "admin", "read")[:-8] + "AAAAAAAA",
        "wrong audience": make("elsewhere", "admin", "read", aud="elsewhere"),
        "removed key": Issuer().token("removed", ("admin", "read"), EVERY_PROGRAM, ("62",)),
    }


COLUMNS = (*make_callers(Issuer(), ""), "nobody, closed")
"""The callers, and nobody where the installation closes its public reads."""


def iterate_guards(dependant: Dependant) -> Iterator[Guard]:
    """Yield the guards of an operation; each has one."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Guard):
            yield dependency.call
        yield from iterate_guards(dependency)


def iterate_operations(app: FastAPI) -> Iterator[tuple[str, str, Guard]]:
    """Yield method, path and guard of every operation of an application."""
    for context in iterate_routes(app):
        if isinstance(context.original_route, APIRoute):
            assert context.path is not None
            guards = dict.fromkeys(iterate_guards(context.dependant))
            assert len(guards) == 1, context.path
            for method in sorted(context.original_route.methods or ()):
                yield method, context.path, next(iter(guards))


async def ask_guard(app: FastAPI, guard: Guard, token: str) -> str:
    """Return the status with which a guard refuses a token; empty where it lets its caller in."""
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    try:
        await guard(Request({"type": "http", "headers": headers, "app": app}))
    except Problem as refusal:
        return str(refusal.status)
    return ""


def build_trusting_app(name: str, issuer: Issuer) -> FastAPI:
    """Return an application that trusts an issuer, which has revoked the grant of the disabled client."""
    app = build_app(name)
    keys = FixedKeys(issuer.keys)
    keys.trusted = TrustedKeys(issuer.keys, frozenset({REVOKED}))
    identity = get_resources(app).get(Identity)
    identity.keys, identity.clock = keys, lambda: datetime.now(UTC)
    return app


async def make_rows() -> list[list[str]]:
    """Return the rows of the table: service, method, path, and a cell for each caller."""
    issuer, rows = Issuer(), []
    for name in APPLICATIONS:
        app = build_trusting_app(name, issuer)
        identity = get_resources(app).get(Identity)
        callers = make_callers(issuer, name)
        for method, path, guard in sorted(iterate_operations(app), key=lambda operation: operation[1::-1]):
            cells = [await ask_guard(app, guard, token) for token in callers.values()]
            identity.public_reads = False
            rows.append([name, method, path, *cells, await ask_guard(app, guard, "")])
            identity.public_reads = True
    return rows


def format_table(rows: list[list[str]]) -> str:
    """Return the text of the committed table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["service", "method", "path", *COLUMNS])
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write the table anew, or print it."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true")
    table = format_table(asyncio.run(make_rows()))
    if parser.parse_args().write:
        TABLE.write_text(table, encoding="utf-8")
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
