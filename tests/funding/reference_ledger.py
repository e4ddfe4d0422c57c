"""A reference ledger in memory, written from the description of the ledger alone. It imports nothing of the service."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

ABOVE = {"610": "62", "611": "62", "62.SO_NN": "62", "23341": "610", "23344": "610"}
"""A province, two districts and an agency of it, and two communes of one of the districts."""
PROJECT, PROJECT_COMPONENT = "CT.1", "GN.DA1"

INFLOW_MEASURES = ("opening_balance", "allocated", "carried_over", "received")
REDUCING_MEASURES = ("given", "cancelled")
SPENT_MEASURES = ("disbursed", "returned", "carried_out")
INFLOW_KINDS = ("opening_balance", "assignment", "allocation", "supplement")


class Lot(NamedTuple):
    year: int
    capital: str
    component: str | None
    unit: str
    origin: int


class Refused(Exception):  # noqa: N818 (an expected answer, no error of the program)
    """The refusal that the ledger should answer."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Existing(Refused):
    """The entry that the voucher was recorded with."""

    def __init__(self, entry):
        super().__init__(None)
        self.entry = entry


class Duplicate(Refused):
    """The recorded entry that states the same fact."""

    def __init__(self, entry):
        super().__init__("duplicate_entry")
        self.entry = entry


@dataclass
class RecordedEntry:
    """An entry that took effect."""

    kind: str
    body: dict[str, Any]
    effects: list[Any]
    is_reversed: bool = False
    fact: tuple[Any, ...] | None = None
    """What identifies it, where it has no voucher."""


def is_within(unit, root):
    while unit is not None:
        if unit == root:
            return True
        unit = ABOVE.get(unit)
    return False


def find_voucher(kind, body):
    """The voucher with its book."""
    voucher = body.get("voucher")
    return voucher and (kind == "confirmation", voucher["source"], voucher["number"])


def find_fact(kind, body):
    """What identifies an entry without a voucher: not its note, its day or the entry that it is distinct from."""
    year = body.get("from_year", body.get("year"))
    origin = body.get("origin_year") or (year if kind in INFLOW_KINDS else None)
    to_unit, to_component = body.get("to_unit"), body.get("to_component")
    return (
        kind, year, body["capital"], body.get("component"), body["unit"], origin, body["amount_vnd"],
        None if to_unit == body["unit"] else to_unit,
        None if to_component == body.get("component") else to_component,
        body["decision"]["number"], body["decision"]["date"],
    )  # fmt: skip


@dataclass
class ReferenceLedger:
    lots: dict[Lot, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    entries: dict[str, RecordedEntry] = field(default_factory=dict)
    vouchers: dict[Any, str] = field(default_factory=dict)
    approved: int | None = None
    """Total of the project; None until it is registered."""
    planned: dict[int, int] = field(default_factory=dict)

    def copy(self):
        """An independent copy."""
        lots = defaultdict(Counter, {lot: Counter(amounts) for lot, amounts in self.lots.items()})
        entries = {entry: replace(recorded) for entry, recorded in self.entries.items()}
        return ReferenceLedger(lots, entries, dict(self.vouchers), self.approved, dict(self.planned))

    # Balances

    def calculate_available(self, lot):
        return sum(self.lots[lot][name] for name in INFLOW_MEASURES) - sum(
            self.lots[lot][name] for name in REDUCING_MEASURES
        )

    def calculate_left(self, lot):
        return self.calculate_available(lot) - sum(self.lots[lot][name] for name in SPENT_MEASURES)

    def calculate_uncommitted(self, lot):
        return self.calculate_left(lot) - self.lots[lot]["reserved"]

    def calculate_unconfirmed(self, lot):
        return max(0, self.calculate_available(lot) - self.lots[lot]["confirmed"])

    def is_valid(self):
        return all(min(lot.values(), default=0) >= 0 for lot in self.lots.values()) and all(
            self.calculate_uncommitted(lot) >= 0 for lot in list(self.lots)
        )

    def calculate_limit(self, kind, body):
        """How much an entry of this kind could take from its line."""
        if kind in {"opening_balance", "assignment"}:
            return 100
        if kind in {"allocation", "supplement"}:
            unallocated = self.find_unallocated(body)
            return 50 if unallocated is None else unallocated
        return sum(LIMITS[kind](self, lot) for lot in self.select_line_lots(body))

    def select_line_lots(self, body):
        """The lots of a line, the oldest money first."""
        year = body.get("from_year", body.get("year"))
        line = (year, body["capital"], body.get("component"), body["unit"])
        lots = sorted((lot for lot in list(self.lots) if lot[:4] == line), key=lambda lot: lot.origin)
        return [lot for lot in lots if body.get("origin_year") in {None, lot.origin}]

    # Decisions

    def decide(self, kind, body):
        """Return the changes of an entry, or raise `Refused` with the code of the first reason."""
        if kind == "reversal":
            return self.reverse(body["reverses"])
        self.require_valid(kind, body)
        entry_id = self.vouchers.get(find_voucher(kind, body))
        if entry_id is not None and not self.entries[entry_id].is_reversed:
            recorded = self.entries[entry_id]
            if (recorded.kind, recorded.body) == (kind, body):
                raise Existing(entry_id)
            raise Refused("voucher_used")
        duplicate = self.find_duplicate(kind, body)
        if duplicate is not None and body.get("distinct_from", {}).get("entry") != duplicate:
            raise Duplicate(duplicate)
        if body.get("project"):
            self.require_project(kind, body)
        if kind in {"allocation", "supplement"}:
            unallocated = self.find_unallocated(body)
            if unallocated is not None and unallocated < body["amount_vnd"]:
                raise Refused("beyond_assignment")
        return list(getattr(self, f"by_{kind}")(body, body["amount_vnd"]))

    def find_duplicate(self, kind, body):
        """The latest entry in effect that states the same fact; None where there is none."""
        if kind == "reversal" or body.get("voucher"):
            return None
        fact = find_fact(kind, body)
        duplicates = (
            entry
            for entry, recorded in self.entries.items()
            if recorded.fact == fact and not recorded.is_reversed
        )
        return max(duplicates, default=None, key=list(self.entries).index)

    def require_valid(self, kind, body):
        unit, to_unit = body.get("unit"), body.get("to_unit")
        if kind == "sub_allocation" and (to_unit == unit or not is_within(to_unit, unit)):
            raise Refused("invalid")
        same_component = body.get("to_component") in {None, body.get("component")}
        if kind == "transfer" and to_unit in {None, unit} and same_component:
            raise Refused("invalid")

    def require_project(self, kind, body):
        if self.approved is None:
            raise Refused("invalid")
        if body.get("component") != PROJECT_COMPONENT or body["capital"] != "investment":
            raise Refused("invalid")
        if kind == "disbursement":
            paid: Counter[int] = Counter()
            for entry in self.entries.values():
                if entry.kind == kind and entry.body.get("project") and not entry.is_reversed:
                    paid[entry.body["year"]] += entry.body["amount_vnd"]
            if paid.total() + body["amount_vnd"] > self.approved:
                raise Refused("project_total_exceeded")
            if paid[body["year"]] + body["amount_vnd"] > self.planned.get(body["year"], 0):
                raise Refused("project_plan_exceeded")

    def find_unallocated(self, body):
        """What may still be allocated to a line by the assignments of all units above it; None where there is none."""
        holders = {lot.unit for lot in self.select_plan_lots(body) if self.lots[lot]["assigned"]}
        above = [holder for holder in holders if is_within(body["unit"], holder)]
        return min((self.calculate_remainder(holder, body) for holder in above), default=None)

    def calculate_remainder(self, holder, body):
        assigned, allocated = self.sum_plan(holder, body)
        component = body.get("component")
        own = max(0, assigned[component] - allocated[component]) if component else 0
        return own + self.calculate_program_remainder(holder, body)

    def calculate_program_remainder(self, holder, body):
        """What is left of the assignment for the program as a whole, less what components use beyond their own."""
        assigned, allocated = self.sum_plan(holder, body)
        beyond = sum(max(0, allocated[code] - assigned[code]) for code in {*assigned, *allocated} - {None})
        return assigned[None] - allocated[None] - beyond

    def sum_plan(self, holder, body):
        """What a unit was assigned and what is allocated below it, by component; carried-over money is of another plan."""
        assigned: Counter[str | None] = Counter()
        allocated: Counter[str | None] = Counter()
        for lot in self.select_plan_lots(body):
            amounts = self.lots[lot]
            if lot.unit == holder:
                assigned[lot.component] += amounts["assigned"]
            if is_within(lot.unit, holder) and lot.origin == lot.year:
                allocated[lot.component] += (
                    amounts["opening_balance"] + amounts["allocated"] - amounts["cancelled"]
                )
        return assigned, allocated

    def select_plan_lots(self, body):
        return [lot for lot in list(self.lots) if lot[:2] == (body["year"], body["capital"])]

    def take_oldest_first(self, body, amount, measure):
        """Take an amount from the lots of a line, the oldest first."""
        available = {lot: measure(self, lot) for lot in self.select_line_lots(body)}
        if sum(available.values()) < amount:
            raise Refused("insufficient_funds")
        for lot, limit in available.items():
            share = min(limit, amount)
            amount -= share
            if share:
                yield lot, share

    def by_opening_balance(self, body, amount):
        yield own_lot(body, body.get("origin_year")), "opening_balance", amount

    def by_assignment(self, body, amount):
        yield own_lot(body), "assigned", amount

    def by_allocation(self, body, amount):
        yield own_lot(body), "allocated", amount

    by_supplement = by_allocation

    def by_transfer(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_uncommitted):
            component = body.get("to_component") or lot.component
            yield lot, "given", share
            yield lot._replace(component=component, unit=body.get("to_unit") or lot.unit), "received", share

    by_sub_allocation = by_transfer

    def by_cancellation(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_uncommitted):
            yield lot, "cancelled", share

    def by_return(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_left):
            yield lot, "returned", share
            yield lot, "reserved", -max(0, share - self.calculate_uncommitted(lot))

    def by_commitment(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_uncommitted):
            yield lot, "committed", share
            yield lot, "reserved", share

    def by_disbursement(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_left):
            yield lot, "disbursed", share
            yield lot, "reserved", -min(share, self.lots[lot]["reserved"])

    def by_confirmation(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_unconfirmed):
            yield lot, "confirmed", share

    def by_carry_over(self, body, amount):
        for lot, share in self.take_oldest_first(body, amount, ReferenceLedger.calculate_left):
            reserved, later = max(0, share - self.calculate_uncommitted(lot)), lot._replace(year=lot.year + 1)
            yield lot, "carried_out", share
            yield lot, "reserved", -reserved
            yield later, "carried_over", share
            yield later, "reserved", reserved

    def reverse(self, entry):
        original = self.entries[entry]
        if original.kind == "reversal":
            raise Refused("reversal_not_reversible")
        if original.is_reversed:
            raise Refused("already_reversed")
        opposite = [(lot, measure, -change) for lot, measure, change in original.effects]
        after = self.copy()
        after.apply(opposite)
        if not self.may_reverse_plan(original, after):
            raise Refused("beyond_assignment")
        if original.kind == "commitment" and any(
            after.lots[lot]["reserved"] < 0 for lot, _, _ in original.effects
        ):
            raise Refused("commitment_paid")
        if not after.is_valid():
            raise Refused("insufficient_funds")
        return opposite

    def may_reverse_plan(self, original, after):
        """Whether the plan allows it: not for an allocated assignment, or a cancellation whose money was allocated elsewhere."""
        if original.kind == "assignment":
            holder = original.body["unit"]
            return after.calculate_program_remainder(holder, original.body) >= min(
                0, self.calculate_program_remainder(holder, original.body)
            )
        if original.kind == "cancellation":
            cancelled = sum(share for lot, _, share in original.effects if lot.origin == lot.year)
            unallocated = self.find_unallocated(original.body)
            return cancelled == 0 or unallocated is None or cancelled <= unallocated
        return True

    # Records

    def apply(self, effects):
        for lot, measure, change in effects:
            self.lots[lot][measure] += change

    def record(self, entry, kind, body, effects):
        self.apply(effects)
        has_voucher = kind == "reversal" or body.get("voucher")
        self.entries[entry] = RecordedEntry(
            kind, body, effects, fact=None if has_voucher else find_fact(kind, body)
        )
        if kind == "reversal":
            self.entries[body["reverses"]].is_reversed = True
        elif find_voucher(kind, body):
            self.vouchers[find_voucher(kind, body)] = entry

    def read_balances(self):
        """The balance of each lot, without zero amounts and empty lots."""
        balances = {
            lot: {name: amount for name, amount in amounts.items() if amount}
            for lot, amounts in self.lots.items()
        }
        return {lot: amounts for lot, amounts in balances.items() if amounts}


def own_lot(body, origin=None):
    return Lot(body["year"], body["capital"], body.get("component"), body["unit"], origin or body["year"])


LIMITS = {
    "sub_allocation": ReferenceLedger.calculate_uncommitted,
    "transfer": ReferenceLedger.calculate_uncommitted,
    "cancellation": ReferenceLedger.calculate_uncommitted,
    "return": ReferenceLedger.calculate_left,
    "commitment": ReferenceLedger.calculate_uncommitted,
    "disbursement": ReferenceLedger.calculate_left,
    "confirmation": ReferenceLedger.calculate_unconfirmed,
    "carry_over": ReferenceLedger.calculate_left,
}
