"""The columns that statements name are those of the values that are passed, in their order."""

import re

from services.funding.entries.sql import ENTRY_COLUMNS, INSERT_ENTRIES, UPDATE_BALANCES
from services.funding.ledger import AMOUNT_NAMES
from services.funding.models import ENTRIES, POSTINGS

POSTING_KEYS = ("year", "entry_id", "lot_id", "effective_on")


def find_columns(statement, *after):
    """The list in parentheses that follows a text."""
    start = statement
    for text in after:
        start = start.partition(text)[2]
    return [name.strip() for name in start.partition("(")[2].partition(")")[0].split(",")]


def test_balances_are_written_in_the_order_of_the_measures():
    assert find_columns(UPDATE_BALANCES, "AS balance ") == ["id", *AMOUNT_NAMES]
    assignments = re.findall(r"(\w+) = balance\.(\w+)", UPDATE_BALANCES.partition("FROM")[0])
    assert assignments == [(name, name) for name in AMOUNT_NAMES]


def test_entries_are_inserted_in_the_order_of_their_rows():
    assert find_columns(INSERT_ENTRIES, "INSERT INTO entries ") == list(ENTRY_COLUMNS)
    assert find_columns(INSERT_ENTRIES, "AS entry ") == [*ENTRY_COLUMNS, "ordinal"]
    selected = INSERT_ENTRIES.partition("SELECT")[2].partition("FROM")[0]
    assert [name.strip() for name in selected.split(",")] == list(ENTRY_COLUMNS)
    assert set(ENTRY_COLUMNS) == set(ENTRIES.c.keys()) - {"sequence"}


def test_postings_are_inserted_in_the_order_of_the_measures():
    assert find_columns(INSERT_ENTRIES, "INSERT INTO postings ") == [*POSTING_KEYS, *AMOUNT_NAMES]
    assert set(AMOUNT_NAMES) <= set(POSTINGS.c.keys())


def test_every_column_has_a_parameter():
    numbers = [int(number) for number in re.findall(r"\$(\d+)", INSERT_ENTRIES)]
    assert numbers == list(range(1, len(ENTRY_COLUMNS) + len(POSTING_KEYS) + len(AMOUNT_NAMES) + 1))
