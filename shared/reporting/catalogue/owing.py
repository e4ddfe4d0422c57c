"""The rules that ship for who owes a district's form where there are no districts, `owing.toml`."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from shared.dated_facts.loader import open_facts
from shared.reporting.catalogue.definitions import Form, OwingRule

SHIPPED_RULES = Path(__file__).with_name("owing.toml")


@cache
def read_shipped_rules() -> tuple[OwingRule, ...]:
    """Return the rows of the file that ships."""
    with open_facts(SHIPPED_RULES) as facts:
        return facts.rows("owing", OwingRule, one_in_force=())


def with_owing_rules(form: Form) -> Form:
    """Return a form that districts owe with the rows that ship, unless it has rows of its own; any other form as it is."""
    if form.owed_by != "district" or form.owing:
        return form
    return replace(form, owing=read_shipped_rules())
