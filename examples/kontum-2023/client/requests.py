"""A request of the demo, and the tables that requests are made from."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"

Row = dict[str, str]
Body = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A request to send."""

    path: str
    body: Body
    method: str = "POST"


Stages = list[list[Request]]
"""Requests that are sent stage after stage; those of one stage in any order."""


def read_table(name: str) -> list[Row]:
    """Return the rows of a table of the demo."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def to_decision(row: Row) -> Body:
    """Return the decision that a row names, as bodies state it."""
    return {"number": row["decision_number"], "date": row["decision_date"]}
