"""Who answers a difficulty, and what waits longest, over HTTP and as plain functions."""

from typing import Any

import pytest

from services.oversight.agencies.rules import AGENCY_LEVELS
from services.oversight.difficulties.rules import select_answering_units
from tests.oversight.clients import DISTRICT, read, record, refuse
from tests.program_clients import Clients

COMMUNE = {"units": ("23341",), "client_id": "commune-23341"}
LINE = [("23341", "commune"), ("610", "district"), ("62", "province")]


def make_difficulty(**fields: Any) -> dict[str, Any]:
    return {"unit": "23341", "raised_on": "2023-06-01", "text": "Chưa có hướng dẫn", **fields}


@pytest.mark.parametrize(
    ("line", "level", "expected"),
    [
        (LINE, None, ["610", "62"]),
        (LINE, "commune", ["610", "62"]),
        (LINE, "district", ["610", "62"]),
        (LINE, "province", ["62"]),
        (LINE, "central", ["62"]),
        (LINE[2:], "central", ["62"]),
        (LINE[2:], None, ["62"]),
    ],
)
def test_units_above_the_one_that_raised_it_answer(
    line: list[tuple[str, str]], level: str | None, expected: list[str]
) -> None:
    assert select_answering_units(line, level, AGENCY_LEVELS) == expected


async def test_the_competent_level_answers_and_not_the_unit_that_raised_it(clients: Clients) -> None:
    raised = await record(clients, "difficulties", make_difficulty(passed_to="UBND_HUYEN"), **COMMUNE)
    path = f"difficulties/{raised['id']}"
    answer = {"version": 1, "answered_on": "2023-08-15", "answer": "Áp dụng TT 55/2023"}
    await refuse(clients, f"{path}/answers", answer, 403, "answered_by_raiser", **COMMUNE)
    await refuse(clients, f"{path}/answers", answer, 403, "unit_not_granted", units=("611",))
    passing = {"version": 1, "passed_to": "SO_TC", "reason": "vượt thẩm quyền"}
    await record(clients, f"{path}/pass", passing, **DISTRICT)
    answer["version"] = 2
    problem = await refuse(clients, f"{path}/answers", answer, 403, "answered_by_raiser", **DISTRICT)
    assert problem["units"] == "62"
    answered = await record(clients, f"{path}/answers", answer)
    assert (answered["state"], answered["waiting_days"]) == ("answered", 75)
    states = [
        (await read(clients, path, on=day))["state"] for day in ("2023-05-31", "2023-06-01", "2023-08-15")
    ]
    assert states == ["not_yet_raised", "open", "answered"]


async def test_what_waits_longest_comes_first(clients: Clients) -> None:
    days = ("2023-09-01", "2023-03-01", "2023-06-01")
    for index, day in enumerate(days):
        await record(clients, "difficulties", make_difficulty(raised_on=day, text=f"số {index}"))
    query = {"sort": "-waiting_days", "state": "open", "on": "2023-08-01"}
    page = await read(clients, "difficulties", **query, limit=1)
    rows = [*page["items"], *(await read(clients, "difficulties", **query, cursor=page["next"]))["items"]]
    assert [(row["raised_on"], row["waiting_days"]) for row in rows] == [
        ("2023-03-01", 153),
        ("2023-06-01", 61),
    ]
