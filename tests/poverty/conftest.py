"""The poverty service in process."""

from datetime import UTC, datetime

from services.poverty.app import create_app
from services.poverty.settings import PovertySettings
from tests.program_clients import ProgramUnderTest

NOW = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)
PROGRAM = ProgramUnderTest("poverty", create_app, PovertySettings, NOW)
clients = PROGRAM.make_clients_fixture()
