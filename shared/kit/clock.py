"""The clock is passed in: a rule or an action never asks what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the present instant in UTC."""
    return datetime.now(UTC)


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


CurrentClock = Annotated[Clock, Depends(_clock)]
"""The service's clock, for whoever has to wait before the instant of a change is known."""


async def _now(clock: CurrentClock) -> datetime:
    return clock()


Now = Annotated[datetime, Depends(_now)]
"""The instant of the request by the service's clock."""

InstantQuery = Annotated[
    AwareDatetime | None, Query(description="RFC 3339 instant: read what was known then; now when left out")
]
"""An instant to read at, as asked; `shared.kit.change_feed.AsOf` is one whose answer never changes again."""
