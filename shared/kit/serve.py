"""One process of the product: `python -m shared.kit.serve services.rural.app:create_app --port 8001`.

The launcher starts each process so, and a container does the same with `--host 0.0.0.0`. The exit code is 78 (EX_CONFIG)
where the schema does not fit this version, the pepper is another, or a setting or a file of facts is faulty: the launcher
then does not start the process again.
"""

import signal

if (
    __name__ == "__main__"
):  # until the server is there, also while the modules below are loaded, a stop writes no traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import gc
import importlib
import logging
import os
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.kit.http_protocol import HttpProtocol
from shared.kit.resources import Resources, find_resources
from shared.kit.schema_revisions import NotStartedError
from shared.kit.settings import describe_faults
from shared.kit.stopping import DrainingServer, StopNotice

DRAIN_SECONDS = 1.0
"""Seconds after SIGTERM for which connections are served on, so that whoever keeps them open learns that they end (ADR 0034)."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so that it never writes into one that is being closed."""

BACKLOG = 1024

ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000
"""A body of 10,000 rows makes as many objects and drops them by itself. To look for cycles among them every 700, and now and
then among all objects of the process, takes a tenth of the request's time and finds nothing."""


def main() -> None:
    """Serve one application factory until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m shared.kit.serve", description=main.__doc__)
    parser.add_argument("app", help="module:factory, e.g. services.rural.app:create_app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--drain-seconds", type=float, default=DRAIN_SECONDS)
    parser.add_argument("--wait", action="store_true", help="load, then wait for a line on standard input")
    arguments = parser.parse_args()
    gc.disable()  # what is loaded stays; looking for garbage in it is a sixth of a start
    module, _, factory = arguments.app.partition(":")
    create_app = getattr(importlib.import_module(module), factory)
    if arguments.wait and not sys.stdin.readline():
        return  # the launcher, which prepared the database meanwhile, went away
    app = _create_app(create_app)
    _collect_from_now_on()
    resources = find_resources(app)
    logging.getLogger("uvicorn.error").addFilter(lambda _: not _was_refused(resources))
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        loop="uvloop",
        http=HttpProtocol,
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    stopping = resources.get(StopNotice) if resources else StopNotice()
    server = DrainingServer(config, stopping, drain_s=arguments.drain_seconds)
    try:
        server.run()
    except SystemExit:
        if _was_refused(resources):
            sys.exit(os.EX_CONFIG)
        raise


def _was_refused(resources: Resources | None) -> bool:
    """Whether the application found, while it started, a reason not to."""
    return resources is not None and resources.has(NotStartedError)


def _create_app(create_app: Callable[[], FastAPI]) -> FastAPI:
    """Return the application; end with EX_CONFIG and a line for each fault of its settings or of its files of facts."""
    try:
        return create_app()
    except (ValidationError, SettingsError) as error:
        for line in describe_faults(error):
            sys.stderr.write(f"not started: {line}\n")
    except ValueError as error:
        faults = getattr(error, "faults", None)  # of a file of dated facts
        if faults is None:
            raise
        for line in faults:
            sys.stderr.write(f"not started: {line}\n")
    sys.exit(os.EX_CONFIG)


def _collect_from_now_on() -> None:
    """Collect garbage again, among what is made from now on."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    gc.enable()


if __name__ == "__main__":
    main()
