"""Two forms of a test: a short one in `make test`, a long one in `make test-long`."""

from typing import Any

import pytest

LONG = (pytest.mark.long, pytest.mark.timeout(0))


def short_and_long(short: Any, long: Any) -> list[Any]:
    """Return the parameters of a test or a fixture: how much the short form does, and the long one.

    The short form is not measured for coverage, which takes half as long again: it repeats what other tests do once.
    """
    return [
        pytest.param(short, id="short", marks=pytest.mark.no_cover),
        pytest.param(long, id="long", marks=LONG),
    ]
