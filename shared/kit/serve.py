"""One process of the product: `python -m shared.kit.serve services.rural.app:create_app --port 8001`.

The launcher starts each process so, and a container does the same with `--host 0.0.0.0`.
"""

import argparse
import importlib
import sys

import uvicorn

GRACE_SECONDS = 2
"""How long running requests may take after a stop was asked for; the launcher promises five seconds for everything."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so that it never writes into one that is being closed."""

BACKLOG = 1024


def main() -> None:
    """Serve one application factory until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m shared.kit.serve", description=main.__doc__)
    parser.add_argument("app", help="module:factory, e.g. services.rural.app:create_app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--wait", action="store_true", help="load, then wait for a line on standard input")
    given = parser.parse_args()
    if given.wait and not told_to_go(given.app):
        return
    uvicorn.run(
        given.app,
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


def told_to_go(app: str) -> bool:
    """Load the application's modules, the slow part of a start; then wait for the launcher's word.

    Meanwhile the launcher readies the database. False when it went away instead.
    """
    importlib.import_module(app.partition(":")[0])
    return bool(sys.stdin.readline())


if __name__ == "__main__":
    main()
