"""One client stays at one gateway: the files of `deploy/balancers/` before two tiny servers that tell which one answered."""

import base64
import contextlib
import json
import os
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.local.settings import ROOT
from tests.postgres import free_port
from tests.scale.programs import explain_missing, find_program, make_open_folder, running
from tests.scale.report import PartReport
from tests.waiting import wait_until

BALANCERS = ROOT / "deploy" / "balancers"
CLIENTS = 40
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 4)]


class NamedServer(ThreadingHTTPServer):
    """A server on a port of 127.0.0.1 that answers every request with its port."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), PortHandler)

    def handle_error(self, *_: object) -> None:
        """Write nothing: a balancer resets the connections of its checks."""


class PortHandler(BaseHTTPRequestHandler):
    """Answers with the port of the server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        body = str(self.connection.getsockname()[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log."""


@contextlib.contextmanager
def serving(port: int) -> Iterator[None]:
    """Run a named server until the block ends."""
    server = NamedServer(port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_token(client_id: str, number: int) -> str:
    """Return a token of a client in the form of the gateway's; nobody verifies it here."""
    parts = ({"alg": "ES256", "typ": "JWT"}, {"client_id": client_id, "jti": str(number)})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def find_server(port: int, address: str, token: str = "") -> str:
    """Return the server that answers a request on a connection of its own, from an address of this machine."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60, source_address=(address, 0))
    try:
        connection.request("GET", "/", headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        return response.read().decode() if response.status == 200 else f"status {response.status}"
    finally:
        connection.close()


def measure_haproxy(report: PartReport) -> None:
    """Send requests of clients and addresses through HAProxy, also while one server is away."""
    with TemporaryDirectory(prefix="ntp-scale-") as name:
        folder = make_open_folder(Path(name))
        port, first, second = free_port(), free_port(), free_port()
        environment = {
            **os.environ,
            "NTP_BALANCER": f"127.0.0.1:{port}",
            "NTP_GATEWAY_1": f"127.0.0.1:{first}",
            "NTP_GATEWAY_2": f"127.0.0.1:{second}",
        }
        command = [str(find_program("haproxy")), "-db", "-f", copy_readable("haproxy.cfg", folder)]
        with (
            serving(first),
            serving(second),
            running(command, folder / "log.txt", environment=environment, port=port),
        ):
            wait_until(lambda: find_server(port, ADDRESSES[0]) in {str(first), str(second)})
            servers = [
                {
                    find_server(port, address, make_token(f"client-{client}", number))
                    for number, address in enumerate(ADDRESSES)
                }
                for client in range(CLIENTS)
            ]
            require_one_each(
                report, "HAProxy: clients with three tokens and addresses at one gateway", servers
            )
            require_one_each(report, "HAProxy: addresses without a token at one gateway", by_address(port))
        report.add("HAProxy", "deploy/balancers/haproxy.cfg")


def measure_nginx(report: PartReport) -> None:
    """Send requests of addresses through nginx."""
    with TemporaryDirectory(prefix="ntp-scale-") as name:
        folder = make_open_folder(Path(name))
        port, first, second = free_port(), free_port(), free_port()
        text = (BALANCERS / "nginx.conf").read_text()
        for shipped, used in (("8000", first), ("8010", second), ("8080", port)):
            text = text.replace(f"127.0.0.1:{shipped}", f"127.0.0.1:{used}")
        paths = "".join(
            f"    {kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = text.replace("http {\n", f"http {{\n    access_log off;\n{paths}", 1)
        (folder / "nginx.conf").write_text(f"pid {folder}/nginx.pid;\ndaemon off;\n{text}")
        (folder / "nginx.conf").chmod(0o644)
        command = [
            str(find_program("nginx")),
            "-e",
            str(folder / "error.log"),
            "-c",
            str(folder / "nginx.conf"),
        ]
        with serving(first), serving(second), running(command, folder / "log.txt", port=port):
            require_one_each(report, "nginx: addresses at one gateway", by_address(port))
        report.add("nginx", "deploy/balancers/nginx.conf")


def copy_readable(name: str, folder: Path) -> str:
    """Copy a file of the balancers where the account of the program reads it; return its path."""
    path = folder / name
    path.write_text((BALANCERS / name).read_text())
    path.chmod(0o644)
    return str(path)


def by_address(port: int) -> list[set[str]]:
    """Return the servers that answer each of so many addresses, three times each."""
    return [{find_server(port, f"127.0.2.{number}") for _ in range(3)} for number in range(1, CLIENTS + 1)]


def require_one_each(report: PartReport, label: str, servers: list[set[str]]) -> None:
    """Require that each is answered by one server, and that both servers are used."""
    at_one = sum(len(names) == 1 for names in servers)
    shares = sorted(sum(name in names for names in servers) for name in set().union(*servers))
    report.require(
        label, at_one == len(servers) and len(shares) == 2, f"{at_one} of {len(servers)}, spread {shares}"
    )


def measure_balancing() -> PartReport:
    """Run the part."""
    report = PartReport("one client at one gateway")
    for name, measure in (("haproxy", measure_haproxy), ("nginx", measure_nginx)):
        if (reason := explain_missing(name)) is not None:
            report.add(name, f"left out: {reason}")
        else:
            measure(report)
    return report
