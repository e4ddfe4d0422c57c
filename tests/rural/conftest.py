"""The rural service in process."""

from datetime import UTC, datetime

from services.rural.app import create_app
from services.rural.settings import RuralSettings
from tests.program_clients import ProgramUnderTest

NOW = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)
PROGRAM = ProgramUnderTest("rural", create_app, RuralSettings, NOW)
clients = PROGRAM.make_clients_fixture()
