"""The oversight service in process."""

from datetime import UTC, datetime

from services.oversight.app import create_app
from services.oversight.settings import OversightSettings
from tests.program_clients import ProgramUnderTest

NOW = datetime(2024, 2, 20, 2, 0, tzinfo=UTC)
PROGRAM = ProgramUnderTest("oversight", create_app, OversightSettings, NOW)
clients = PROGRAM.make_clients_fixture()
AFTER_MERGER = datetime(2025, 8, 1, 2, 0, tzinfo=UTC)
clients_after_merger = ProgramUnderTest(
    "oversight", create_app, OversightSettings, AFTER_MERGER
).make_clients_fixture()
"""The same service after the districts ended and the province was merged."""
