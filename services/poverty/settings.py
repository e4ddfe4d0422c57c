"""The settings of the poverty service."""

from shared.reporting.settings import ReportingSettings
from shared.territory.settings import MapFollowingSettings


class PovertySettings(ReportingSettings, MapFollowingSettings):
    """The settings of the engine, and of the feed by which the villages are received."""
