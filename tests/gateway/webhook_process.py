"""The process that delivers webhooks, with a clock that runs fast: `python -m tests.gateway.webhook_process BEGUN_AT SPEED`.

At BEGUN_AT (seconds of the Unix clock) its clock is right, and each second since then counts SPEED times; so hours between two
attempts are seconds, also over a restart. Its settings are those of `python -m gateway.webhooks`. It runs until it is killed.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime

import uvloop

from gateway.changes import joining
from gateway.settings import WebhooksSettings
from gateway.webhooks import dispatching
from gateway.webhooks.app import create_app

LOOK_EVERY_S = 0.05


def main() -> None:
    """Deliver until the process is killed."""
    begun_at, speed = map(float, sys.argv[1:])
    dispatching.LOOK_EVERY_S = joining.POLL_S = LOOK_EVERY_S
    app = create_app(
        WebhooksSettings(),
        clock=lambda: datetime.fromtimestamp(begun_at + (time.time() - begun_at) * speed, UTC),
    )

    async def run() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.Event().wait()

    uvloop.run(run())


if __name__ == "__main__":
    main()
