"""What a batch does: every entry judged in the order posted, on the balances that the ones before it leave.

One transaction and one lock over all lots of the batch. With `all_or_nothing` one refusal refuses the batch; with
`best_effort` the others are kept. Either way the same batch sent again finds its entries by their vouchers.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Literal

from services.funding.balances import Amounts, Line, Lot
from services.funding.batches.store import append_all, forget_claims, keep_all
from services.funding.desk import Desk
from services.funding.entries.actions import TAKES, entry_of
from services.funding.entries.store import Entry
from services.funding.entries.vouchers import Claimant, VoucherUsed, claim
from services.funding.places import fault_of_unit, place_of
from services.funding.projects.payments import pay_for_project
from services.funding.projects.rules import Account
from services.funding.projects.store import lock_accounts
from services.funding.proposals import Proposal, Voucher
from services.funding.store import Holding, lock_lines
from shared.kit.feed import Happening, publish, take_write_order
from shared.kit.ids import uuid7
from shared.kit.problems import Conflict, Fault, Invalid, Problem, Sentence, refuse

Mode = Literal["all_or_nothing", "best_effort"]
Outcome = Literal["recorded", "existing", "refused"]

NOTHING_HELD = Holding({}, {})


class BatchRefused(Conflict):
    """All or nothing was asked for, and something was refused."""

    code = "batch_refused"
    title = Sentence("Lô bị từ chối", "Batch refused")
    detail = Sentence(
        "{refused} trong {received} bút toán bị từ chối; không ghi bút toán nào.",
        "{refused} of {received} entries were refused; none was recorded.",
    )


@dataclass(slots=True)
class Verdict:
    """What became of one entry of a batch."""

    ordinal: int
    outcome: Outcome
    entry: uuid.UUID | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Judged:
    """A batch and what became of it."""

    id: uuid.UUID
    verdicts: Sequence[Verdict]


@dataclass(slots=True)
class Candidate:
    """An entry of a batch that is right in itself."""

    ordinal: int
    claimant: Claimant
    line: Line


@dataclass
class Bench:
    """What the judging of a batch leaves: verdicts by place, entries to keep, balances after them."""

    balances: dict[Line, dict[Lot, Amounts]]
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    projects: dict[str, Account] = field(default_factory=dict)
    kept: dict[Voucher, Entry] = field(default_factory=dict)
    unused: set[Voucher] = field(default_factory=set)
    touched: dict[Lot, Amounts] = field(default_factory=dict)

    def judge(self, candidate: Candidate, standing: Mapping[Voucher, Entry]) -> None:
        """Give one verdict, and let the entry take effect on the balances where it may."""
        entry = candidate.claimant.entry
        assert entry.voucher is not None
        known = standing.get(entry.voucher) or self.kept.get(entry.voucher)
        try:
            if known is not None:
                differs = candidate.claimant.differences(known)
                if differs:
                    raise VoucherUsed(entry.voucher, known, differs)
                self.verdicts[candidate.ordinal] = Verdict(candidate.ordinal, "existing", known.id)
                return
            self._take_effect(candidate, entry)
        except Problem as problem:
            self.verdicts[candidate.ordinal] = Verdict(candidate.ordinal, "refused", problem=problem)
            if known is None:
                self.unused.add(entry.voucher)
            return
        self.unused.discard(entry.voucher)
        self.verdicts[candidate.ordinal] = Verdict(candidate.ordinal, "recorded", entry.id)

    def _take_effect(self, candidate: Candidate, entry: Entry) -> None:
        line, projects = candidate.line, dict(self.projects)
        pay_for_project(projects, entry, f"/entries/{candidate.ordinal}/project")
        lots = self.balances.get(line, {})
        of_origin = {lot: lots[lot] for lot in lots if entry.origin_year in {None, lot.origin_year}}
        postings = TAKES[entry.kind](line, of_origin, entry.amount_vnd)
        for posting in postings:
            lots[posting.lot] = self.touched[posting.lot] = lots[posting.lot] + posting.change
        assert entry.voucher is not None
        self.projects = projects
        self.kept[entry.voucher] = replace(entry, postings=tuple(postings))


async def record_batch(
    desk: Desk,
    mode: Mode,
    proposals: Mapping[int, Proposal],
    shape_faults: Collection[Fault] = (),
    *,
    dry_run: bool = False,
) -> Judged:
    """Record a batch; `proposals` by their place in it, those that could not be read left out."""
    batch_id = uuid7(desk.now)
    unreadable, of_the_body = _by_place(shape_faults)
    refuse(of_the_body)
    candidates, refused = _candidates(desk, batch_id, proposals)
    for at, faults in unreadable.items():
        refused[at] = Verdict(at, "refused", problem=Invalid(faults=faults))
    if mode == "all_or_nothing":
        refuse(each for at in sorted(refused) for each in _faults_of(refused[at]))

    standing = await claim(desk.session, _first_of_each_voucher(candidates))
    named = {each.claimant.entry.project for each in candidates} - {None}
    projects = await lock_accounts(desk.session, [code for code in named if code]) if named else {}
    new = {each.line for each in candidates if each.claimant.entry.voucher not in standing}
    holding = await lock_lines(desk.session, new) if new else NOTHING_HELD
    bench = Bench(_by_line(holding.balances), refused, projects)
    for candidate in candidates:
        bench.judge(candidate, standing)
    verdicts = [bench.verdicts[at] for at in sorted(bench.verdicts)]
    found = [each for each in verdicts if each.outcome == "refused"]
    if found and mode == "all_or_nothing":
        raise BatchRefused(
            received=len(verdicts),
            refused=len(found),
            verdicts=[{"ordinal": each.ordinal, "code": _code(each), **_facts(each)} for each in found],
        )
    if not dry_run:
        await _keep(desk, batch_id, bench, holding)
    return Judged(batch_id, verdicts)


async def _keep(desk: Desk, batch_id: uuid.UUID, bench: Bench, holding: Holding) -> None:
    session = desk.session
    if bench.unused:
        await forget_claims(session, bench.unused)
    if not bench.kept:
        return
    unsound = [lot for lot, balance in bench.touched.items() if not balance.sound]
    if unsound:
        raise AssertionError(f"a batch would overdraw {unsound}")
    await keep_all(session, holding, bench.touched)
    at = await take_write_order(session, desk.clock)
    await append_all(session, [replace(each, recorded_at=at) for each in bench.kept.values()], holding)
    counts = {"entries": len(bench.kept), "amount_vnd": sum(each.amount_vnd for each in bench.kept.values())}
    await publish(session, at, [Happening("batch.recorded", f"batches/{batch_id}", counts)])


def _candidates(
    desk: Desk, batch_id: uuid.UUID, proposals: Mapping[int, Proposal]
) -> tuple[list[Candidate], dict[int, Verdict]]:
    """Judge each entry by itself. What is asked of the map and of the rights is asked once for each place.

    Entries of one voucher share an id, as only one of them can come to be.
    """
    fault_of = cache(lambda unit, day: fault_of_unit(desk.territory, unit, day))
    place = cache(lambda unit, day: place_of(desk.territory, unit, day))
    refusal_of = cache(lambda program, unit, day: _refusal(desk, program, unit, day))
    ids: dict[Voucher | None, uuid.UUID | None] = {}
    candidates, refused = [], {}
    for at, proposal in proposals.items():
        day = proposal.day(desk.today)
        faults = list(proposal.faults(desk.catalogue, desk.today))
        missing = fault_of(proposal.unit, day) if proposal.unit else None
        if faults or missing:
            found = [*faults, missing] if missing else faults
            pointed = [Fault(f"/entries/{at}{each.pointer}", each.code, each.sentence) for each in found]
            refused[at] = Verdict(at, "refused", problem=Invalid(faults=pointed))
            continue
        forbidden = refusal_of(proposal.program, proposal.unit, day)
        if forbidden is not None:
            refused[at] = Verdict(at, "refused", problem=forbidden)
            continue
        assert day is not None
        entry, line = entry_of(desk, proposal, day, place(proposal.unit, day), batch=batch_id)
        ids.setdefault(entry.voucher, entry.id)
        if ids[entry.voucher] != entry.id:
            entry = replace(entry, id=ids[entry.voucher])
        candidates.append(Candidate(at, Claimant(entry, dated=proposal.effective_on is not None), line))
    return candidates, refused


def _refusal(desk: Desk, program: str, unit: str, day: date) -> Problem | None:
    try:
        desk.require(program, unit, day)
    except Problem as problem:
        return problem
    return None


def _by_place(faults: Collection[Fault]) -> tuple[dict[int, list[Fault]], list[Fault]]:
    """Part the faults of entries, by their place, from those of the body as a whole."""
    of_entries: dict[int, list[Fault]] = {}
    of_the_body = []
    for each in faults:
        steps = each.pointer.split("/")
        if steps[1:2] == ["entries"] and len(steps) > 2 and steps[2].isdigit():  # noqa: PLR2004 ("", entries, place)
            of_entries.setdefault(int(steps[2]), []).append(each)
        else:
            of_the_body.append(each)
    return of_entries, of_the_body


def _faults_of(verdict: Verdict) -> Iterator[Fault]:
    """Give the faults of an entry; who may not write it is refused with the same words."""
    assert verdict.problem is not None
    yield from verdict.problem.faults
    if not verdict.problem.faults:
        raise verdict.problem


def _first_of_each_voucher(candidates: Sequence[Candidate]) -> list[Claimant]:
    first: dict[Voucher | None, Claimant] = {}
    for each in candidates:
        first.setdefault(each.claimant.entry.voucher, each.claimant)
    return list(first.values())


def _by_line(balances: Mapping[Lot, Amounts]) -> dict[Line, dict[Lot, Amounts]]:
    """Group balances; the oldest origin stands first, as it is taken first."""
    lines: dict[Line, dict[Lot, Amounts]] = {}
    for lot, balance in balances.items():
        lines.setdefault(lot.line, {})[lot] = balance
    return lines


def _code(verdict: Verdict) -> str:
    return verdict.problem.code if verdict.problem else ""


def _facts(verdict: Verdict) -> dict[str, object]:
    return dict(verdict.problem.facts) if verdict.problem else {}
