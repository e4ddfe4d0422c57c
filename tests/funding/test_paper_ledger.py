"""The real ledger against a ledger on paper: whatever is asked of it, in whatever order and how many at once.

After every step each lot holds what the paper says and what its postings add up to, and nothing is below zero. What many ask
for at once must be what the same ones would have got in some order: those that took effect, in the order of the journal;
those that were refused, at some point of it. The long form searches other histories in each run.
"""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.funding.journal.sealer import seal_next
from services.funding.journal.verify import verify
from tests.application import get_clock, get_database
from tests.forms import short_and_long
from tests.funding.conftest import DECISION, Office, build_app
from tests.funding.paper_ledger import (
    ABOVE,
    IN,
    PROJECT,
    PROJECT_COMPONENT,
    Duplicate,
    Existing,
    Lot,
    PaperLedger,
    Refused,
    within,
)
from tests.in_process import open_client

FEW, MANY = 8, 200
"""How many histories are searched for what breaks the ledger: a few, the same in every run; or many."""

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
    "reversal": "reversals",
}
LONG = timedelta(hours=6)
"""How long the token of a long search is valid."""

WITH_VOUCHER = ("commitment", "disbursement", "confirmation")
BY_DECISION = 7
"""The paper of a payment or commitment that has no voucher but a decision."""
TAKES = ("sub_allocation", "transfer", "cancellation", "return", "carry_over", *WITH_VOUCHER)
TAKES_MONEY = frozenset(TAKES) - {"confirmation"}
OFTEN = (*PATHS, "reversal", "disbursement", "disbursement", "commitment", "allocation", "carry_over")
UNITS = ("62", *ABOVE)
LAST_YEAR = 2024
"""No money goes beyond it: in the course of 2025 the units and with them the rights become others."""
MEASURES = (
    "assigned", "opening_balance", "allocated", "carried_over", "received", "given", "cancelled", "returned",
    "carried_out", "committed", "disbursed", "confirmed", "reserved",
)  # fmt: skip
EDGES = {
    "one": lambda room: 1,
    "few": lambda room: 7,
    "half": lambda room: room // 2,
    "all but one": lambda room: room - 1,
    "all": lambda room: room,
    "one too much": lambda room: room + 1,
    "far too much": lambda room: 2 * room + 50,
}
"""Amounts, by what the ledger could give."""


@dataclass(frozen=True)
class Wish:
    """What a clerk would like to do; the amount is settled when it is known what there is."""

    kind: str
    year: int
    capital: str
    component: str | None
    unit: str
    to_unit: str
    to_component: str | None
    origin: int | None
    edge: str
    paper: int
    """Number of the voucher or decision; the smallest are used again and again."""
    distinct: int
    """Which recorded entry it is said to be distinct from: 0 the latest that looks the same, 1 any, otherwise none."""
    project: bool
    dry: bool
    pick: int
    """Which line that has money is meant, which entry is reversed, which former request is repeated."""
    astray: bool
    """The line is meant as it is said, whether it has money or not."""
    again: str


WISHES = st.builds(
    Wish,
    kind=st.sampled_from(OFTEN),
    year=st.sampled_from((2023, 2023, 2023, 2022, LAST_YEAR)),
    capital=st.sampled_from(("investment", "investment", "investment", "recurrent")),
    component=st.sampled_from((None, None, PROJECT_COMPONENT, "GN.DA2")),
    unit=st.sampled_from(("610", "610", *UNITS)),
    to_unit=st.sampled_from(UNITS),
    to_component=st.sampled_from((None, None, PROJECT_COMPONENT, "GN.DA2")),
    origin=st.sampled_from((None, None, None, 2021, 2022, 2023)),
    edge=st.sampled_from(list(EDGES)),
    paper=st.integers(0, 12),
    distinct=st.integers(0, 3),
    project=st.booleans(),
    dry=st.integers(0, 7).map(lambda it: it == 0),
    pick=st.integers(0, 1000),
    astray=st.integers(0, 4).map(lambda it: it == 0),
    again=st.sampled_from(("no",) * 8 + ("same key", "same paper")),
)


@dataclass(frozen=True)
class Ask:
    """A request as it is sent. A batch says its mode, and what it asks for one by one."""

    kind: str
    said: dict
    key: str
    dry: bool = False
    mode: str | None = None
    parts: tuple = ()

    def send(self, office):
        params = {"dry_run": True} if self.dry else {}
        if self.mode:
            entries = [{"kind": each.kind, **each.said} for each in self.parts]
            return office.post("batches", {"mode": self.mode, "entries": entries}, key=self.key, **params)
        return office.post(PATHS[self.kind], self.said, key=self.key, **params)


def judged(ledger, ask):
    """What the paper says to a request: the code of a refusal, or None."""
    try:
        ledger.effects(ask.kind, ask.said)
    except Refused as refusal:
        return refusal.code
    return None


def by_lot(effects):
    found = {}
    for lot, measure, change in effects:
        found.setdefault(lot, Counter())[measure] += change
    cleaned = {lot: {name: change for name, change in it.items() if change} for lot, it in found.items()}
    return {lot: it for lot, it in cleaned.items() if it}


def posted(entry):
    """The postings of an answered entry, as effects."""
    return [
        (Lot(it["year"], entry["capital"], it["component"], it["unit"], it["origin_year"]), name, it[f"{name}_vnd"])
        for it in entry["postings"]
        for name in MEASURES
        if it[f"{name}_vnd"]
    ]  # fmt: skip


def without_lots(effects):
    """How much of each measure, wherever it went."""
    found = Counter()
    for _, measure, change in effects:
        found[measure] += change
    return found


class Offices(RuleBasedStateMachine):
    """Finance offices at work on one ledger."""

    office = runner = admin = clear = None
    agreed = False

    @initialize()
    def begin(self):
        self.clear()
        self.paper, self.sent, self.keys, self.papers = PaperLedger(), [], {}, 100
        line = {"capital": "investment", "unit": "610", "program": "poverty", "source": "central"}
        for kind, said in (
            ("opening_balance", {"year": 2022, "origin_year": 2021, "amount_vnd": 60}),
            ("allocation", {"year": 2022, "amount_vnd": 100}),
            ("carry_over", {"from_year": 2022, "amount_vnd": 90}),
            ("assignment", {"year": 2023, "unit": "62", "amount_vnd": 500}),
            ("allocation", {"year": 2023, "amount_vnd": 200}),
            ("allocation", {"year": 2023, "component": PROJECT_COMPONENT, "amount_vnd": 120}),
        ):
            self.ask(Ask(kind, {**line, **said, "decision": DECISION}, uuid.uuid4().hex))
        self.do_plan_the_project(150, 100)

    def run(self, awaitable):
        return self.runner.run(awaitable)

    # What is asked for

    def settled(self, wish):
        """Make a request of a wish, by what the paper says that there is."""
        if wish.again != "no" and self.sent:
            before = self.sent[wish.pick % len(self.sent)]
            return before if wish.again == "same key" else replace(before, key=uuid.uuid4().hex)
        key = uuid.uuid4().hex
        if wish.kind == "reversal":
            return Ask("reversal", {"reverses": self.wrong(wish), "reason": "Nhầm"}, key, wish.dry)
        wish = self.where_it_is_meant(wish)
        said = {
            "program": "poverty",
            "source": "central",
            "capital": wish.capital,
            "unit": "62" if wish.kind == "assignment" and wish.pick % 4 else wish.unit,
            "from_year" if wish.kind == "carry_over" else "year": wish.year,
        }
        if wish.component:
            said["component"] = wish.component
        if wish.kind in {"sub_allocation", "transfer"}:
            said["to_unit"] = wish.to_unit
            if wish.to_component:
                said["to_component"] = wish.to_component
        takes_a_year = wish.kind not in {"assignment", "allocation", "supplement"}
        if wish.origin and takes_a_year and wish.origin <= wish.year:
            said["origin_year"] = wish.origin
        self.papers += 1
        number = wish.paper if wish.paper < 3 else self.papers
        if wish.kind in WITH_VOUCHER and wish.paper != BY_DECISION:
            said["voucher"] = {"source": "KBNN", "number": f"V{number}"}
            if wish.project and wish.component == PROJECT_COMPONENT:
                said["project"] = PROJECT
        else:
            said["decision"] = {**DECISION, "number": f"{number}/NQ-HĐND"}
        said["amount_vnd"] = max(1, EDGES[wish.edge](self.paper.room(wish.kind, said)))
        entries = list(self.paper.entries)
        distinct_from = {0: self.paper.same(wish.kind, said), 1: entries[wish.pick % len(entries)]}.get(
            wish.distinct
        )
        if distinct_from and wish.kind not in WITH_VOUCHER:
            said["distinct_from"] = {"entry": distinct_from, "reason": "Việc khác"}
        return Ask(wish.kind, said, key, wish.dry)

    def wrong(self, wish):
        """Pick an entry to undo, the latest first; now and then one that was undone."""
        entries = list(self.paper.entries)
        live = [it for it in entries if not self.paper.entries[it].undone]
        found = (entries if wish.edge == "far too much" or not live else live)[::-1]
        return found[wish.pick % len(found)]

    def where_it_is_meant(self, wish):
        """Mean a line that has something, unless astray, and move its money to where it may go."""
        if wish.kind == "carry_over":
            wish = replace(wish, year=min(wish.year, LAST_YEAR - 1))
        if wish.kind not in TAKES or wish.astray:
            return wish
        last = LAST_YEAR - (wish.kind == "carry_over")
        having = (lot for lot in self.paper.held() if self.paper.had(lot) > 0 and lot.year <= last)
        lots = sorted(having, key=str)
        if not lots:
            return wish
        lot = lots[wish.pick % len(lots)]
        below = [unit for unit in UNITS if within(unit, lot.unit) and unit != lot.unit]
        to_unit = wish.to_unit if wish.kind == "transfer" or not below else below[wish.pick % len(below)]
        origin = wish.origin and lot.origin
        return replace(
            wish,
            year=lot.year,
            capital=lot.capital,
            component=lot.component,
            unit=lot.unit,
            to_unit=to_unit,
            origin=origin,
        )

    def batch(self, wishes, mode, *, dry=False):
        wishes = [replace(it, again="no", paper=max(it.paper, BY_DECISION + 1) if it.paper > 2 else it.paper) for it in wishes]  # fmt: skip
        wanted = [self.settled(it) for it in wishes if it.kind in WITH_VOUCHER]
        return Ask("batch", {}, uuid.uuid4().hex, dry, mode, tuple(wanted))

    @rule(wish=WISHES)
    def one(self, wish):
        self.ask(self.settled(wish))

    @rule(
        wishes=st.lists(WISHES, min_size=4, max_size=24),
        mode=st.sampled_from(("best_effort", "all_or_nothing")),
        dry=st.integers(0, 4).map(lambda it: it == 0),
    )
    def many_in_one_call(self, wishes, mode, dry):
        self.ask(self.batch(wishes, mode, dry=dry))

    @rule(
        wishes=st.lists(WISHES, min_size=2, max_size=7),
        crowd=st.sampled_from(("", "", "one line", "one entry", "twins")),
        batches=st.lists(st.lists(WISHES, min_size=4, max_size=12), max_size=2),
    )
    def many_at_once(self, wishes, crowd, batches):
        """A crowd may press for the same line, for one entry's reversal, or say the same twice."""
        if crowd == "one line":
            wishes = [
                replace(it, unit="610", component=None, capital="investment", year=2023, astray=True) for it in wishes
            ]  # fmt: skip
        if crowd == "one entry":
            wishes = [*wishes, *(replace(wishes[0], kind="reversal", edge="all", again="no") for _ in "123")]
        asks = [self.settled(it) for it in wishes]
        asks += [self.batch(each, ("best_effort", "all_or_nothing")[len(each) % 2]) for each in batches]
        if crowd == "twins":
            asks += [replace(it, key=uuid.uuid4().hex) for it in asks]
        self.crowd(asks)

    def do_plan_the_project(self, total, planned):
        async def post(what, said):
            answer = await self.office.post(what, said | {"decision": DECISION})
            assert answer.status_code == 201, answer.text

        approved = {"approved_total_vnd": total}
        if self.paper.approved is None:
            named = {"code": PROJECT, "name": "Đường", "program": "poverty", "component": PROJECT_COMPONENT}
            self.run(post("projects", {**named, "unit": "610", **approved}))
        else:
            self.run(post(f"projects/{PROJECT}/approvals", approved))
        self.run(post(f"projects/{PROJECT}/plans", {"year": 2023, "planned_vnd": planned}))
        self.paper.approved, self.paper.planned[2023] = total, planned

    @rule(
        year=st.sampled_from((2022, 2023, 2024)),
        by=st.lists(st.sampled_from(("capital", "component", "unit", "origin_year", "program", "source")), min_size=1, unique=True),
        unit=st.sampled_from((None, "62", "610", "611")),
        project=st.none() | st.tuples(st.sampled_from((40, 150, 400)), st.sampled_from((20, 100, 300))),
    )  # fmt: skip
    def the_books_are_read_and_sealed(self, year, by, unit, project):
        """Meanwhile the project may be approved and planned anew."""
        self.run(seal_next(get_database(self.office.app), get_clock(self.office.app)))
        self.read(year, by, unit)
        if project:
            self.do_plan_the_project(*project)

    def read(self, year, by, unit):
        """Every row is the sum of its lots, and the total the sum of its rows."""
        answer = self.run(
            self.office.get("progress", year=year, group_by=",".join(by), **({"unit": unit} if unit else {}))
        )
        *rows, total = answer.json()["rows"]
        expected = {}
        for lot, held in self.paper.held().items():
            if lot.year == year and within(lot.unit, unit or "62"):
                named = lot._asdict() | {"origin_year": lot.origin, "program": "poverty", "source": "central"}
                row = expected.setdefault(tuple(named[it] for it in by), Counter())
                row.update({**held, "available": self.paper.had(lot), "left": self.paper.left(lot)})
        said = [*MEASURES[:-1], "available", "left"]
        found = {tuple(row[it] for it in by): [row[f"{name}_vnd"] for name in said] for row in rows}
        meant = {key: [row[name] for name in said] for key, row in expected.items()}
        nothing = [0] * len(said)
        assert {key: row for key, row in found.items() if row != nothing} == {
            key: row for key, row in meant.items() if row != nothing
        }
        assert [total[f"{name}_vnd"] for name in said] == [
            sum(column) for column in zip(nothing, *found.values(), strict=True)
        ]

    # One after the other

    def ask(self, ask):
        self.agreed = False
        before = self.keys.get(ask.key)
        answer = self.run(ask.send(self.office))
        if before is not None:
            assert answer.headers["idempotent-replay"] == "true"
            assert answer.json() == before
        elif ask.mode:
            self.judge_batch(ask, answer)
        else:
            self.judge(ask, answer)
        self.remember(ask, answer)

    def remember(self, ask, answer):
        self.sent.append(ask)
        if answer.status_code in {200, 201} and not ask.dry:
            self.keys[ask.key] = answer.json()

    def judge(self, ask, answer):
        said = answer.json()
        try:
            effects = self.paper.effects(ask.kind, ask.said)
        except Existing as found:
            note(f"{ask.kind} {ask.said} -> existing")
            assert (answer.status_code, said["id"]) == (200, found.entry), answer.text
            return
        except Refused as refusal:
            note(f"{ask.kind} {ask.said} -> {refusal.code}")
            assert said.get("code") == refusal.code, answer.text
            if isinstance(refusal, Duplicate):
                assert said["entry"] == refusal.entry
            if ask.dry and ask.kind in TAKES_MONEY and refusal.code == "insufficient_funds":
                came = sum(self.paper.lots[lot][one] for lot in self.paper.of_line(ask.said) for one in IN)
                assert said["consumed_in_all"]["taken_vnd"] == came - said["available_vnd"]
            return
        note(f"{ask.kind} {ask.said} -> {effects}{' (dry)' if ask.dry else ''}")
        assert answer.status_code == (200 if ask.dry else 201), answer.text
        assert by_lot(posted(said)) == by_lot(effects)
        ledger = self.paper.copied() if ask.dry else self.paper
        ledger.write(said["id"], ask.kind, ask.said, effects)
        for it in said["lots"]:
            lot = Lot(it["year"], said["capital"], it["component"], it["unit"], it["origin_year"])
            stated = it["available_vnd"], it["left_vnd"], it["uncommitted_vnd"]
            assert stated == (ledger.had(lot), ledger.left(lot), ledger.free(lot)), lot

    def judge_batch(self, ask, answer):
        """Each on what the ones before it leave; all or nothing leaves nothing where one was refused.

        Of all or nothing, faults of the body come before refusals.
        """
        trial, verdicts, new = self.paper.copied(), [], []
        for at, part in enumerate(ask.parts):
            try:
                effects = trial.effects(part.kind, part.said)
            except Existing:
                verdicts.append("existing")
            except Refused as refusal:
                verdicts.append(refusal.code)
            else:
                trial.write(f"new {at}", part.kind, part.said, effects)
                new.append((at, part, effects))
                verdicts.append("recorded")
        note(f"batch {ask.mode} {[(it.kind, it.said) for it in ask.parts]} -> {verdicts}")
        refused = [it for it in verdicts if it not in {"existing", "recorded"}]
        if "invalid" in refused and ask.mode == "all_or_nothing":
            assert answer.json().get("code") == "invalid", answer.text
            wrong = {int(it["pointer"].split("/")[2]) for it in answer.json()["errors"]}
            assert wrong == {at for at, verdict in enumerate(verdicts) if verdict == "invalid"}
            return
        if refused and ask.mode == "all_or_nothing":
            assert answer.json().get("code") == "batch_refused", answer.text
            assert [it["code"] for it in answer.json()["verdicts"]] == refused
            return
        assert answer.status_code == 200, answer.text
        told = answer.json()["verdicts"]
        assert [it["code"] or it["outcome"] for it in told] == verdicts
        if not ask.dry:
            for at, part, effects in new:
                self.paper.write(told[at]["entry"], part.kind, part.said, effects)

    # All at once

    def crowd(self, asks):
        self.agreed = False
        answers = self.run(self.gather(asks))
        lots_before = set(self.paper.held())
        done, refused = {}, []
        for ask, answer in zip(asks, answers, strict=True):
            note(f"at once: {ask} -> {answer.status_code} {answer.text[:200]}")
            assert answer.status_code in {200, 201, 409, 422}, answer.text
            parts = self.parts(ask, answer)
            done |= {entry: part for part, entry in parts if entry and entry not in self.paper.entries}
            refused += [(part, code) for part, code in self.refusals(ask, answer) if code]
        entries = self.run(self.fetch(done))
        unexplained = refused
        for entry in sorted(entries, key=lambda it: it["sequence"]):
            unexplained = [(part, code) for part, code in unexplained if judged(self.paper, part) != code]
            ask, effects = done[entry["id"]], posted(entry)
            expected = self.paper.effects(ask.kind, ask.said)
            if by_lot(effects) != by_lot(expected):  # a lot that was begun meanwhile may not have been seen
                assert set(self.paper.held()) != lots_before, (effects, expected)
                assert without_lots(effects) == without_lots(expected), (effects, expected)
            self.paper.write(entry["id"], ask.kind, ask.said, effects)
            assert self.paper.sound(), entry
        unexplained = [(part, code) for part, code in unexplained if judged(self.paper, part) != code]
        if set(self.paper.held()) <= lots_before:
            assert not unexplained, unexplained
        for ask, answer in zip(asks, answers, strict=True):
            self.remember(ask, answer)

    async def gather(self, asks):
        return await asyncio.gather(*(ask.send(self.office) for ask in asks))

    async def fetch(self, ids):
        answers = await asyncio.gather(*(self.office.get(f"entries/{it}") for it in ids))
        return [answer.json() for answer in answers]

    def parts(self, ask, answer):
        """What took effect of a request now or before, by entry."""
        if answer.status_code not in {200, 201} or ask.dry:
            return []
        if ask.mode:
            verdicts = answer.json()["verdicts"]
            return [(part, it["entry"]) for part, it in zip(ask.parts, verdicts, strict=True)]
        return [(ask, answer.json()["id"])]

    def refusals(self, ask, answer):
        """What was refused. Of batches only the verdicts are known, on what their own entries left: not judged here."""
        return [] if ask.mode or answer.status_code in {200, 201} else [(ask, answer.json()["code"])]

    @invariant()
    def the_books_agree(self):
        if hasattr(self, "paper"):
            self.agreed = False
            lots, postings = self.run(self.books())
            assert lots == postings, "a lot is not the sum of its postings"
            assert lots == self.paper.held()
            assert self.paper.sound()
            self.agreed = True

    async def books(self):
        names = ", ".join(f"{name}_vnd" for name in MEASURES)
        key = "year, capital, component, unit, origin_year"
        lots = await self.admin.fetch(f"SELECT {key}, {names} FROM funding.lots")
        sums = ", ".join(f"sum(postings.{name}_vnd)::bigint AS {name}_vnd" for name in MEASURES)
        postings = await self.admin.fetch(
            f"SELECT {', '.join(f'lots.{it}' for it in key.split(', '))}, {sums} FROM funding.postings"
            " JOIN funding.lots ON lots.id = lot_id GROUP BY 1, 2, 3, 4, 5"
        )
        return held(lots), held(postings)

    def teardown(self):
        if self.agreed:
            findings = self.run(self.verified())
            assert findings.faults == []
            assert findings.entries == len(self.paper.entries)
            assert findings.unsealed == 0

    async def verified(self):
        database = get_database(self.office.app)
        while await seal_next(database, get_clock(self.office.app)):
            pass
        async with database.reading() as session:
            return await verify(session)


def held(rows):
    found = {}
    for row in rows:
        assert min(row[f"{name}_vnd"] for name in MEASURES) >= 0, row
        lot = Lot(row["year"], row["capital"], row["component"], row["unit"], row["origin_year"])
        found[lot] = {name: row[f"{name}_vnd"] for name in MEASURES if row[f"{name}_vnd"]}
    return {lot: it for lot, it in found.items() if it}


@pytest.mark.race
@pytest.mark.parametrize("histories", short_and_long(FEW, MANY))
def test_the_ledger_is_the_ledger_on_paper(database, postgres_server, issuer, histories):
    app = issuer.trust(build_app(database))
    token = issuer.token("finance", ["funding"], ["poverty"], ["62"], lives=LONG)
    with asyncio.Runner() as runner:
        opened = open_client(app)
        Offices.runner, Offices.office = runner, Office(runner.run(opened.__aenter__()), token, app)
        Offices.clear = staticmethod(partial(postgres_server.clear, database))
        Offices.admin = runner.run(asyncpg.connect(database.admin_url))
        try:
            run_state_machine_as_test(
                Offices,
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
            runner.run(Offices.admin.close())
            runner.run(opened.__aexit__(None, None, None))
