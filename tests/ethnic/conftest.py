"""The ethnic service in process."""

from datetime import UTC, datetime

from services.ethnic.app import create_app
from services.ethnic.settings import EthnicSettings
from tests.program_clients import ProgramUnderTest

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
PROGRAM = ProgramUnderTest("ethnic", create_app, EthnicSettings, NOW)
clients = PROGRAM.make_clients_fixture()
