"""The ledger as a clerk would keep it on paper, to hold the real one against. It imports nothing of it.

Written from `domain.md` and the ledger's own description: money that came in and was not given on or cut is what a lot *had*;
what was neither paid, handed back nor carried out of it is *left*; what of that is promised to nobody is *free*.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ABOVE = {"610": "62", "611": "62", "62.SO_NN": "62", "23341": "610", "23344": "610"}
"""A province, two districts and an agency of it, and two communes of one of the districts."""
PROJECT, PROJECT_COMPONENT = "CT.1", "GN.DA1"

IN = ("opening_balance", "allocated", "carried_over", "received")
OUT = ("given", "cancelled")
GONE = ("disbursed", "returned", "carried_out")
BRINGS_IN = ("opening_balance", "assignment", "allocation", "supplement")


class Lot(NamedTuple):
    year: int
    capital: str
    component: str | None
    unit: str
    origin: int


class Refused(Exception):  # noqa: N818 (what an answer says, not a fault of the program)
    """What the ledger should answer instead of an entry."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Existing(Refused):
    """The voucher stands for an entry already, and this is it."""

    def __init__(self, entry):
        super().__init__(None)
        self.entry = entry


class Duplicate(Refused):
    """An entry states the same fact already."""

    def __init__(self, entry):
        super().__init__("duplicate_entry")
        self.entry = entry


@dataclass
class Written:
    """An entry that took effect."""

    kind: str
    said: dict
    effects: list
    undone: bool = False
    fact: tuple | None = None
    """What it states, where no voucher does."""


def within(unit, root):
    while unit is not None:
        if unit == root:
            return True
        unit = ABOVE.get(unit)
    return False


def paper_of(kind, said):
    """The voucher, in the book that it stands in."""
    voucher = said.get("voucher")
    return voucher and (kind == "confirmation", voucher["source"], voucher["number"])


def fact_of(kind, said):
    """What an entry without a voucher states; the note, the day and the entry that it is distinct from are no part of it."""
    year = said.get("from_year", said.get("year"))
    origin = said.get("origin_year") or (year if kind in BRINGS_IN else None)
    to_unit, to_component = said.get("to_unit"), said.get("to_component")
    return (
        kind, year, said["capital"], said.get("component"), said["unit"], origin, said["amount_vnd"],
        None if to_unit == said["unit"] else to_unit,
        None if to_component == said.get("component") else to_component,
        said["decision"]["number"], said["decision"]["date"],
    )  # fmt: skip


@dataclass
class PaperLedger:
    lots: dict = field(default_factory=lambda: defaultdict(Counter))
    entries: dict = field(default_factory=dict)
    papers: dict = field(default_factory=dict)
    approved: int | None = None
    """Total of the project; None until it is registered."""
    planned: dict = field(default_factory=dict)

    def copied(self):
        """A ledger to try something out on."""
        lots = defaultdict(Counter, {lot: Counter(held) for lot, held in self.lots.items()})
        entries = {entry: replace(written) for entry, written in self.entries.items()}
        return PaperLedger(lots, entries, dict(self.papers), self.approved, dict(self.planned))

    # What a lot has

    def had(self, lot):
        return sum(self.lots[lot][one] for one in IN) - sum(self.lots[lot][one] for one in OUT)

    def left(self, lot):
        return self.had(lot) - sum(self.lots[lot][one] for one in GONE)

    def free(self, lot):
        return self.left(lot) - self.lots[lot]["reserved"]

    def unconfirmed(self, lot):
        return max(0, self.had(lot) - self.lots[lot]["confirmed"])

    def sound(self):
        return all(min(lot.values(), default=0) >= 0 for lot in self.lots.values()) and all(
            self.free(lot) >= 0 for lot in list(self.lots)
        )

    def room(self, kind, said):
        """How much an entry of this kind could take of its line."""
        if kind in {"opening_balance", "assignment"}:
            return 100
        if kind in {"allocation", "supplement"}:
            unallocated = self.unallocated(said)
            return 50 if unallocated is None else unallocated
        return sum(ROOM[kind](self, lot) for lot in self.of_line(said))

    def of_line(self, said):
        """The lots of a line, the oldest money first."""
        year = said.get("from_year", said.get("year"))
        line = (year, said["capital"], said.get("component"), said["unit"])
        found = sorted((lot for lot in list(self.lots) if lot[:4] == line), key=lambda lot: lot.origin)
        return [lot for lot in found if said.get("origin_year") in {None, lot.origin}]

    # What an entry does

    def effects(self, kind, said):
        """What an entry would do, or `UpstreamRefusal` with the code of the first thing that stands in its way."""
        if kind == "reversal":
            return self.undoing(said["reverses"])
        self.require_sense(kind, said)
        known = self.papers.get(paper_of(kind, said))
        if known is not None and not self.entries[known].undone:
            standing = self.entries[known]
            if (standing.kind, standing.said) == (kind, said):
                raise Existing(known)
            raise Refused("voucher_used")
        same = self.same(kind, said)
        if same is not None and said.get("distinct_from", {}).get("entry") != same:
            raise Duplicate(same)
        if said.get("project"):
            self.require_project(kind, said)
        if kind in {"allocation", "supplement"}:
            unallocated = self.unallocated(said)
            if unallocated is not None and unallocated < said["amount_vnd"]:
                raise Refused("beyond_assignment")
        return list(getattr(self, f"by_{kind}")(said, said["amount_vnd"]))

    def same(self, kind, said):
        """The latest entry that states the same fact and is not undone; None where there is none."""
        if kind == "reversal" or said.get("voucher"):
            return None
        fact = fact_of(kind, said)
        found = (
            entry for entry, written in self.entries.items() if written.fact == fact and not written.undone
        )
        return max(found, default=None, key=list(self.entries).index)

    def require_sense(self, kind, said):
        unit, to_unit = said.get("unit"), said.get("to_unit")
        if kind == "sub_allocation" and (to_unit == unit or not within(to_unit, unit)):
            raise Refused("invalid")
        same_component = said.get("to_component") in {None, said.get("component")}
        if kind == "transfer" and to_unit in {None, unit} and same_component:
            raise Refused("invalid")

    def require_project(self, kind, said):
        if self.approved is None:
            raise Refused("invalid")
        if said.get("component") != PROJECT_COMPONENT or said["capital"] != "investment":
            raise Refused("invalid")
        if kind == "disbursement":
            paid = Counter()
            for each in self.entries.values():
                if each.kind == kind and each.said.get("project") and not each.undone:
                    paid[each.said["year"]] += each.said["amount_vnd"]
            if paid.total() + said["amount_vnd"] > self.approved:
                raise Refused("project_total_exceeded")
            if paid[said["year"]] + said["amount_vnd"] > self.planned.get(said["year"], 0):
                raise Refused("project_plan_exceeded")

    def unallocated(self, said):
        """What may still be allocated to a line, by every unit above it that was assigned anything; None: no such unit."""
        holders = {lot.unit for lot in self.of_plan(said) if self.lots[lot]["assigned"]}
        above = [holder for holder in holders if within(said["unit"], holder)]
        return min((self.unallocated_of(holder, said) for holder in above), default=None)

    def unallocated_of(self, holder, said):
        assigned, allocated = self.plan_of(holder, said)
        component = said.get("component")
        own = max(0, assigned[component] - allocated[component]) if component else 0
        return own + self.spare(holder, said)

    def spare(self, holder, said):
        """What is left of the assignment for the program as a whole, less what components got beyond their own."""
        assigned, allocated = self.plan_of(holder, said)
        beyond = sum(max(0, allocated[one] - assigned[one]) for one in {*assigned, *allocated} - {None})
        return assigned[None] - allocated[None] - beyond

    def plan_of(self, holder, said):
        """What a unit was assigned and what is allocated in it, by component; money carried over is of another plan."""
        assigned, allocated = Counter(), Counter()
        for lot in self.of_plan(said):
            held = self.lots[lot]
            if lot.unit == holder:
                assigned[lot.component] += held["assigned"]
            if within(lot.unit, holder) and lot.origin == lot.year:
                allocated[lot.component] += held["opening_balance"] + held["allocated"] - held["cancelled"]
        return assigned, allocated

    def of_plan(self, said):
        return [lot for lot in list(self.lots) if lot[:2] == (said["year"], said["capital"])]

    def spread(self, said, amount, room):
        """Take an amount from the lots of a line, the oldest first."""
        rooms = {lot: room(self, lot) for lot in self.of_line(said)}
        if sum(rooms.values()) < amount:
            raise Refused("insufficient_funds")
        for lot, has in rooms.items():
            share = min(has, amount)
            amount -= share
            if share:
                yield lot, share

    def by_opening_balance(self, said, amount):
        yield own_lot(said, said.get("origin_year")), "opening_balance", amount

    def by_assignment(self, said, amount):
        yield own_lot(said), "assigned", amount

    def by_allocation(self, said, amount):
        yield own_lot(said), "allocated", amount

    by_supplement = by_allocation

    def by_transfer(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.free):
            component = said.get("to_component") or lot.component
            yield lot, "given", share
            yield lot._replace(component=component, unit=said.get("to_unit") or lot.unit), "received", share

    by_sub_allocation = by_transfer

    def by_cancellation(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.free):
            yield lot, "cancelled", share

    def by_return(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.left):
            yield lot, "returned", share
            yield lot, "reserved", -max(0, share - self.free(lot))

    def by_commitment(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.free):
            yield lot, "committed", share
            yield lot, "reserved", share

    def by_disbursement(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.left):
            yield lot, "disbursed", share
            yield lot, "reserved", -min(share, self.lots[lot]["reserved"])

    def by_confirmation(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.unconfirmed):
            yield lot, "confirmed", share

    def by_carry_over(self, said, amount):
        for lot, share in self.spread(said, amount, PaperLedger.left):
            promised, later = max(0, share - self.free(lot)), lot._replace(year=lot.year + 1)
            yield lot, "carried_out", share
            yield lot, "reserved", -promised
            yield later, "carried_over", share
            yield later, "reserved", promised

    def undoing(self, entry):
        found = self.entries[entry]
        if found.kind == "reversal":
            raise Refused("reversal_not_reversible")
        if found.undone:
            raise Refused("already_reversed")
        opposite = [(lot, measure, -change) for lot, measure, change in found.effects]
        after = self.copied()
        after.apply(opposite)
        if not self.may_undo_plan(found, after):
            raise Refused("beyond_assignment")
        if found.kind == "commitment" and any(after.lots[lot]["reserved"] < 0 for lot, _, _ in found.effects):
            raise Refused("commitment_paid")
        if not after.sound():
            raise Refused("insufficient_funds")
        return opposite

    def may_undo_plan(self, found, after):
        """An assignment that was allocated stays; so does a cut whose money was allocated elsewhere."""
        if found.kind == "assignment":
            holder = found.said["unit"]
            return after.spare(holder, found.said) >= min(0, self.spare(holder, found.said))
        if found.kind == "cancellation":
            cut = sum(share for lot, _, share in found.effects if lot.origin == lot.year)
            unallocated = self.unallocated(found.said)
            return cut == 0 or unallocated is None or cut <= unallocated
        return True

    # What is written

    def apply(self, effects):
        for lot, measure, change in effects:
            self.lots[lot][measure] += change

    def write(self, entry, kind, said, effects):
        self.apply(effects)
        papered = kind == "reversal" or said.get("voucher")
        self.entries[entry] = Written(kind, said, effects, fact=None if papered else fact_of(kind, said))
        if kind == "reversal":
            self.entries[said["reverses"]].undone = True
        elif paper_of(kind, said):
            self.papers[paper_of(kind, said)] = entry

    def held(self):
        """What each lot holds, without the lots and measures that hold nothing."""
        held = {lot: {name: amount for name, amount in it.items() if amount} for lot, it in self.lots.items()}
        return {lot: it for lot, it in held.items() if it}


def own_lot(said, origin=None):
    return Lot(said["year"], said["capital"], said.get("component"), said["unit"], origin or said["year"])


ROOM = {
    "sub_allocation": PaperLedger.free,
    "transfer": PaperLedger.free,
    "cancellation": PaperLedger.free,
    "return": PaperLedger.left,
    "commitment": PaperLedger.free,
    "disbursement": PaperLedger.left,
    "confirmation": PaperLedger.unconfirmed,
    "carry_over": PaperLedger.left,
}
