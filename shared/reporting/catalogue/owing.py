"""The rules that ship for who owes a district's form where there are no districts, `owing.toml`."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from shared.dated_facts.facts import select_in_force
from shared.dated_facts.loader import open_facts
from shared.reporting.catalogue.definitions import Form, OwingRule

SHIPPED_RULES = Path(__file__).with_name("owing.toml")


@cache
def read_shipped_rules() -> tuple[OwingRule, ...]:
    """Return the rows of the file that ships."""
    with open_facts(SHIPPED_RULES) as facts:
        return facts.rows("owing", OwingRule, one_in_force=())


def list_owing_rules(form: Form) -> Sequence[OwingRule]:
    """Return the rows of a form that districts owe: its own, or those that ship."""
    if form.owed_by != "district":
        return ()
    return form.owing or read_shipped_rules()


def find_owing_rule(form: Form, on: date) -> OwingRule | None:
    """Return the row of a form that is in force on a day; without one only districts owe it."""
    return next(iter(select_in_force(list_owing_rules(form), on)), None)
