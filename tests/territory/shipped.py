"""The units that the migrations insert: those of the first release (Kon Tum), and those of the whole country."""

from functools import cache
from pathlib import Path

from shared.territory import tables
from shared.territory.tree import Territory

HISTORY = Path(__file__).parents[2] / "migrations" / "territory"
FIRST_RELEASE, COUNTRY = HISTORY / "first_release", HISTORY / "country"


@cache
def read_units():
    return tables.read_units(FIRST_RELEASE / "units.csv")


@cache
def read_successions():
    return tables.read_successions(FIRST_RELEASE / "successions.csv")


@cache
def read_spellings():
    return tables.read_spellings(FIRST_RELEASE / "aliases.csv")


def shipped_territory():
    """Return Kon Tum and its land in Quảng Ngãi, as the first release knew them."""
    return Territory(read_units(), read_successions())


@cache
def read_country_units():
    return tables.read_units(COUNTRY / "units.csv.gz")


@cache
def read_country_successions():
    return tables.read_successions(COUNTRY / "successions.csv.gz")


@cache
def country_territory():
    """Return the whole country, as the migrations insert it."""
    return Territory(
        (*read_units(), *read_country_units()), (*read_successions(), *read_country_successions())
    )
