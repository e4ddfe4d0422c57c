"""The OpenTelemetry SDK with its exporters (OTLP over HTTP), which the extra `telemetry` installs; imported where it is needed."""

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def make_providers(service: str, version: str, address: str) -> tuple[TracerProvider, MeterProvider]:
    """Return the providers of a process, which send spans and metrics to a collector in threads of their own."""
    resource = Resource.create(
        {"service.namespace": "ntp", "service.name": service, "service.version": version}
    )
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces")))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{address}/v1/metrics"))
    return tracer_provider, MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
