"""The columns that the statement of new entries names are those of the tables, with their types."""

import re

import pytest
from sqlalchemy.dialects import postgresql

from services.funding.entries.sql import BALANCE_TYPES, COLUMN_TYPES, POSTING_TYPES, WRITE_ENTRIES
from services.funding.ledger import AMOUNT_NAMES
from services.funding.models import ENTRIES, LOTS, POSTINGS

INTEGERS = ("smallint", "int", "integer", "bigint")


def find_kind(name):
    """The kind of a type: integers of any length are alike."""
    if name in INTEGERS:
        return "integer"
    return re.sub(r"numeric.*", "numeric", name).replace("timestamp with time zone", "timestamptz")


@pytest.mark.parametrize(
    ("types", "table"), [(COLUMN_TYPES, ENTRIES), (POSTING_TYPES, POSTINGS), (BALANCE_TYPES, LOTS)]
)
def test_every_named_column_has_the_kind_of_type_of_its_table(types, table):
    columns = {name: table.c[name].type.compile(postgresql.dialect()).lower() for name in types}
    assert {name: find_kind(kind) for name, kind in types.items()} == {
        name: find_kind(kind) for name, kind in columns.items()
    }


def test_every_column_of_an_entry_is_written_but_its_sequence():
    assert set(COLUMN_TYPES) == set(ENTRIES.c.keys()) - {"sequence"}
    assert {*AMOUNT_NAMES} == POSTING_TYPES.keys() - {"year", "entry_id", "lot_id", "effective_on"}
    assert {*AMOUNT_NAMES} == BALANCE_TYPES.keys() - {"id"}


def test_balances_are_written_to_the_columns_of_their_names():
    assignments = re.findall(r"(\w+) = balance\.(\w+)", WRITE_ENTRIES)
    assert assignments == [(name, name) for name in [*AMOUNT_NAMES, "id"]]
