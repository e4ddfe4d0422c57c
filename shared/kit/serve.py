"""One process of the product: `python -m shared.kit.serve services.rural.app:create_app --port 8001`.

The launcher starts each process so, and a container does the same with `--host 0.0.0.0`.
"""

import argparse
import gc
import importlib
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

GRACE_SECONDS = 2
"""How long running requests may take after a stop was asked for; the launcher promises five seconds for everything."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so that it never writes into one that is being closed."""

BACKLOG = 1024

ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000
"""A report of 10,000 values makes as many objects and drops them by itself; looking for cycles among them every 700, and
now and then among all units of the country, is a tenth of a report's time and finds nothing."""


def main() -> None:
    """Serve one application factory until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m shared.kit.serve", description=main.__doc__)
    parser.add_argument("app", help="module:factory, e.g. services.rural.app:create_app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--wait", action="store_true", help="load, then wait for a line on standard input")
    given = parser.parse_args()
    gc.disable()  # what is loaded stays; looking for garbage in it is a sixth of a start
    module, _, factory = given.app.partition(":")
    create_app = getattr(importlib.import_module(module), factory)
    if given.wait and not sys.stdin.readline():
        return  # the launcher, which meanwhile readied the database, went away
    uvicorn.run(
        settled(create_app),
        factory=True,
        host=given.host,
        port=given.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def settled(create_app: Callable[[], Any]) -> Callable[[], Any]:
    """The factory, after which garbage is collected again, among what is made from then on."""

    def create() -> Any:
        app = create_app()
        gc.freeze()
        gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
        gc.enable()
        return app

    return create


if __name__ == "__main__":
    main()
