"""The line of an event in a terminal."""

import pytest
import structlog

from shared.kit.logs import render_line

EVENTS = [
    {"event": "request", "path": "/v1/status", "status": 200, "ms": 1.5, "client": "-", "note": ""},
    {"event": "request", "path": "/v1/a=b", "reason": "two words", "none": None, "quoted": "it's"},
    {"event": "an event whose name is longer than the column", "reason": "line\nbreak"},
    {"event": "request failed", "exception": "Traceback\n  ValueError: x"},
    {"event": "stopped"},
]


@pytest.mark.parametrize("event", EVENTS)
def test_a_line_is_as_structlog_writes_it_in_a_console(event):
    whole = {"timestamp": "2026-12-01T00:00:00Z", "level": "info", **event}
    renderer = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=24)
    assert render_line(None, "info", dict(whole)) == renderer(None, "info", dict(whole)).rstrip()


def test_no_value_can_begin_a_line():
    line = render_line(None, "info", {"event": "request", "path": "/x\u2028\r\ninjected"})
    assert line.splitlines() == [line]
