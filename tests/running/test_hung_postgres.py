"""A PostgreSQL that is there and answers nothing: services are not ready, requests are refused, and all goes on afterwards."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.running.installation import Installation, temporary_installation
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(0)]

REQUESTS = 12
"""More than the connections of a service's pool: the others wait for one, and are refused."""


def signal_server(installation: Installation, signal_number: int) -> None:
    """Signal every process of PostgreSQL."""
    child = installation.find_child("postgres")
    assert child is not None
    listed = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True, check=True)
    for pid in (child.pid, *map(int, listed.stdout.split())):
        os.kill(pid, signal_number)


def read_progress(installation: Installation) -> tuple[int, str | None, str | None]:
    """Return status, media type and Retry-After of an answer that needs the database."""
    url = f"{installation.gateway_url}/v1/poverty/progress?period=2023"
    try:
        with urllib.request.urlopen(url, timeout=120) as response:
            return response.status, response.headers["Content-Type"], None
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.headers["Retry-After"]


def test_a_hung_server_refuses_and_heals() -> None:
    with temporary_installation() as installation, ThreadPoolExecutor(REQUESTS) as threads:
        installation.variables = {}
        installation.start()
        signal_server(installation, signal.SIGSTOP)
        try:
            assert installation.get_status("poverty", "/readyz") == 503
            assert installation.get_status("poverty", "/livez") == 200
            assert installation.get_status("gateway", "/readyz") == 200
            waiting = [threads.submit(read_progress, installation) for _ in range(REQUESTS)]
            wait_until(lambda: sum(request.done() for request in waiting) >= 3)
            refused = [request.result() for request in waiting if request.done()]
            for status, media_type, retry_after in refused:
                assert status in {503, 504}
                assert media_type == "application/problem+json"
                assert int(retry_after or 0) >= 1
        finally:
            signal_server(installation, signal.SIGCONT)
        assert {request.result()[0] for request in waiting} <= {200, 503, 504}
        wait_until(lambda: read_progress(installation)[0] == 200)
        wait_until(lambda: installation.get_status("poverty", "/readyz") == 200)
