"""What the tests read of a running application: its database and its clock."""

from fastapi import FastAPI

from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.resources import get_resources


def get_database(app: FastAPI) -> Database:
    """Return the database of an application."""
    return get_resources(app).get(Database)


def get_clock(app: FastAPI) -> Clock:
    """Return the clock of an application."""
    return get_resources(app).clock
