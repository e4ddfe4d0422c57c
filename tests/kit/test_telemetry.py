"""Spans and metrics go to an OpenTelemetry collector where its address is set, and one trace leads through gateway and service."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.app import create_app
from shared.kit.telemetry import TelemetryNotInstalledError, make_telemetry
from tests.gateway.conftest import make_settings, open_gateway
from tests.gateway.upstream_stubs import UpstreamStub, serve_all

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(BaseHTTPRequestHandler):
    """Keeps what it is sent, by path."""

    received: list[tuple[str, bytes]]

    def do_POST(self):
        self.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        return


@pytest.fixture
def collector():
    received: list[tuple[str, bytes]] = []
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("KeepingCollector", (Collector,), {"received": received})
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()
    thread.join()


def read_spans(received):
    spans = []
    for path, content in received:
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(content).resource_spans:
                service = next(
                    a.value.string_value for a in part.resource.attributes if a.key == "service.name"
                )
                spans += [(service, span) for scope in part.scope_spans for span in scope.spans]
    return spans


async def test_a_request_is_one_trace_through_gateway_and_service(common_database, collector):
    address, received = collector
    stub = UpstreamStub(answer={"figures": []})
    async with serve_all({"poverty": stub}) as urls:
        app = create_app(make_settings(common_database, urls, otlp_endpoint=address))
        async with open_gateway(app) as client:
            answer = await client.get("/v1/poverty/progress", headers={"traceparent": TRACEPARENT})
            await client.get("/v1/units/62")
            await client.get("/livez")
    (_, forwarded), (_, own) = sorted(read_spans(received), key=lambda entry: entry[1].name)
    assert (forwarded.name, own.name) == ("GET /v1/poverty/{path}", "GET /v1/units/{code}")
    assert forwarded.trace_id.hex() == TRACEPARENT.split("-")[1]
    assert forwarded.parent_span_id.hex() == TRACEPARENT.split("-")[2]
    parent = f"00-{forwarded.trace_id.hex()}-{forwarded.span_id.hex()}-01"
    assert stub.requests[0][2]["traceparent"] == answer.headers["traceparent"] == parent
    metrics = [
        ExportMetricsServiceRequest.FromString(body) for path, body in received if path == "/v1/metrics"
    ]
    names = {m.name for r in metrics for p in r.resource_metrics for s in p.scope_metrics for m in s.metrics}
    assert "http.server.request.duration" in names


def test_without_an_address_nothing_is_recorded_or_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "shared.kit.telemetry_export", None)
    assert make_telemetry("notes", "1", None).providers == ()
    with pytest.raises(TelemetryNotInstalledError) as error:
        make_telemetry("notes", "1", "http://127.0.0.1:4318")
    assert "requirements/telemetry.txt" in error.value.faults[0]
