"""The counts of bodies, recommendations and tasks, against a recomputation, after any order of acts."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from tests.oversight.clients import record
from tests.oversight.records import make_body, make_document, make_recommendation, make_task
from tests.program_clients import Clients

FIRST = date(2022, 1, 1)
DAYS = 700
ENDS = {"2022": "2022-12-31", "2023": "2023-12-31"}
DISTRICTS = ("608", "610", "611", "612", "613")


class Model:
    """What is recorded, and what a reader computes from it by hand; days are ISO texts."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.recommendations: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}

    def count(self, period: str) -> dict[str, int]:
        on = ENDS[period]
        unfinished = [
            row
            for row in self.recommendations.values()
            if row["issued_on"] <= on and not (row["closed_on"] and row["closed_on"] <= on)
        ]
        due = [
            row
            for row in self.tasks.values()
            if row["starts_on"] <= on and row["due_on"] >= f"{period}-01-01" and not row["dropped"]
        ]
        done = [row for row in due if row["completed_on"] and row["completed_on"] <= on]
        return {
            "steering_committees_district": sum(
                row["established_on"] <= on and not (row["dissolved_on"] and row["dissolved_on"] <= on)
                for row in self.bodies.values()
            ),
            "recommendations_open": len(unfinished),
            "recommendations_overdue": sum(row["due_on"] < on for row in unfinished),
            "tasks_done": len(done),
            "tasks_overdue": sum(row["due_on"] < on for row in due if row not in done),
        }


class Office:
    """Draws acts, sends them, and keeps the model in step."""

    def __init__(self, clients: Clients, seed: int) -> None:
        self.clients = clients
        self.choices, self.model = random.Random(seed), Model()
        self.number, self.newest = 0, ""

    def draw_day(self, earliest: str = FIRST.isoformat()) -> str:
        day = max(FIRST + timedelta(days=self.choices.randrange(DAYS)), date.fromisoformat(earliest))
        return day.isoformat()

    async def step(self) -> None:
        self.number += 1
        register = self.choices.choice(("bodies", "recommendations", "tasks"))
        rows = getattr(self.model, register)
        if not rows or self.choices.random() < 0.5:
            await getattr(self, f"record_{register}")(rows)
            return
        row_id = self.choices.choice(list(rows))
        if self.choices.random() < 0.3:
            await self.send(register, row_id, "withdraw", reason="nhầm")
            del rows[row_id]
        else:
            await getattr(self, f"change_{register}")(row_id, rows[row_id])

    async def send(self, register: str, row_id: str, act: str, **body: Any) -> None:
        version = self.model.versions[row_id]
        created = await record(self.clients, f"{register}/{row_id}/{act}", {"version": version, **body})
        self.model.versions[row_id] += 1
        self.newest = created["recorded_at"]

    async def add(self, register: str, body: dict[str, Any], **model: Any) -> None:
        created = await record(self.clients, register, body)
        getattr(self.model, register)[created["id"]] = model
        self.model.versions[created["id"]] = 1
        self.newest = created["recorded_at"]

    async def record_bodies(self, rows: dict[str, dict[str, Any]]) -> None:
        free = [unit for unit in DISTRICTS if unit not in {row["unit"] for row in rows.values()}]
        if not free:
            return
        unit, day = self.choices.choice(free), self.draw_day()
        founded_by = {"number": f"{self.number}/QĐ", "date": day}
        body = make_body(unit, established_on=day, founded_by=founded_by)
        await self.add("bodies", body, unit=unit, established_on=day, dissolved_on=None)

    async def change_bodies(self, row_id: str, row: dict[str, Any]) -> None:
        if row["dissolved_on"]:
            return
        day = self.draw_day(row["established_on"])
        decision = {"number": f"{self.number}/QĐ", "date": day}
        await self.send("bodies", row_id, "dissolve", decision=decision, dissolved_on=day)
        row["dissolved_on"] = day

    async def record_recommendations(self, _: dict[str, dict[str, Any]]) -> None:
        issued_on = self.draw_day()
        due_on = self.draw_day(issued_on)
        body = make_recommendation(text=f"số {self.number}", issued_on=issued_on, due_on=due_on)
        await self.add("recommendations", body, issued_on=issued_on, due_on=due_on, closed_on=None)

    async def change_recommendations(self, row_id: str, row: dict[str, Any]) -> None:
        if row["closed_on"]:
            return
        outcome = self.choices.choice(("refused", "dropped"))  # done is what was answered
        day = self.draw_day(row["issued_on"])
        await self.send("recommendations", row_id, "close", outcome=outcome, closed_on=day, reason="x")
        row["closed_on"] = day

    async def record_tasks(self, _: dict[str, dict[str, Any]]) -> None:
        starts_on = self.draw_day()
        due_on = self.draw_day(starts_on)
        body = make_task(text=f"số {self.number}", starts_on=starts_on, due_on=due_on)
        row = {"starts_on": starts_on, "due_on": due_on, "completed_on": None, "dropped": False}
        await self.add("tasks", body, **row)

    async def change_tasks(self, row_id: str, row: dict[str, Any]) -> None:
        if row["completed_on"] or row["dropped"]:
            return
        day = self.draw_day(row["starts_on"])
        product = await record(self.clients, "documents", make_document(f"{self.number}/BC", signed_on=day))
        await self.send("tasks", row_id, "complete", completed_on=day, document=product["id"])
        row["completed_on"] = day


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
async def test_counts_equal_a_recomputation_after_any_order_of_acts(clients: Clients, seed: int) -> None:
    office, snapshots = Office(clients, seed), []
    for number in range(80):
        await office.step()
        if number % 20 == 19:
            snapshots.append((office.newest, {period: office.model.count(period) for period in ENDS}))
    for as_of, expected in snapshots:
        for period, counts in expected.items():
            figures = await clients.read_figures(period, as_of=as_of)
            assert {code: figures[code]["value"] for code in counts} == counts, (period, as_of)
