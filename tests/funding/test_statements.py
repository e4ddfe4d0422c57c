"""The columns that the statement of new entries names are those of the tables, with their types."""

import re
from importlib import import_module

import pytest
from sqlalchemy.dialects import postgresql

from services.funding.entries.sql import COLUMN_TYPES, POSTING_TYPES
from services.funding.ledger import AMOUNT_NAMES
from services.funding.models import ENTRIES, POSTINGS

INTEGERS = ("smallint", "int", "integer", "bigint")


def find_kind(name):
    """The kind of a type: integers of any length are alike."""
    if name in INTEGERS:
        return "integer"
    return re.sub(r"numeric.*", "numeric", name).replace("timestamp with time zone", "timestamptz")


@pytest.mark.parametrize(("types", "table"), [(COLUMN_TYPES, ENTRIES), (POSTING_TYPES, POSTINGS)])
def test_every_named_column_has_the_kind_of_type_of_its_table(types, table):
    columns = {name: table.c[name].type.compile(postgresql.dialect()).lower() for name in types}
    assert {name: find_kind(kind) for name, kind in types.items()} == {
        name: find_kind(kind) for name, kind in columns.items()
    }


def test_every_column_of_an_entry_is_written_but_its_sequence():
    assert set(COLUMN_TYPES) == set(ENTRIES.c.keys()) - {"sequence"}
    assert {*AMOUNT_NAMES} == POSTING_TYPES.keys() - {"year", "entry_id", "lot_id", "effective_on"}


def test_the_database_adds_every_amount_of_a_posting_to_its_lot():
    revision = import_module("migrations.funding.0010_balances_of_lots")
    assert set(revision.MEASURES) == set(AMOUNT_NAMES)
