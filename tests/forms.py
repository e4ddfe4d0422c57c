"""Two forms of a test: a short one in `make test`, a long one in `make test-long`."""

from typing import Any

import pytest

LONG = (pytest.mark.long, pytest.mark.timeout(0))


def short_and_long(short: Any, long: Any) -> list[Any]:
    """Return the parameters of a test or a fixture: how much the short form does, and the long one."""
    return [pytest.param(short, id="short"), pytest.param(long, id="long", marks=LONG)]
