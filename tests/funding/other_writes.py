"""Every kind of write but payments, sent while the service is killed; each that is acknowledged must be kept, once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import asyncpg

from tests.postgres import TestDatabase

Send = Callable[[str, object], Awaitable[dict[str, Any] | None]]
"""Sends a body until it is answered; None where it was refused, which is a fault."""

LINE = {"year": 2023, "program": "poverty", "capital": "investment", "source": "central"}
ALLOCATED_UNITS = ("610", "611", "612", "613")
ENOUGH_VND = 10**14
REOPENING = {"number": "20/QĐ-UBND", "date": "2025-03-01"}
REGISTERS = ("closings", "extensions", "projects", "project_statements")


class RefusedWriteError(Exception):
    """A write was refused; the sender has noted why."""


class OtherWrites:
    """One sender of every kind of write in turn, and what was acknowledged."""

    def __init__(self, send: Send, stop: asyncio.Event) -> None:
        self._send = send
        self._stop = stop
        self._numbers = count(1)
        self._entries: set[str] = set()
        self._rows: Counter[str] = Counter()

    def count(self) -> int:
        """Return the number of acknowledged writes."""
        return len(self._entries) + self._rows.total()

    async def allocate(self) -> None:
        """Allocate money to the units that pay."""
        for unit in ALLOCATED_UNITS:
            await self._post(
                "allocations", {**LINE, "unit": unit, "amount_vnd": ENOUGH_VND, **self._decide()}
            )

    async def write(self) -> None:
        """Send every kind in turn until it is to stop."""
        steps = (self._move_money, self._pay_and_undo, self._pass_on, self._close, self._build)
        try:
            while not self._stop.is_set():
                for step in steps:
                    await step()
        except RefusedWriteError:
            return

    def _decide(self) -> dict[str, Any]:
        return {"decision": {"number": f"{next(self._numbers)}/NQ-HĐND", "date": "2022-12-12"}}

    def _issue(self) -> dict[str, Any]:
        return {"voucher": {"source": "KBNN Kon Tum", "number": f"OTHER-{next(self._numbers)}"}}

    async def _post(self, path: str, body: object) -> dict[str, Any]:
        """Send a write and remember the entries that it made."""
        answer = await self._send(path, body)
        if answer is None:
            raise RefusedWriteError(path)
        if "sequence" in answer:
            self._entries.add(answer["id"])
        self._entries.update(entry["id"] for entry in answer.get("entries", ()) if isinstance(entry, dict))
        self._entries.update(line["id"] for line in answer.get("lines", ()))
        return answer

    async def _move_money(self) -> None:
        line: dict[str, Any] = {**LINE, "unit": "610", "amount_vnd": 100}
        await self._post("assignments", {**line, "unit": "62", "year": 2022, **self._decide()})
        await self._post("opening-balances", {**line, "year": 2021, **self._decide()})
        for path in ("supplements", "cancellations", "returns"):
            await self._post(path, {**line, **self._decide()})
        await self._post("transfers", {**line, "to_unit": "611", **self._decide()})
        await self._post("sub-allocations", {**line, "to_unit": "23341", **self._decide()})
        carried = {name: value for name, value in line.items() if name != "year"}
        await self._post(
            "carry-overs", {**carried, "from_year": 2023, **self._decide(), "reopened_by": REOPENING}
        )

    async def _pay_and_undo(self) -> None:
        line: dict[str, Any] = {**LINE, "unit": "612", "amount_vnd": 10}
        await self._post("commitments", {**line, **self._issue()})
        await self._post("confirmations", {**line, **self._issue()})
        paid = await self._post("disbursements", {**line, **self._issue()})
        recovery = {"recovers": paid["id"], "amount_vnd": 4, **self._issue()}
        recovery = await self._post("recoveries", recovery)
        await self._post("remittances", {"remits": recovery["id"], "amount_vnd": 3, **self._issue()})
        for path, name in (("corrections", "corrects"), ("reversals", "reverses")):
            paid = await self._post("disbursements", {**line, **self._issue()})
            await self._post(path, {name: paid["id"], "reason": "Nhầm"})
        lines = [{**line, "unit": unit} for unit in ("612", "613")]
        await self._post("vouchers", {"kind": "disbursement", **self._issue(), "lines": lines})

    async def _pass_on(self) -> None:
        line = {**LINE, "unit": "610", "year": 2025, "amount_vnd": 5, "effective_on": "2025-01-10"}
        await self._post("allocations", {**line, **self._decide()})
        lines = [{"unit": "610", "year": 2025, "to_unit": "23368"}]
        await self._post("successions", {**self._decide(), "lines": lines})

    async def _close(self) -> None:
        line = {**LINE, "unit": "613", "year": 2024, "amount_vnd": 5, "reopened_by": REOPENING}
        await self._post("allocations", {**line, **self._decide()})
        await self._post(
            "extensions", {"year": 2024, "unit": "62", "settled_by": "2025-04-30", **self._decide()}
        )
        await self._post(
            "closings", {"year": 2024, "unit": "62", "closed_on": "2025-03-01", **self._decide()}
        )
        self._rows.update(("extensions", "closings"))

    async def _build(self) -> None:
        code = f"CT.{next(self._numbers)}"
        project = {"code": code, "name": "Đường", "program": "poverty", "component": "GN.DA1", "unit": "610"}
        await self._post("projects", {**project, "approved_total_vnd": 100, **self._decide()})
        await self._post(f"projects/{code}/plans", {"year": 2023, "planned_vnd": 100, **self._decide()})
        progress = {"on": "2023-11-30", "physical_percent": 40, "status": "under_construction"}
        await self._post(f"projects/{code}/building", progress)
        self._rows.update(("projects", *["project_statements"] * 3))

    async def find_faults(self, database: TestDatabase, paid: set[str]) -> list[str]:
        """Return where the tables hold other rows than those that were acknowledged; `paid` are the entries of the payments."""
        admin = await asyncpg.connect(database.admin_url)
        try:
            recorded = {row["id"] for row in await admin.fetch("SELECT id::text FROM funding.entries")}
            rows = {name: await admin.fetchval(f"SELECT count(*) FROM funding.{name}") for name in REGISTERS}
        finally:
            await admin.close()
        acknowledged = self._entries | paid
        return [
            *(f"{entry} was acknowledged and is not recorded" for entry in sorted(acknowledged - recorded)),
            *(f"{entry} was recorded and never acknowledged" for entry in sorted(recorded - acknowledged)),
            *(
                f"{count} rows of {name}, of which {self._rows[name]} were acknowledged"
                for name, count in rows.items()
                if count != self._rows[name]
            ),
        ]
