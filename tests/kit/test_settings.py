"""Names of environment variables: those that a process reads, and those that nothing reads."""

import os
import subprocess
import sys

import pytest

from shared.kit.middleware import _is_routine
from shared.kit.settings import FollowingSettings, ServiceSettings, find_unread_variables, list_variables


def test_the_variables_of_a_settings_class_include_those_of_its_parents():
    assert {"NTP_DATABASE_URL", "NTP_LOG_LEVEL"} <= list_variables(ServiceSettings)
    assert "NTP_CLIENT_SECRET" not in list_variables(ServiceSettings)
    assert {"NTP_DATABASE_URL", "NTP_CLIENT_SECRET"} <= list_variables(FollowingSettings)


def test_an_unread_variable_is_returned_with_the_most_similar_name():
    environment = ["PATH", "NTP_DATABASE_URL", "ntp_pool_size", "NTP_LOG_LEVL", "NTP_QQQQQQQQ"]
    assert find_unread_variables(environment, list_variables(ServiceSettings)) == {
        "NTP_LOG_LEVL": "NTP_LOG_LEVEL",
        "NTP_QQQQQQQQ": None,
    }


def test_a_service_logs_the_variables_that_it_does_not_read():
    program = (
        "from fastapi import FastAPI\n"
        "from shared.kit.service import ServiceDefinition, create_service\n"
        "from shared.kit.settings import ServiceSettings\n"
        "create_service(ServiceDefinition(name='notes', title='Notes', description='', settings=ServiceSettings(), routers=()))\n"
    )
    variables = {"NTP_DATABASE_URL": "postgresql+asyncpg://notes@localhost/ntp", "NTP_GATEWY_URL": "x"}
    outside = {name: value for name, value in os.environ.items() if not name.startswith("NTP_")}
    process = subprocess.run(
        [sys.executable, "-c", program],
        env={**outside, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = process.stdout.splitlines()
    assert "variable=NTP_GATEWY_URL" in line
    assert "similar=NTP_GATEWAY_URL" in line


@pytest.mark.parametrize(
    ("path", "status", "routine"),
    [
        ("/livez", 200, True),
        ("/metrics", 200, True),
        ("/readyz", 503, False),
        ("/v1/rural/changes", 200, True),
        ("/v1/rural/changes", 304, True),
        ("/v1/rural/changes", 401, False),
        ("/v1/rural/changes/7", 200, False),
        ("/v1/rural/reports", 200, False),
    ],
)
def test_health_checks_and_polls_of_a_feed_that_succeed_are_routine(path, status, routine):
    assert _is_routine(path, status) is routine


@pytest.mark.parametrize(("level", "lines"), [("debug", 2), ("info", 1), ("warning", 0)])
def test_the_log_level_is_the_lowest_that_is_logged(level, lines):
    program = (
        "import structlog; from shared.kit.logs import configure_logging\n"
        f"configure_logging(service='notes', as_json=False, level={level!r})\n"
        "structlog.get_logger().debug('a poll'); structlog.get_logger().info('a report')\n"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert len(process.stdout.splitlines()) == lines
