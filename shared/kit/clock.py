"""The clock is passed in: a rule or an action never reads the time of the machine."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

Clock = Callable[[], datetime]


system_clock: Clock = partial(datetime.now, UTC)
"""The present instant in UTC."""
