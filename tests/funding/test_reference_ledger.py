"""The ledger compared with a reference ledger, for random requests in any order and many at once.

After every step each lot has the balance of the reference and the sum of its postings, and none is below zero on any day. At
the end of a history the same holds for every day as it was known at every instant, in both books. What many send
at once must be what they would have got in some order: the recorded entries in the order of the journal, the refusals at some
point of it. The long form searches other histories in each run.
"""

import asyncio
import itertools
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.funding.journal.sealer import seal_next
from services.funding.journal.verify import verify
from shared.periods import local_day
from tests.application import get_clock, get_database
from tests.forms import short_and_long
from tests.funding.conftest import DECISION, Office, build_app
from tests.funding.reference_ledger import (
    ABOVE,
    CLOSED_ON,
    INFLOW_MEASURES,
    MEASURES_TAKEN,
    PAYMENT_KINDS,
    PROJECT,
    PROJECT_COMPONENT,
    RECOVERED_FIELDS,
    REVERSED_FIELDS,
    Duplicate,
    Existing,
    Lot,
    ReferenceLedger,
    Refused,
    calculate_available,
    calculate_left,
    calculate_unconfirmed,
    calculate_unreserved,
    is_within,
)
from tests.in_process import open_client

FEW, MANY = 5, 200
"""The number of histories that are searched: a few, the same in every run; or many."""
FEW_VIEWS, MANY_VIEWS = 12, 300
"""The number of pairs of a day and an earlier instant by which each history is read at its end."""

PATHS = {
    "opening_balance": "opening-balances",
    "assignment": "assignments",
    "allocation": "allocations",
    "supplement": "supplements",
    "sub_allocation": "sub-allocations",
    "transfer": "transfers",
    "cancellation": "cancellations",
    "return": "returns",
    "carry_over": "carry-overs",
    "commitment": "commitments",
    "disbursement": "disbursements",
    "confirmation": "confirmations",
    "recovery": "recoveries",
    "remittance": "remittances",
    "reversal": "reversals",
    "correction": "corrections",
}
NEW_MAP_DAY = date(2025, 7, 1)
"""The first day without the units of the histories."""
KEYS = ("capital", "component", "unit", "origin_year", "program", "source")
GROUPINGS = [by for size in range(1, len(KEYS) + 1) for by in itertools.combinations(KEYS, size)]
"""Every grouping of lots."""
LONG = timedelta(hours=6)
"""The lifetime of the token of a long search."""

WITH_VOUCHER = ("commitment", "disbursement", "confirmation")
BY_DECISION = 7
"""The document number of a payment or commitment that has a decision and no voucher."""
OUTFLOW_KINDS = ("sub_allocation", "transfer", "cancellation", "return", "carry_over", *WITH_VOUCHER)
OFTEN = (
    *PATHS,
    "reversal",
    "correction",
    "correction",
    "recovery",
    "recovery",
    "disbursement",
    "disbursement",
    "commitment",
    "allocation",
    "carry_over",
)
UNITS = ("62", *ABOVE)
LAST_YEAR = 2024
"""No money goes beyond it: in the course of 2025 the units and with them the rights become others."""
MEASURES = (
    "assigned", "opening_balance", "allocated", "carried_over", "received", "given", "cancelled", "returned",
    "carried_out", "committed", "disbursed", "confirmed", "reserved", "recovered", "remittable", "remitted",
    "confirmed_recovered", "confirmed_remittable", "confirmed_remitted", "succeeded_in", "succeeded_out",
)  # fmt: skip
READ_MEASURES = (
    "assigned", "opening_balance", "allocated", "carried_over", "received", "given", "cancelled", "returned",
    "carried_out", "committed", "disbursed", "confirmed", "recovered", "remitted", "available", "left",
)  # fmt: skip
EDGES = {
    "one": lambda limit: 1,
    "few": lambda limit: 7,
    "half": lambda limit: limit // 2,
    "all but one": lambda limit: limit - 1,
    "all": lambda limit: limit,
    "one too much": lambda limit: limit + 1,
    "far too much": lambda limit: 2 * limit + 50,
}
"""Amounts, by what the ledger could give."""
DAYS = (
    (-1, 12, 20),
    (0, 1, 1),
    (0, 3, 15),
    (0, 6, 15),
    (0, 6, 15),
    (0, 9, 30),
    (0, 12, 31),
    (1, 1, 20),
    (2, 2, 10),
)
"""Days by the budget year. The last one is too late, except for an entry in place of another."""


@dataclass(frozen=True)
class Draft:
    """A request whose amount follows from the balances when it is sent."""

    kind: str
    year: int
    capital: str
    component: str | None
    unit: str
    to_unit: str
    to_component: str | None
    origin: int | None
    edge: str
    document: int
    """Number of the voucher or decision; the smallest are used repeatedly."""
    spelling: int
    """The spelling of the number."""
    line_no: int | None
    paper_year: int | None
    distinct: int
    """Which recorded entry it names as distinct: 0 the latest that states the same fact, 1 any, otherwise none."""
    day: int | None
    """Which of the days it requests; None: none."""
    replaces: int
    """Which recorded entry it names as replaced: 0 one that was undone, 1 any, otherwise none."""
    project: bool
    reopens: bool
    """Whether it names the decision that reopens a closed year."""
    dry: bool
    pick: int
    """Chooses the line, the entry to be reversed and the request to be repeated."""
    any_line: bool
    """Whether the line is taken as drawn, even without money."""
    again: str


SPELLINGS = (str, str, str.lower, "\u200b".join)
"""Ways of spelling the number of a document that mean the same one."""

REOPENING = {"number": "20/QĐ-UBND", "date": "2024-03-01"}

DRAFTS = st.builds(
    Draft,
    kind=st.sampled_from(OFTEN),
    year=st.sampled_from((2023, 2023, 2023, 2022, LAST_YEAR)),
    capital=st.sampled_from(("investment", "investment", "investment", "recurrent")),
    component=st.sampled_from((None, None, PROJECT_COMPONENT, "GN.DA2")),
    unit=st.sampled_from(("610", "610", *UNITS)),
    to_unit=st.sampled_from(UNITS),
    to_component=st.sampled_from((None, None, PROJECT_COMPONENT, "GN.DA2")),
    origin=st.sampled_from((None, None, None, 2021, 2022, 2023)),
    edge=st.sampled_from(list(EDGES)),
    document=st.integers(0, 12),
    spelling=st.integers(0, len(SPELLINGS) - 1),
    line_no=st.sampled_from((None, None, None, 1, 2)),
    paper_year=st.sampled_from((None, None, None, 2022)),
    distinct=st.integers(0, 3),
    day=st.none() | st.integers(0, len(DAYS) - 1),
    replaces=st.integers(0, 7),
    project=st.booleans(),
    reopens=st.booleans(),
    dry=st.integers(0, 7).map(lambda number: number == 0),
    pick=st.integers(0, 1000),
    any_line=st.integers(0, 4).map(lambda number: number == 0),
    again=st.sampled_from(("no",) * 8 + ("same key", "same document")),
)


@dataclass(frozen=True)
class LedgerRequest:
    """A request; of a batch also its mode and its entries."""

    kind: str
    body: dict[str, Any]
    key: str
    dry: bool = False
    mode: str | None = None
    parts: tuple["LedgerRequest", ...] = ()

    def send(self, office):
        params = {"dry_run": True} if self.dry else {}
        if self.mode:
            entries = [{"kind": part.kind, **part.body} for part in self.parts]
            return office.post("batches", {"mode": self.mode, "entries": entries}, key=self.key, **params)
        return office.post(PATHS[self.kind], self.body, key=self.key, **params)


def find_refusal(ledger, request):
    """The code with which the reference refuses a request; None where it records it."""
    try:
        ledger.decide(request.kind, request.body)
    except Refused as refusal:
        return refusal.code
    return None


def by_lot(effects):
    sums: dict[Lot, Counter[str]] = {}
    for lot, measure, change in effects:
        sums.setdefault(lot, Counter())[measure] += change
    cleaned = {
        lot: {name: amount for name, amount in change.items() if amount} for lot, change in sums.items()
    }
    return {lot: change for lot, change in cleaned.items() if change}


def posted(entry):
    """The postings of an answered entry, as effects."""
    return [
        (Lot(posting["year"], entry["capital"], posting["component"], posting["unit"], posting["origin_year"]), name, posting[f"{name}_vnd"])
        for posting in entry["postings"]
        for name in MEASURES
        if posting[f"{name}_vnd"]
    ]  # fmt: skip


def without_lots(effects):
    """The sum of each measure over all lots."""
    sums: Counter[str] = Counter()
    for _, measure, change in effects:
        sums[measure] += change
    return sums


class LedgerMachine(RuleBasedStateMachine):
    """Requests of finance offices to one ledger."""

    office: ClassVar[Office]
    new_office: ClassVar[Office]
    """Of the province that answers for the land on the new map."""
    runner: ClassVar[asyncio.Runner]
    admin: ClassVar[asyncpg.Connection]
    clear: ClassVar[Callable[[], None]]
    views: ClassVar[int]
    """The number of views by which a history is read at its end."""
    agreed = False

    @initialize()
    def begin(self):
        LedgerMachine.clear()
        self.reference = ReferenceLedger(local_day(get_clock(self.office.app)()))
        self.sent, self.keys, self.documents, self.closings = [], {}, 100, {}
        line = {"capital": "investment", "unit": "610", "program": "poverty", "source": "central"}
        for kind, body in (
            ("opening_balance", {"year": 2022, "origin_year": 2021, "amount_vnd": 60}),
            ("allocation", {"year": 2022, "amount_vnd": 100}),
            ("carry_over", {"from_year": 2022, "amount_vnd": 90}),
            ("assignment", {"year": 2023, "unit": "62", "amount_vnd": 500}),
            ("allocation", {"year": 2023, "amount_vnd": 200}),
            ("allocation", {"year": 2023, "component": PROJECT_COMPONENT, "amount_vnd": 120}),
        ):
            self.send(LedgerRequest(kind, {**line, **body, "decision": DECISION}, uuid.uuid4().hex))
        self.plan_project(150, 100)

    def run(self, awaitable):
        return self.runner.run(awaitable)

    # Requests

    def make_request(self, draft):
        """Return the request of a draft, with an amount by the balances of the reference."""
        if draft.again != "no" and self.sent:
            before = self.sent[draft.pick % len(self.sent)]
            return before if draft.again == "same key" else replace(before, key=uuid.uuid4().hex)
        key = uuid.uuid4().hex
        if draft.kind in REVERSED_FIELDS:
            body = self.make_reversal(draft)
        elif draft.kind in RECOVERED_FIELDS:
            body = self.make_recovery(draft)
        else:
            body = self.make_entry(draft)
        if draft.reopens and self.reference.closed:
            body["reopened_by"] = REOPENING
        return LedgerRequest(draft.kind, body, key, draft.dry)

    def make_recovery(self, draft):
        kinds = PAYMENT_KINDS if draft.kind == "recovery" else ("recovery",)
        entries = self.reference.entries
        fitting = [entry for entry in entries if entries[entry].kind in kinds]
        choices = (list(entries) if draft.edge == "far too much" or not fitting else fitting)[::-1]
        original = choices[draft.pick % len(choices)]
        body = {RECOVERED_FIELDS[draft.kind]: original}
        if draft.day is not None:
            body["effective_on"] = self.choose_day(draft, entries[original].day.year)
        self.documents += 1
        number = draft.document if draft.document < 3 else self.documents
        if draft.document == BY_DECISION:
            body["decision"] = {**DECISION, "number": f"{number}/NQ-HĐND"}
        else:
            body["voucher"] = {"source": "KBNN", "number": f"V{number}"}
        body["amount_vnd"] = max(1, EDGES[draft.edge](self.reference.calculate_limit(draft.kind, body)))
        return body

    def make_reversal(self, draft):
        body = {REVERSED_FIELDS[draft.kind]: self.choose_entry(draft), "reason": "Nhầm"}
        if draft.kind == "reversal" and draft.day is not None:
            body["effective_on"] = self.choose_day(draft, self.reference.entries[body["reverses"]].day.year)
        return body

    def make_entry(self, draft):
        draft = self.choose_line(draft)
        body = {
            "program": "poverty",
            "source": "central",
            "capital": draft.capital,
            "unit": "62" if draft.kind == "assignment" and draft.pick % 4 else draft.unit,
            "from_year" if draft.kind == "carry_over" else "year": draft.year,
        }
        if draft.component:
            body["component"] = draft.component
        if draft.kind in {"sub_allocation", "transfer"}:
            body["to_unit"] = draft.to_unit
            if draft.to_component:
                body["to_component"] = draft.to_component
        takes_a_year = draft.kind not in {"assignment", "allocation", "supplement"}
        if draft.origin and takes_a_year and draft.origin <= draft.year:
            body["origin_year"] = draft.origin
        if draft.day is not None:
            body["effective_on"] = self.choose_day(draft, draft.year)
        self.documents += 1
        number = draft.document if draft.document < 3 else self.documents
        if draft.kind in WITH_VOUCHER and draft.document != BY_DECISION:
            body["voucher"] = {"source": "KBNN", "number": SPELLINGS[draft.spelling](f"V{number}")}
            if draft.line_no:
                body["voucher"]["line_no"] = draft.line_no
            if draft.paper_year:
                body["voucher"]["year"] = draft.paper_year
            if draft.project and draft.component == PROJECT_COMPONENT:
                body["project"] = PROJECT
        else:
            body["decision"] = {**DECISION, "number": SPELLINGS[draft.spelling](f"{number}/NQ-HĐND")}
        body["amount_vnd"] = max(1, EDGES[draft.edge](self.reference.calculate_limit(draft.kind, body)))
        self.name_entries(draft, body)
        return body

    def name_entries(self, draft, body):
        """Add the other entries that a request names, rightly or wrongly."""
        entries = list(self.reference.entries)
        any_entry = entries[draft.pick % len(entries)]
        duplicate = self.reference.find_duplicate(draft.kind, body)
        distinct_from = {0: duplicate, 1: any_entry}.get(draft.distinct)
        if distinct_from and draft.kind not in WITH_VOUCHER:
            body["distinct_from"] = {"entry": distinct_from, "reason": "Việc khác"}
        undone = [entry for entry in entries if self.reference.entries[entry].reversed_as]
        of_kind = [entry for entry in undone if self.reference.entries[entry].kind == draft.kind]
        replaced = {0: of_kind or undone, 1: entries}.get(draft.replaces)
        if replaced:
            body["replaces"] = {"entry": replaced[draft.pick % len(replaced)], "reason": "Ghi lại"}

    def choose_day(self, draft, year):
        """Return the day of a draft; the latest is not drawn for a year before the units become others."""
        years, month, day = DAYS[draft.day if year < LAST_YEAR else draft.day % (len(DAYS) - 1)]
        return date(year + years, month, day).isoformat()

    def choose_entry(self, draft):
        """Return the id of an entry to be reversed, the latest first; sometimes of a reversed one."""
        entries = list(self.reference.entries)
        in_effect = [entry for entry in entries if not self.reference.entries[entry].reversed_as]
        choices = (entries if draft.edge == "far too much" or not in_effect else in_effect)[::-1]
        return choices[draft.pick % len(choices)]

    def choose_line(self, draft):
        """Choose a line with money, and a unit that may receive it."""
        if draft.kind == "carry_over":
            draft = replace(draft, year=min(draft.year, LAST_YEAR - 1))
        if draft.kind not in OUTFLOW_KINDS or draft.any_line:
            return draft
        last = LAST_YEAR - (draft.kind == "carry_over")
        with_money = (
            lot
            for lot in self.reference.read_balances()
            if calculate_available(self.reference.lots[lot]) > 0 and lot.year <= last
        )
        lots = sorted(with_money, key=str)
        if not lots:
            return draft
        lot = lots[draft.pick % len(lots)]
        below = [unit for unit in UNITS if is_within(unit, lot.unit) and unit != lot.unit]
        to_unit = draft.to_unit if draft.kind == "transfer" or not below else below[draft.pick % len(below)]
        origin = draft.origin and lot.origin
        return replace(
            draft,
            year=lot.year,
            capital=lot.capital,
            component=lot.component,
            unit=lot.unit,
            to_unit=to_unit,
            origin=origin,
        )

    def batch(self, drafts, mode, *, dry=False):
        drafts = [replace(draft, again="no", replaces=7, document=max(draft.document, BY_DECISION + 1) if draft.document > 2 else draft.document) for draft in drafts]  # fmt: skip
        parts = [self.make_request(draft) for draft in drafts if draft.kind in WITH_VOUCHER]
        return LedgerRequest("batch", {}, uuid.uuid4().hex, dry, mode, tuple(parts))

    @rule(draft=DRAFTS)
    def send_one(self, draft):
        self.send(self.make_request(draft))

    @rule(
        drafts=st.lists(DRAFTS, min_size=4, max_size=24),
        mode=st.sampled_from(("best_effort", "all_or_nothing")),
        dry=st.integers(0, 4).map(lambda number: number == 0),
    )
    def send_batch(self, drafts, mode, dry):
        self.send(self.batch(drafts, mode, dry=dry))

    @rule(
        drafts=st.lists(DRAFTS, min_size=2, max_size=7),
        crowd=st.sampled_from(("", "", "one line", "one entry", "twins")),
        batches=st.lists(st.lists(DRAFTS, min_size=4, max_size=12), max_size=2),
    )
    def send_at_once(self, drafts, crowd, batches):
        """Many requests for one line, for the reversal of one entry, or each sent twice."""
        if crowd == "one line":
            drafts = [
                replace(draft, unit="610", component=None, capital="investment", year=2023, any_line=True) for draft in drafts
            ]  # fmt: skip
        if crowd == "one entry":
            kinds = ("reversal", "correction", "reversal")
            drafts = [*drafts, *(replace(drafts[0], kind=kind, edge="all", again="no") for kind in kinds)]
        requests = [self.make_request(draft) for draft in drafts]
        requests += [
            self.batch(batch_drafts, ("best_effort", "all_or_nothing")[len(batch_drafts) % 2])
            for batch_drafts in batches
        ]
        if crowd == "twins":
            requests += [replace(request, key=uuid.uuid4().hex) for request in requests]
        self.crowd(requests)

    @rule(year=st.sampled_from((2022, 2023)), often=st.integers(0, 3))
    def close_year(self, year, often):
        """A closing freezes the sums of the lots; it is refused where no entry changed the year since the last one."""
        if often:
            return
        closed_before = self.reference.closed.get(year)
        body = {"year": year, "unit": "62", "decision": REOPENING, "closed_on": CLOSED_ON.isoformat()}
        answer = self.run(self.office.post("closings", body))
        if closed_before == []:
            assert answer.json()["code"] == "year_already_closed", answer.text
            return
        assert answer.status_code == 201, answer.text
        frozen = {row["capital"]: row for row in answer.json()["frozen"]}
        for capital in ("investment", "recurrent"):
            expected: Counter[str] = Counter()
            for lot, balance in self.reference.read_balances().items():
                if (lot.year, lot.capital) == (year, capital):
                    expected.update(balance)
            for name in (
                "allocated",
                "carried_over",
                "committed",
                "disbursed",
                "confirmed",
                "returned",
                "carried_out",
            ):
                assert frozen.get(capital, {}).get(f"{name}_vnd", 0) == expected[name], (capital, name)
        self.reference.closed[year] = []
        self.closings[year] = answer.json()["id"]

    @invariant()
    def closings_agree(self):
        for year, closing in getattr(self, "closings", {}).items():
            entries = self.run(self.office.get(f"closings/{closing}/entries", limit=1000)).json()["items"]
            assert {entry["id"] for entry in entries} == set(self.reference.closed[year])

    def plan_project(self, total, planned):
        async def post(what, body):
            answer = await self.office.post(what, body | {"decision": DECISION})
            assert answer.status_code == 201, answer.text

        approved = {"approved_total_vnd": total}
        if self.reference.approved is None:
            named = {"code": PROJECT, "name": "Đường", "program": "poverty", "component": PROJECT_COMPONENT}
            self.run(post("projects", {**named, "unit": "610", **approved}))
        else:
            self.run(post(f"projects/{PROJECT}/approvals", approved))
        self.run(post(f"projects/{PROJECT}/plans", {"year": 2023, "planned_vnd": planned}))
        self.reference.approved, self.reference.planned[2023] = total, planned

    @rule(
        year=st.sampled_from((2022, 2023, 2024)),
        by=st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
        unit=st.sampled_from((None, "62", "610", "611")),
        project=st.none() | st.tuples(st.sampled_from((40, 150, 400)), st.sampled_from((20, 100, 300))),
        day=st.none() | st.integers(0, len(DAYS) - 2),
        instant=st.none() | st.integers(0, 1000),
        book=st.sampled_from(("agency", "treasury")),
    )  # fmt: skip
    def read_and_seal(self, year, by, unit, project, day, instant, book):
        """The project may be approved and planned again meanwhile."""
        self.run(seal_next(get_database(self.office.app), get_clock(self.office.app)))
        until = None if day is None else date(year + DAYS[day][0], *DAYS[day][1:])
        self.read(year, by, unit, until, instant, book)
        if project:
            self.plan_project(*project)

    def read(self, year, by, unit, until, instant, book):
        """Every row is the sum of its lots by the day, as known at the instant, and the total the sum of its rows."""
        parameters = {"unit": unit, "until": until and until.isoformat(), "book": book}
        known = None
        if instant is not None:
            recorded = self.run(self.fetch_recorded())
            as_of = recorded[instant % len(recorded)]["recorded_at"]
            known = {str(row["id"]) for row in recorded if row["recorded_at"] <= as_of}
            parameters["as_of"] = as_of.isoformat()
        parameters = {name: value for name, value in parameters.items() if value}
        answer = self.run(self.office.get("progress", year=year, group_by=",".join(by), **parameters))
        rows, total = answer.json()["rows"], answer.json()["total"]
        expected: dict[Any, Counter[str]] = {}
        for lot in list(self.reference.lots):
            if lot.year == year and is_within(lot.unit, unit or "62"):
                balance = self.reference.calculate_balance(lot, until or date.max, known)
                if book == "treasury":
                    balance["disbursed"] = balance["confirmed"]
                    for name in ("recovered", "remittable", "remitted"):
                        balance[name] = balance[f"confirmed_{name}"]
                named = lot._asdict() | {"origin_year": lot.origin, "program": "poverty", "source": "central"}
                row = expected.setdefault(tuple(named[name] for name in by), Counter())
                row.update(
                    {**balance, "available": calculate_available(balance), "left": calculate_left(balance)}
                )
        names = READ_MEASURES
        answered = {tuple(row[key] for key in by): [row[f"{name}_vnd"] for name in names] for row in rows}
        expected_rows = {key: [row[name] for name in names] for key, row in expected.items()}
        zeros = [0] * len(names)
        assert {key: row for key, row in answered.items() if row != zeros} == {
            key: row for key, row in expected_rows.items() if row != zeros
        }
        assert [total[f"{name}_vnd"] for name in names] == [
            sum(column) for column in zip(zeros, *answered.values(), strict=True)
        ]
        for row in [*rows, total]:
            assert row["left_vnd"] >= 0 <= row["available_vnd"] - row["disbursed_vnd"], row

    async def fetch_recorded(self):
        return await self.admin.fetch(
            "SELECT id, recorded_at, effective_on FROM funding.entries ORDER BY sequence"
        )

    def choose_views(self):
        """Return pairs of the ordinal of an entry and a day: every day of the history, as known when each entry was recorded.

        No more than `views` of them, spread over all. A day of today, as an undoing without one has, is after all that may be
        read of these years by a day.
        """
        recorded = self.run(self.fetch_recorded())
        days = sorted({day for row in recorded if (day := row["effective_on"]).year <= LAST_YEAR + 1})
        pairs = [(instant, day) for instant in range(len(recorded)) for day in days]
        return random.Random(len(pairs)).sample(pairs, min(self.views, len(pairs)))

    def check_views(self):
        """By every day, as known at every instant: each grouping agrees with the reference, and each month leaves nothing below zero."""
        for ordinal, (instant, day) in enumerate(self.choose_views()):
            year, book = choose_year(day, ordinal), ("agency", "treasury")[ordinal // 3 % 2]
            unit = (None, "62", "610")[ordinal // 6 % 3]
            self.read(year, GROUPINGS[ordinal % len(GROUPINGS)], unit, day, instant, book)
            self.check_bounds(year, "62", day, instant, book)

    def check_bounds(self, year, unit, until, instant, book):
        """In each grouping by month and without, nothing is left below zero, and no more is paid by a day than there was."""
        as_of = self.run(self.fetch_recorded())[instant]["recorded_at"]
        parameters = {
            "year": year,
            "unit": unit,
            "until": until.isoformat(),
            "as_of": as_of.isoformat(),
            "book": book,
        }
        for by in ("month", "unit,month", "unit,component,capital,origin_year"):
            answer = self.run(self.office.get("progress", group_by=by, **parameters))
            assert answer.status_code == 200, answer.text
            paid: Counter[Any] = Counter()
            for row in sorted(answer.json()["rows"], key=lambda row: row.get("month", "")):
                line = tuple(row[key] for key in by.split(",") if key != "month")
                paid[line] += row["disbursed_vnd"]
                assert 0 <= paid[line] <= row["available_vnd"], (parameters, by, row)
                assert row["left_vnd"] >= 0, (parameters, by, row)
            total = answer.json()["total"]
            assert 0 <= total["disbursed_vnd"] <= total["available_vnd"], (parameters, by, total)
            assert total["left_vnd"] >= 0, (parameters, by, total)

    # One request after another

    def send(self, request):
        self.agreed = False
        before = self.keys.get(request.key)
        answer = self.run(request.send(self.office))
        if before is not None:
            assert answer.headers["idempotent-replay"] == "true"
            assert answer.json() == before
        elif request.mode:
            self.check_batch(request, answer)
        else:
            self.check(request, answer)
        self.remember(request, answer)

    def remember(self, request, answer):
        self.sent.append(request)
        if answer.status_code in {200, 201} and not request.dry:
            self.keys[request.key] = answer.json()

    def check(self, request, answer):
        body = answer.json()
        try:
            effects = self.reference.decide(request.kind, request.body)
        except Existing as existing:
            note(f"{request.kind} {request.body} -> existing")
            assert (answer.status_code, body["id"]) == (200, existing.entry), answer.text
            return
        except Refused as refusal:
            note(f"{request.kind} {request.body} -> {refusal.code}")
            assert body.get("code") == refusal.code, answer.text
            if isinstance(refusal, Duplicate):
                assert body["entry"] == refusal.entry
            if request.kind in OUTFLOW_KINDS and refusal.code == "insufficient_funds":
                self.check_shortage(request, body)
            return
        note(f"{request.kind} {request.body} -> {effects}{' (dry)' if request.dry else ''}")
        assert answer.status_code == (200 if request.dry else 201), answer.text
        assert by_lot(posted(body)) == by_lot(effects)
        assert body["effective_on"] == self.reference.find_day(request.kind, request.body).isoformat()
        ledger = self.reference.copy() if request.dry else self.reference
        ledger.record(body["id"], request.kind, request.body, effects)
        for item in body["lots"]:
            lot = Lot(item["year"], body["capital"], item["component"], item["unit"], item["origin_year"])
            answered = item["available_vnd"], item["left_vnd"], item["uncommitted_vnd"]
            balance = ledger.lots[lot]
            assert answered == (
                calculate_available(balance),
                calculate_left(balance),
                calculate_unreserved(balance),
            ), lot

    def check_shortage(self, request, problem):
        """The remainder is the lowest of any day, and the named entries have used all that had come by that day."""
        reference, day = self.reference, self.reference.find_day(request.kind, request.body)
        measures = MEASURES_TAKEN[request.kind]
        least = {
            lot: reference.find_least(measures, lot, day) for lot in reference.select_line_lots(request.body)
        }
        assert problem["available_vnd"] == sum(max(0, amount) for amount, _, _ in least.values())
        assert [
            (lot["origin_year"], lot["available_vnd"], lot["from"], lot["book"]) for lot in problem["lots"]
        ] == [
            (
                lot.origin,
                max(0, amount),
                first_day.isoformat(),
                "treasury" if measures[order] is calculate_unconfirmed else "agency",
            )
            for lot, (amount, order, first_day) in least.items()
        ]
        if request.dry:
            used = 0
            for lot, (amount, _, first_day) in least.items():
                balance = reference.calculate_balance(lot, first_day)
                used += sum(balance[name] for name in INFLOW_MEASURES) - amount
            assert problem["consumed_in_all"]["taken_vnd"] == used

    def check_batch(self, request, answer):
        """Each entry is decided on what the ones before it leave; with `all_or_nothing` one refusal refuses all.

        With `all_or_nothing`, faults of the body are reported before refusals.
        """
        trial, verdicts, new = self.reference.copy(), [], []
        for ordinal, part in enumerate(request.parts):
            try:
                effects = trial.decide(part.kind, part.body)
            except Existing:
                verdicts.append("existing")
            except Refused as refusal:
                verdicts.append(refusal.code)
            else:
                trial.record(f"new {ordinal}", part.kind, part.body, effects)
                new.append((ordinal, part, effects))
                verdicts.append("recorded")
        note(f"batch {request.mode} {[(part.kind, part.body) for part in request.parts]} -> {verdicts}")
        refused = [verdict for verdict in verdicts if verdict not in {"existing", "recorded"}]
        if "invalid" in refused and request.mode == "all_or_nothing":
            assert answer.json().get("code") == "invalid", answer.text
            invalid = {int(fault["pointer"].split("/")[2]) for fault in answer.json()["errors"]}
            assert invalid == {ordinal for ordinal, verdict in enumerate(verdicts) if verdict == "invalid"}
            return
        if refused and request.mode == "all_or_nothing":
            assert answer.json().get("code") == "batch_refused", answer.text
            assert [verdict["code"] for verdict in answer.json()["verdicts"]] == refused
            return
        assert answer.status_code == 200, answer.text
        answered = answer.json()["verdicts"]
        assert [verdict["code"] or verdict["outcome"] for verdict in answered] == verdicts
        if not request.dry:
            for ordinal, part, effects in new:
                self.reference.record(answered[ordinal]["entry"], part.kind, part.body, effects)

    # Many requests at once

    def crowd(self, requests):
        self.agreed = False
        answers = self.run(self.gather(requests))
        lots_before = set(self.reference.read_balances())
        recorded: dict[str, Any] = {}
        refused = []
        for request, answer in zip(requests, answers, strict=True):
            note(f"at once: {request} -> {answer.status_code} {answer.text[:200]}")
            assert answer.status_code in {200, 201, 409, 422}, answer.text
            parts = self.parts(request, answer)
            recorded |= {
                entry: part for part, entry in parts if entry and entry not in self.reference.entries
            }
            refused += [(part, code) for part, code in self.refusals(request, answer) if code]
        entries = self.run(self.fetch(recorded))
        unexplained = refused
        for entry in sorted(entries, key=lambda entry: entry["sequence"]):
            unexplained = [
                (part, code) for part, code in unexplained if find_refusal(self.reference, part) != code
            ]
            request, effects = recorded[entry["id"]], posted(entry)
            # another request with its voucher may have recorded it, with a day or without
            body = request.body | {"effective_on": entry["effective_on"]}
            expected = self.reference.decide(request.kind, body)
            if by_lot(effects) != by_lot(
                expected
            ):  # a lot that was created meanwhile may not have been visible
                assert set(self.reference.read_balances()) != lots_before, (effects, expected)
                assert without_lots(effects) == without_lots(expected), (effects, expected)
            self.reference.record(entry["id"], request.kind, body, effects)
            assert self.reference.is_valid(), entry
        unexplained = [
            (part, code) for part, code in unexplained if find_refusal(self.reference, part) != code
        ]
        if set(self.reference.read_balances()) <= lots_before:
            assert not unexplained, unexplained
        for request, answer in zip(requests, answers, strict=True):
            self.remember(request, answer)

    async def gather(self, requests):
        return await asyncio.gather(*(request.send(self.office) for request in requests))

    async def fetch(self, ids):
        answers = await asyncio.gather(*(self.office.get(f"entries/{entry_id}") for entry_id in ids))
        return [answer.json() for answer in answers]

    def parts(self, request, answer):
        """The parts of a request with their entries, recorded now or before."""
        if answer.status_code not in {200, 201} or request.dry:
            return []
        if request.mode:
            verdicts = answer.json()["verdicts"]
            return [(part, verdict["entry"]) for part, verdict in zip(request.parts, verdicts, strict=True)]
        return [(request, answer.json()["id"])]

    def refusals(self, request, answer):
        """The refused parts with their codes. Verdicts of batches are on what their own entries left, and not checked here."""
        return [] if request.mode or answer.status_code in {200, 201} else [(request, answer.json()["code"])]

    @invariant()
    def balances_agree(self):
        if hasattr(self, "reference"):
            self.agreed = False
            lots, postings = self.run(self.read_balances())
            assert lots == postings, "a lot is not the sum of its postings"
            assert lots == self.reference.read_balances()
            assert self.reference.is_valid()
            self.agreed = True

    async def read_balances(self):
        names = ", ".join(f"{name}_vnd" for name in MEASURES)
        key = "year, capital, component, unit, origin_year"
        lots = await self.admin.fetch(f"SELECT {key}, {names} FROM funding.lots")
        sums = ", ".join(f"sum(postings.{name}_vnd)::bigint AS {name}_vnd" for name in MEASURES)
        postings = await self.admin.fetch(
            f"SELECT {', '.join(f'lots.{name}' for name in key.split(', '))}, {sums} FROM funding.postings"
            " JOIN funding.lots ON lots.id = lot_id GROUP BY 1, 2, 3, 4, 5"
        )
        return to_balances(lots), to_balances(postings)

    def teardown(self):
        if self.agreed:
            self.run(self.check_all_days())
            self.check_views()
            later = self.pass_on() + self.use_passed_on()
            self.run(self.check_all_days())
            for ordinal, (instant, day) in enumerate(self.choose_views()):
                place = ("62", "610", "51")[ordinal % 3]
                self.check_bounds(choose_year(day, ordinal // 3), place, day, instant, "agency")
            findings = self.run(self.verify_ledger())
            assert findings.faults == []
            assert findings.entries == len(self.reference.entries) + later
            assert findings.unsealed == 0

    def pass_on(self):
        """Pass what is left of every unit that ended to the unit that answers: no figure of a year changes.

        Returns the number of entries. What is left in one book alone stays.
        """
        readings = [
            {"year": year, "group_by": by, "book": book, **parameters}
            for year in (2022, 2023, 2024)
            for parameters, by in (({}, "capital,origin_year"), ({"unit": "62"}, "unit,component"), ({"unit": "610"}, "unit"))
            for book in ("agency", "treasury")
        ]  # fmt: skip
        before = [self.read_rows(reading) for reading in readings]
        waiting = self.run(self.office.get("successions/waiting")).json()
        assert waiting["left_vnd"] == sum(map(calculate_left, self.reference.lots.values()))
        passed_on_vnd = count = 0
        successors = {item["unit"]: item["proposed_unit"] or "51" for item in waiting["items"]}
        for unit, to_unit in sorted(successors.items()):
            movable = [
                self.reference.calculate_limit_of_lot(MEASURES_TAKEN["carry_over"], lot, NEW_MAP_DAY)
                for lot in list(self.reference.lots)
                if lot.unit == unit
            ]
            lines = [{"unit": unit, "to_unit": to_unit}]
            body = {"decision": DECISION, "lines": lines, "effective_on": NEW_MAP_DAY.isoformat()}
            answer = self.run(self.new_office.post("successions", body))
            assert answer.status_code == (201 if sum(movable) else 409), answer.text
            if sum(movable):
                assert answer.json()["amount_vnd"] == sum(movable)
                count += len(answer.json()["entries"])
            passed_on_vnd += sum(movable)
        assert [self.read_rows(reading) for reading in readings] == before
        left_vnd = self.run(self.office.get("successions/waiting")).json()["left_vnd"]
        assert left_vnd == waiting["left_vnd"] - passed_on_vnd
        return count

    def use_passed_on(self):
        """Use money where it passed on: on the map of before, it is used by the units that had it, once and within what they had.

        Returns the number of entries.
        """
        readings: list[dict[str, Any]] = [
            {"year": year, "unit": "62", "group_by": by, "book": book}
            for year in (2022, 2023, 2024)
            for by in ("unit,origin_year", "unit,month")
            for book in ("agency", "treasury")
        ]
        before = [self.read_rows(reading)[1] for reading in readings]
        used: Counter[tuple[int, str]] = Counter()
        count = 0
        for lot in self.run(self.fetch_successors()):
            names = ("year", "program", "component", "capital", "source", "unit", "origin_year")
            line = {name: lot[name] for name in names}
            left = lot["left_vnd"]
            for kind, amount, day in (
                ("disbursement", left // 3, "2025-09-01"),
                ("disbursement", left // 4, "2025-09-01"),
                ("confirmation", left // 3, "2025-09-05"),
                ("commitment", left // 5, "2025-09-10"),
                ("return", left // 7, "2025-09-20"),
            ):
                paper = {"voucher": {"source": "KBNN", "number": f"S{count}-{uuid.uuid4().hex}"}}
                if kind == "return":
                    paper = {"decision": {**DECISION, "number": f"S{count}"}}
                body = {
                    **line,
                    "amount_vnd": max(1, amount),
                    "effective_on": day,
                    **paper,
                    "reopened_by": REOPENING,
                }
                answer = self.run(self.new_office.post(PATHS[kind], body))
                must_be_recorded = kind == "disbursement" and amount
                assert answer.status_code in ({201} if must_be_recorded else {201, 409}), answer.text
                if answer.status_code != 201:
                    continue
                count += 1
                amount_vnd = body["amount_vnd"]
                if kind in PAYMENT_KINDS:
                    amount_vnd -= self.take_back(answer.json()["id"], amount_vnd, count)
                    count += 1
                used[lot["year"], kind] += amount_vnd
        for reading, total_before in zip(readings, before, strict=True):
            rows, total = self.read_rows(reading)
            paid_as = "disbursement" if reading["book"] == "agency" else "confirmation"
            expected = {
                "available_vnd": total_before["available_vnd"],
                "disbursed_vnd": total_before["disbursed_vnd"] + used[reading["year"], paid_as],
                "returned_vnd": total_before["returned_vnd"] + used[reading["year"], "return"],
            }
            assert {name: total[name] for name in expected} == expected, reading
            for row in [*rows, total]:
                assert row["left_vnd"] >= 0, (reading, row)
                if "month" not in reading["group_by"]:
                    assert 0 <= row["disbursed_vnd"] <= row["available_vnd"], (reading, row)
            for name in ("available_vnd", "left_vnd") if "month" not in reading["group_by"] else ():
                assert sum(row[name] for row in rows) == total[name]
        return count

    def take_back(self, payment, amount, count):
        """Correct every third payment, and recover a part of the others; returns what is not paid then."""
        if count % 3 == 0:
            body = {"corrects": payment, "reason": "Nhầm", "reopened_by": REOPENING}
            answer = self.run(self.new_office.post("corrections", body))
            part = amount
        else:
            part = max(1, amount // 2)
            paper = {"voucher": {"source": "KBNN", "number": f"R{count}-{uuid.uuid4().hex}"}}
            body = {"recovers": payment, "amount_vnd": part, "effective_on": "2025-10-01", **paper}
            answer = self.run(self.new_office.post("recoveries", body))
        assert answer.status_code == 201, answer.text
        return part

    async def fetch_successors(self):
        """Some lots that took money over, of which nothing is paid yet."""
        left = " + ".join(f"{name}_vnd" for name in INFLOW_MEASURES)
        return await self.admin.fetch(
            f"SELECT *, {left} AS left_vnd FROM funding.lots WHERE succeeded_in_vnd > 0 ORDER BY id LIMIT 3"
        )

    def read_rows(self, reading):
        answer = self.run(self.office.get("progress", **reading)).json()
        return answer["rows"], answer["total"]

    async def check_all_days(self):
        """Check that on no day, as known at any instant, more is paid than there was, in either book."""
        names = ", ".join(f"{name}_vnd AS {name}" for name in MEASURES)
        rows = await self.admin.fetch(
            f"SELECT lot_id, entries.effective_on, postings.effective_on AS posted_on, recorded_at, {names}"
            " FROM funding.postings JOIN funding.entries ON entries.year = postings.year AND entries.id = entry_id"
        )
        lots: dict[int, list[Any]] = {}
        for row in rows:
            assert row["posted_on"] == row["effective_on"]
            lots.setdefault(row["lot_id"], []).append(row)
        for postings in lots.values():
            for as_of in {row["recorded_at"] for row in postings}:
                known = [row for row in postings if row["recorded_at"] <= as_of]
                for day in {row["effective_on"] for row in known}:
                    balance: Counter[str] = Counter()
                    for row in known:
                        if row["effective_on"] <= day:
                            balance.update({name: row[name] for name in MEASURES})
                    available = calculate_available(balance)
                    assert 0 <= balance["disbursed"] <= available, (day, as_of, balance)
                    assert 0 <= balance["confirmed"] <= available, (day, as_of, balance)
                    assert calculate_left(balance) >= 0, (day, as_of, balance)
                    assert calculate_unconfirmed(balance) >= 0, (day, as_of, balance)

    async def verify_ledger(self):
        database = get_database(self.office.app)
        while await seal_next(database, get_clock(self.office.app)):
            pass
        async with database.reading() as session:
            return await verify(session)


def choose_year(day, ordinal):
    """Return one of the budget years that may be read by a day: its own, the one before or after."""
    years = [year for year in (2023, 2022, LAST_YEAR) if abs(day.year - year) <= 1]
    return years[ordinal % len(years)]


def to_balances(rows):
    balances = {}
    for row in rows:
        assert min(row[f"{name}_vnd"] for name in MEASURES) >= 0, row
        lot = Lot(row["year"], row["capital"], row["component"], row["unit"], row["origin_year"])
        balances[lot] = {name: row[f"{name}_vnd"] for name in MEASURES if row[f"{name}_vnd"]}
    return {lot: balance for lot, balance in balances.items() if balance}


@pytest.mark.race
@pytest.mark.parametrize("histories", short_and_long(FEW, MANY))
def test_the_ledger_equals_the_reference_ledger(database, postgres_server, issuer, histories):
    app = issuer.trust(build_app(database))
    token = issuer.token("finance", ["funding"], ["rural", "poverty", "ethnic"], ["62"], lives=LONG)
    with asyncio.Runner() as runner:
        opened = open_client(app)
        LedgerMachine.runner, LedgerMachine.office = (
            runner,
            Office(runner.run(opened.__aenter__()), token, app),
        )
        new_token = issuer.token("new-finance", ["funding"], ["poverty"], ["51"], lives=LONG)
        LedgerMachine.new_office = Office(LedgerMachine.office.http, new_token, app)
        LedgerMachine.views = MANY_VIEWS if histories == MANY else FEW_VIEWS
        LedgerMachine.clear = staticmethod(partial(postgres_server.clear, database))
        LedgerMachine.admin = runner.run(asyncpg.connect(database.admin_url))
        try:
            run_state_machine_as_test(
                LedgerMachine,
                settings=settings(
                    max_examples=histories,
                    stateful_step_count=60 if histories == MANY else 30,
                    derandomize=histories == FEW,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(LedgerMachine.admin.close())
            runner.run(opened.__aexit__(None, None, None))
