"""The owners of schemas, the histories of each schema, and the module that declares the tables of each history."""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

DATABASE = "ntp"

OWNERS: dict[str, tuple[str, ...]] = {
    "rural": ("kit", "territory", "reporting", "rural"),
    "poverty": ("kit", "territory", "reporting", "poverty"),
    "ethnic": ("kit", "territory", "reporting", "ethnic"),
    "funding": ("kit", "territory", "funding"),
    "oversight": ("kit", "territory", "reporting", "oversight"),
    "papers": ("kit", "papers"),
    "gateway": ("kit", "territory", "gateway"),
}
"""The histories of each owner in the order in which they are applied. Its schema and its role have the owner's name."""

MODELS: dict[str, str] = {
    "kit": "shared.kit.models",
    "territory": "shared.territory.models",
    "reporting": "shared.reporting.models",
    "rural": "services.rural.models",
    "poverty": "services.poverty.models",
    "ethnic": "services.ethnic.models",
    "funding": "services.funding.models",
    "oversight": "services.oversight.models",
    "papers": "services.papers.models",
    "gateway": "gateway.models",
}
"""The module of each history; its `metadata` declares the tables that the last revision must produce."""


def load_metadata(history: str) -> MetaData:
    """Return the declared tables of a history; none where a service has no tables of its own."""
    if find_spec(MODELS[history]) is None:
        return MetaData()
    metadata: MetaData = import_module(MODELS[history]).metadata
    return metadata


def version_table_name(history: str) -> str:
    """Return the name of the table, in each owner's schema, that holds the applied revision of a history."""
    return f"alembic_version_{history}"
