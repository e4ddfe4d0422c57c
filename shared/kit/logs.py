"""Logs: one line for each event, key=value in a terminal and JSON in production, never a secret."""

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

UNQUOTED = re.compile(r"[^\s='\"]*")
SECRET_NAMES = frozenset({"authorization", "client_secret", "password", "secret", "token", "access_token"})


def _without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        event[name] = _hidden(name, event[name])
    return event


def _hidden(name: Any, value: Any) -> Any:
    if str(name).lower() in SECRET_NAMES:
        return "***"
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {member: _hidden(member, content) for member, content in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(_hidden("", content) for content in value)
    return value


def render_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return an event as one line: instant, level, what happened, and key=value in the order of the keys; then its traceback."""
    instant, level, name = (event.pop(key, "") for key in ("timestamp", "level", "event"))
    exception = event.pop("exception", None)
    pairs = " ".join([f"{key}={_to_text(event[key])}" for key in sorted(event)])
    line = f"{instant} [{level:<9}] {name:<24} {pairs}".rstrip()
    return line if exception is None else f"{line}\n{exception}"


def _to_text(value: Any) -> str:
    """Return a value as a line has it: a text as it is, unless it has what would not be read back."""
    if isinstance(value, str) and UNQUOTED.fullmatch(value):
        return value
    return repr(value)


def configure_logging(*, service: str, as_json: bool, level: str = "info", instance: str = "") -> None:
    """Configure the log of this process: its format, and the level (debug, info, warning, error) that it starts at."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else render_line
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, **({"instance": instance} if instance else {}))
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stdout,
        format="%(asctime)s.%(msecs)03dZ [%(levelname)s] %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
