"""Who owns which schema, which histories it is made of, and where each history's tables are declared."""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

DATABASE = "ntp"

OWNERS: dict[str, tuple[str, ...]] = {
    "rural": ("kit", "territory", "reporting", "rural"),
    "poverty": ("kit", "territory", "reporting", "poverty"),
    "ethnic": ("kit", "territory", "reporting", "ethnic"),
    "funding": ("kit", "territory", "funding"),
    "gateway": ("kit", "territory", "gateway"),
}
"""Each owner's histories in the order they are applied. The owner's name is also its schema's and its role's."""

MODELS: dict[str, str] = {
    "kit": "shared.kit.models",
    "territory": "shared.territory.models",
    "reporting": "shared.reporting.models",
    "rural": "services.rural.models",
    "poverty": "services.poverty.models",
    "ethnic": "services.ethnic.models",
    "funding": "services.funding.models",
    "gateway": "gateway.models",
}
"""The module of each history whose `metadata` says what the tables must be in the end."""


def metadata_of(history: str) -> MetaData:
    """What a history's tables are in the code; empty where a room remembers nothing of its own."""
    if find_spec(MODELS[history]) is None:
        return MetaData()
    metadata: MetaData = import_module(MODELS[history]).metadata
    return metadata


def version_table(history: str) -> str:
    """The table, in each owner's schema, that says how far a history has come there."""
    return f"alembic_version_{history}"
