"""Whether a new entry states the same fact as one that is in effect. Pure.

A voucher identifies its entry; an entry without one is identified by its kind, lines, amount, year of origin and decision.
A client that means another fact names the entry that looks the same (`distinct_from`). Of several it names the latest one,
so that the same request is refused when it comes again.

Problem
└── Conflict
    └── DuplicateEntry         duplicate_entry          the same fact is recorded
"""

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Decision, Entry, InKindForm
from services.funding.ledger_problems import VoucherUsed
from services.funding.undone_entries import EntryCorrected, VoucherCorrected
from shared.kit.canonical_text import canonicalize
from shared.kit.problems import Conflict, Sentence


class DuplicateEntry(Conflict):
    """An entry in effect states the same fact."""

    code = "duplicate_entry"
    title = Sentence("Bút toán trùng", "Duplicate entry")
    detail = Sentence(
        "Bút toán {entry} đã ghi cùng loại, dòng vốn, số tiền, năm gốc và quyết định {decision}. Nếu là việc khác, "
        "hãy nêu bút toán đó và lý do trong distinct_from.",
        "The entry {entry} has the same kind, line, amount, year of origin and decision {decision}. If this is another "
        "fact, name that entry and the reason in distinct_from.",
    )

    def __init__(self, entry: uuid.UUID, decision: str) -> None:
        super().__init__(entry=str(entry), decision=decision)


class Fact(NamedTuple):
    """The key of an entry without a voucher."""

    kind: EntryKind
    year: int
    program: str
    component: str | None
    capital: str
    source: str
    unit: str
    unit_since: date
    to_component: str | None
    to_unit: str | None
    origin_year: int | None
    amount_vnd: int
    decision: Decision
    """With its number in canonical form."""
    project: str | None
    in_kind: tuple[InKindForm, Decimal] | None
    """Its form and quantity; how the unit of measure is spelled does not matter."""
    against: uuid.UUID | None


IDENTIFYING_FIELDS = (
    "kind", "year", "program", "component", "capital", "source", "unit", "origin_year", "amount_vnd", "decision",
    "project", "against",
)  # fmt: skip
"""Entries of one voucher that differ in these are different facts. The day is compared only where the client named it.

The number of a decision is compared in its canonical form.
"""


class CorrectedEntry(NamedTuple):
    """An entry without a voucher that was corrected."""

    id: uuid.UUID
    effective_on: date
    corrected_by: uuid.UUID


class LatestEntries(NamedTuple):
    """The latest entry in effect that states a fact, and the latest corrected one."""

    in_effect: dict[Fact, uuid.UUID]
    corrected: dict[Fact, CorrectedEntry]


def find_fact(entry: Entry, unit_since: date) -> Fact | None:
    """Return what identifies a new entry; None where its voucher does, and for a reversal."""
    if entry.reverses or entry.voucher or entry.decision is None:
        return None
    return Fact(
        kind=entry.kind,
        year=entry.year,
        program=entry.program,
        component=entry.component,
        capital=entry.capital,
        source=entry.source,
        unit=entry.unit,
        unit_since=unit_since,
        to_component=entry.to_component,
        to_unit=entry.to_unit,
        origin_year=entry.origin_year,
        amount_vnd=entry.amount_vnd,
        decision=_canonicalize(entry.decision),
        project=entry.project,
        in_kind=(entry.in_kind.form, entry.in_kind.quantity) if entry.in_kind else None,
        against=entry.against,
    )


def require_distinct(entry: Entry, latest: uuid.UUID | None) -> None:
    """Raise `DuplicateEntry` where the latest entry that states the same fact is not the one that the entry names."""
    other_id = entry.distinct_from.entry if entry.distinct_from else None
    if latest is not None and latest != other_id:
        assert entry.decision is not None
        raise DuplicateEntry(latest, entry.decision.number)


def require_same(entry: Entry, recorded: Entry, *, compare_day: bool) -> None:
    """Raise `VoucherUsed` where an entry is another fact than the recorded one of the same voucher."""
    differences = _find_differences(entry, recorded, compare_day=compare_day)
    if differences:
        assert recorded.voucher is not None
        raise VoucherUsed(recorded.voucher, recorded, differences)


def require_uncorrected(entry: Entry, undone: Entry, *, compare_day: bool) -> None:
    """Raise `VoucherCorrected` where an entry repeats one that was corrected, and names none that it replaces."""
    if undone.corrected_by is None or entry.replaces is not None or undone.voucher is None:
        return
    if not _find_differences(entry, undone, compare_day=compare_day):
        raise VoucherCorrected(undone.voucher, str(undone.id), str(undone.corrected_by))


def require_not_corrected(entry: Entry, corrected: CorrectedEntry | None, *, compare_day: bool) -> None:
    """Raise `EntryCorrected` where an entry without a voucher repeats one that was corrected, and names none that it replaces.

    Requests of successions cannot name one.
    """
    if corrected is None or entry.replaces is not None or entry.kind is EntryKind.SUCCESSION:
        return
    if not compare_day or entry.effective_on == corrected.effective_on:
        assert entry.decision is not None
        raise EntryCorrected(entry.decision.number, str(corrected.id), str(corrected.corrected_by))


def require_other_paper(entry: Entry, recorded: Entry) -> None:
    """Raise `VoucherUsed` where an entry may repeat that of a paper of the year before or after.

    One of the two states the year of the paper, that of the other follows from its day, and nothing else differs.
    """
    voucher, other = entry.voucher, recorded.voucher
    assert voucher is not None
    assert other is not None
    is_named = entry.distinct_from is not None and entry.distinct_from.entry == recorded.id
    if is_named or voucher.states_year == other.states_year:
        return
    if not _find_differences(entry, recorded, compare_day=False):
        raise VoucherUsed(other, recorded, ["voucher.year"])


def _find_differences(entry: Entry, recorded: Entry, *, compare_day: bool) -> list[str]:
    new, earlier = _with_canonical_decision(entry), _with_canonical_decision(recorded)
    differences = [name for name in IDENTIFYING_FIELDS if getattr(new, name) != getattr(earlier, name)]
    if compare_day and entry.effective_on != recorded.effective_on:
        differences.append("effective_on")
    return differences


def _with_canonical_decision(entry: Entry) -> Entry:
    return replace(entry, decision=entry.decision and _canonicalize(entry.decision))


def _canonicalize(decision: Decision) -> Decision:
    return replace(decision, number=canonicalize(decision.number))
