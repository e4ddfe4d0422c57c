"""OpenTelemetry: spans and metrics of requests, as FastAPI records them, sent by OTLP where an address is set.

It needs the extra `telemetry`. Without the setting nothing of it is loaded. The context between processes is that of W3C
(`traceparent`): with an address it is that of the span, so that the spans of the gateway and of a service are one trace.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace

NOT_INSTALLED = (
    "NTP_OTLP_ENDPOINT needs the packages of the extra `telemetry`: pip install -r requirements/telemetry.txt"
)
QUIET_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""Probes and scrapes, of which nobody needs a span."""
WITHOUT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class TelemetryNotInstalledError(ValueError):
    """The setting is there, and the packages are not."""

    def __init__(self) -> None:
        super().__init__(NOT_INSTALLED)
        self.faults = (NOT_INSTALLED,)


@dataclass(frozen=True)
class Telemetry:
    """What a process sends: the configuration of FastAPI, and the providers that are ended with the process."""

    config: TelemetryConfig
    providers: tuple[Any, ...] = field(default=())

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send what is recorded until the end, and then what is left."""
        try:
            yield
        finally:
            for provider in self.providers:
                await asyncio.to_thread(provider.shutdown)


def make_telemetry(service: str, version: str, endpoint: str | None) -> Telemetry:
    """Return what a process sends to an OTLP address (HTTP); nothing without one. Raises `TelemetryNotInstalledError`."""
    if endpoint is None:
        return Telemetry(WITHOUT)
    try:
        export = import_module("shared.kit.telemetry_export")
    except ImportError as error:
        raise TelemetryNotInstalledError from error
    tracer_provider, meter_provider = export.make_providers(service, version, endpoint.rstrip("/"))
    config: TelemetryConfig = {
        "tracer_provider": tracer_provider,
        "meter_provider": meter_provider,
        "logs": False,
        "operation_spans": False,
        "exclude": lambda scope: scope.get("path") in QUIET_PATHS,
    }
    return Telemetry(config, (tracer_provider, meter_provider))


def read_traceparent() -> str | None:
    """Return the W3C trace context of the current span; None where nothing is recorded."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def name_route(method: str, path_format: str) -> None:
    """Name the route of the current span, where a layer answers that FastAPI knows no route of."""
    span = trace.get_current_span()
    span.update_name(f"{method} {path_format}")
    span.set_attribute("http.route", path_format)
