"""The clock is passed in: a rule or an action never reads the time of the machine."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

Clock = Callable[[], datetime]


system_clock: Clock = partial(datetime.now, UTC)
"""The present instant in UTC."""

InstantQuery = Annotated[
    AwareDatetime | None, Query(description="RFC 3339 instant: read what was known then; now when left out")
]
"""An instant to read at, as sent; `shared.kit.change_feed.AsOf` is one whose answer never changes again."""
