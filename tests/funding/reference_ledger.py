"""A reference ledger in memory, written from the description of the ledger alone. It imports nothing of the service.

What an entry takes must be left on its own day and on every later one, in the book of its payments; what is given on, cut,
returned or carried over must be left in both books.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

ABOVE = {"610": "62", "611": "62", "62.SO_NN": "62", "23341": "610", "23344": "610"}
"""A province, two districts and an agency of it, and two communes of one of the districts."""
PROJECT, PROJECT_COMPONENT = "CT.1", "GN.DA1"

INFLOW_MEASURES = ("opening_balance", "allocated", "carried_over", "received", "succeeded_in")
REDUCING_MEASURES = ("given", "cancelled", "succeeded_out")
SPENT_MEASURES = ("disbursed", "returned", "carried_out", "remittable")
INFLOW_KINDS = ("opening_balance", "assignment", "allocation", "supplement")
REVERSED_FIELDS = {"reversal": "reverses", "correction": "corrects"}
"""The field in which a reversing kind names the entry that it undoes."""
RECOVERED_FIELDS = {"recovery": "recovers", "remittance": "remits"}
"""The field in which money that comes back names its payment, or money that is handed back its recovery."""
CLOSED_ON = date(2024, 3, 1)
"""The day of every closing."""
PAYMENT_KINDS = ("disbursement", "confirmation")
LATE_KINDS = ("return", "cancellation", "transfer", "carry_over")
"""Kinds that may be more than a year after the budget year."""
NOT_IDENTIFYING = ("effective_on", "distinct_from", "replaces", "voucher", "reopened_by")
"""Fields in which two requests with one voucher may differ; the day only where it is left out."""


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
    """An entry that took effect, and its day."""

    kind: str
    body: dict[str, Any]
    effects: list[Any]
    day: date
    reversed_as: str | None = None
    """The kind of the entry that undid it."""
    fact: tuple[Any, ...] | None = None
    """The key of the entry, where it has no voucher."""


class Movement(NamedTuple):
    """The change of one measure of a lot by an entry."""

    entry: str
    day: date
    measure: str
    change: int


def is_within(unit, root):
    while unit is not None:
        if unit == root:
            return True
        unit = ABOVE.get(unit)
    return False


def fold(number):
    """The number of a document, whatever its case and its invisible characters."""
    return number.casefold().replace("\u200b", "")


def find_fact(kind, body):
    """The key of an entry without a voucher: not its note, its day or the entry that it is distinct from."""
    if kind in RECOVERED_FIELDS:
        named, decision = body[RECOVERED_FIELDS[kind]], body["decision"]
        return kind, named, body["amount_vnd"], decision["number"], decision["date"]
    year = body.get("from_year", body.get("year"))
    origin = body.get("origin_year") or (year if kind in INFLOW_KINDS else None)
    to_unit, to_component = body.get("to_unit"), body.get("to_component")
    return (
        kind, year, body["capital"], body.get("component"), body["unit"], origin, body["amount_vnd"],
        None if to_unit == body["unit"] else to_unit,
        None if to_component == body.get("component") else to_component,
        fold(body["decision"]["number"]), body["decision"]["date"],
    )  # fmt: skip


def find_identity(body):
    identity = {name: value for name, value in body.items() if name not in NOT_IDENTIFYING}
    if "decision" in body:
        identity["decision"] = {**body["decision"], "number": fold(body["decision"]["number"])}
    return identity


# What a balance has, by the sums of its measures


def calculate_available(balance):
    return sum(balance[name] for name in INFLOW_MEASURES) - sum(balance[name] for name in REDUCING_MEASURES)


def calculate_left(balance):
    return calculate_available(balance) - sum(balance[name] for name in SPENT_MEASURES)


def calculate_unreserved(balance):
    """Left, less what is reserved; a payment may be older than the commitment that it pays."""
    return calculate_left(balance) - balance["reserved"]


def calculate_unconfirmed(balance):
    """Left in the treasury's book."""
    paid, confirmed = (
        balance["disbursed"] + balance["remittable"],
        balance["confirmed"] + balance["confirmed_remittable"],
    )
    return calculate_left(balance) + paid - confirmed


def find_last_day_of_payment(lot):
    """Own money of investment can be paid in the January after, all other money until the end of the year."""
    if lot.capital == "investment" and lot.origin == lot.year:
        return date(lot.year + 1, 1, 31)
    return date(lot.year, 12, 31)


@dataclass
class ReferenceLedger:
    today: date
    lots: dict[Lot, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    movements: dict[Lot, list[Movement]] = field(default_factory=lambda: defaultdict(list))
    """Of each lot, in the order of the entries."""
    entries: dict[str, RecordedEntry] = field(default_factory=dict)
    vouchers: dict[Any, str] = field(default_factory=dict)
    approved: int | None = None
    """Total of the project; None until it is registered."""
    planned: dict[int, int] = field(default_factory=dict)
    closed: dict[int, list[str]] = field(default_factory=dict)
    """The entries since the latest closing, by closed year."""

    def copy(self):
        """An independent copy."""
        lots = defaultdict(Counter, {lot: Counter(amounts) for lot, amounts in self.lots.items()})
        movements = defaultdict(list, {lot: [*rows] for lot, rows in self.movements.items()})
        entries = {entry: replace(recorded) for entry, recorded in self.entries.items()}
        return ReferenceLedger(
            self.today,
            lots,
            movements,
            entries,
            dict(self.vouchers),
            self.approved,
            dict(self.planned),
            {year: [*entries] for year, entries in self.closed.items()},
        )

    # Balances

    def calculate_balance(self, lot, day, entries=None):
        """The sums of what took effect by a day, of some entries or of all."""
        balance: Counter[str] = Counter()
        for movement in self.movements.get(lot, ()):
            if movement.day <= day and (entries is None or movement.entry in entries):
                balance[movement.measure] += movement.change
        return balance

    def find_days(self, lot, since):
        return sorted({since, *(row.day for row in self.movements.get(lot, ()) if row.day > since)})

    def find_least(self, measures, lot, since):
        """The least of some measures on any day from the given one on, the first such day and the measure."""
        return min(
            (measure(self.calculate_balance(lot, day)), order, day)
            for order, measure in enumerate(measures)
            for day in self.find_days(lot, since)
        )

    def calculate_limit_of_lot(self, measures, lot, since):
        return max(0, self.find_least(measures, lot, since)[0])

    def is_valid_at_end(self):
        """Whether after all days nothing is below zero, and nothing reserved twice."""
        return all(
            min(balance.values(), default=0) >= 0
            and calculate_left(balance) >= 0
            and calculate_unreserved(balance) >= 0
            for balance in self.lots.values()
        )

    def is_valid(self):
        """Whether on no day more is paid than there was, in either book."""
        return self.is_valid_at_end() and all(
            calculate_left(balance) >= 0
            and calculate_unconfirmed(balance) >= 0
            and calculate_available(balance) >= max(balance["disbursed"], balance["confirmed"])
            for lot in list(self.lots)
            for balance in (self.calculate_balance(lot, day) for day in self.find_days(lot, date.min))
        )

    def calculate_limit(self, kind, body):
        """Return the amount that an entry of this kind could take from its line."""
        if kind in {"opening_balance", "assignment"}:
            return 100
        if kind in {"allocation", "supplement"}:
            unallocated = self.find_unallocated(body)
            return 50 if unallocated is None else unallocated
        if kind in RECOVERED_FIELDS:
            named = body[RECOVERED_FIELDS[kind]]
            return sum(self.find_recoverable(named, self.find_day(kind, body)).values())
        day = self.find_day(kind, body)
        return sum(
            self.calculate_limit_of_lot(MEASURES_TAKEN[kind], lot, day) for lot in self.select_line_lots(body)
        )

    def find_day(self, kind, body):
        """The requested day, else that of the decision or today, moved into the budget year."""
        if kind == "correction":
            return self.entries[body["corrects"]].day
        requested = body.get("effective_on")
        if kind == "reversal":
            reversed_on = self.entries[body["reverses"]].day
            return date.fromisoformat(requested) if requested else max(self.today, reversed_on)
        if kind in RECOVERED_FIELDS:
            paid_on = self.entries[body[RECOVERED_FIELDS[kind]]].day
            return date.fromisoformat(requested) if requested else max(self.today, paid_on)
        if requested:
            return date.fromisoformat(requested)
        year = body.get("from_year", body.get("year"))
        decided_on = date.fromisoformat(body["decision"]["date"]) if body.get("decision") else self.today
        last = {"carry_over": date(year + 1, 12, 31), "return": date.max}.get(kind, date(year, 12, 31))
        return min(max(decided_on, date(year, 1, 1)), last)

    def select_line_lots(self, body):
        """The lots of a line, the oldest money first."""
        year = body.get("from_year", body.get("year"))
        line = (year, body["capital"], body.get("component"), body["unit"])
        lots = sorted((lot for lot in list(self.lots) if lot[:4] == line), key=lambda lot: lot.origin)
        return [lot for lot in lots if body.get("origin_year") in {None, lot.origin}]

    # Decisions

    def decide(self, kind, body):
        """Return the changes of an entry, or raise `Refused` with the code of the first reason."""
        if kind in REVERSED_FIELDS:
            return self.reverse(kind, body)
        self.require_valid(kind, body)
        self.require_replaceable(kind, body)
        entry_id = self.vouchers.get(self.find_voucher(kind, body))
        if entry_id is not None and not self.entries[entry_id].reversed_as:
            if self.is_same(kind, body, self.entries[entry_id]):
                raise Existing(entry_id)
            raise Refused("voucher_used")
        if kind in RECOVERED_FIELDS:
            self.require_in_effect(body[RECOVERED_FIELDS[kind]])
        duplicate = self.find_duplicate(kind, body)
        if duplicate is not None and body.get("distinct_from", {}).get("entry") != duplicate:
            raise Duplicate(duplicate)
        self.require_new(kind, body)
        self.require_open(kind, body)
        if body.get("project"):
            self.require_project(kind, body)
        if kind in {"allocation", "supplement"}:
            unallocated = self.find_unallocated(body)
            if unallocated is not None and unallocated < body["amount_vnd"]:
                raise Refused("beyond_assignment")
        return list(getattr(self, f"by_{kind}")(body, body["amount_vnd"], self.find_day(kind, body)))

    def find_book(self, kind, body):
        """Whether the treasury's book; that of a recovery is that of its payment."""
        if kind in RECOVERED_FIELDS:
            original = self.entries[body[RECOVERED_FIELDS[kind]]]
            return self.find_book(original.kind, original.body)
        return kind == "confirmation"

    def find_voucher(self, kind, body):
        """The paper with its book, kind and year, the line that it pays, and the place on it."""
        voucher = body.get("voucher")
        if not voucher:
            return None
        if kind in RECOVERED_FIELDS:
            paper_kind, line_body = "return_slip", self.find_paid_line(body[RECOVERED_FIELDS[kind]])
        else:
            paper_kind, line_body = "contract" if kind == "commitment" else "payment_order", body
        paper = (self.find_book(kind, body), paper_kind, fold(voucher["source"]), fold(voucher["number"]))
        line = (line_body["year"], line_body["capital"], line_body.get("component"), line_body["unit"])
        return (
            *paper,
            voucher.get("year") or self.find_day(kind, body).year,
            *line,
            voucher.get("line_no") or 1,
        )

    def find_paid_line(self, entry):
        """The body of the payment that an entry is, recovers or hands back."""
        original = self.entries[entry]
        if original.kind in RECOVERED_FIELDS:
            return self.find_paid_line(original.body[RECOVERED_FIELDS[original.kind]])
        return original.body

    def require_open(self, kind, body):
        """Raise `Refused` where a year of the entry is closed and no decision reopens it."""
        named = {**REVERSED_FIELDS, **RECOVERED_FIELDS}.get(kind)
        if named:
            years = {lot.year for lot, _, _ in self.entries[body[named]].effects}
        elif kind == "carry_over":
            years = {body["from_year"], body["from_year"] + 1}
        else:
            years = {body["year"]}
        comes_back_later = kind in RECOVERED_FIELDS and self.find_day(kind, body) > CLOSED_ON
        if comes_back_later or (kind in REVERSED_FIELDS and self.came_back_since_closing(body[named], years)):
            return
        if years & self.closed.keys() and not body.get("reopened_by"):
            raise Refused("year_closed")

    def came_back_since_closing(self, entry, years):
        """Whether an entry is money that came back after the closing and reopened nothing, and no later closing froze it."""
        original = self.entries[entry]
        is_since = all(entry in self.closed[year] for year in years & self.closed.keys())
        reopens = original.body.get("reopened_by")
        return original.kind in RECOVERED_FIELDS and original.day > CLOSED_ON and is_since and not reopens

    def require_in_effect(self, entry):
        reversed_as = self.entries[entry].reversed_as
        if reversed_as:
            raise Refused({"reversal": "already_reversed", "correction": "already_corrected"}[reversed_as])

    def find_recoveries(self, entry):
        """Return the amounts recovered of an entry or handed back of it, by lot and day; negative where that was undone."""
        movements = []
        for recovery_id, recovery in self.entries.items():
            if (
                recovery.kind not in RECOVERED_FIELDS
                or recovery.body[RECOVERED_FIELDS[recovery.kind]] != entry
            ):
                continue
            days = [
                (recovery.day, 1),
                *(
                    (undoing.day, -1)
                    for undoing in self.entries.values()
                    if undoing.kind in REVERSED_FIELDS
                    and undoing.body[REVERSED_FIELDS[undoing.kind]] == recovery_id
                ),
            ]
            measure = "remitted" if recovery.kind == "remittance" else "recovered"
            movements += [
                (lot, day, sign * change)
                for lot, name, change in recovery.effects
                if name in {measure, f"confirmed_{measure}"}
                for day, sign in days
            ]
        return movements

    def find_most_recovered(self, entry, lot, since):
        """The most that is recovered of a lot of an entry on any day from the given one on."""
        movements = [(day, change) for of_lot, day, change in self.find_recoveries(entry) if of_lot == lot]
        days = {since, *(day for day, _ in movements if day > since)}
        return max(sum(change for day, change in movements if day <= until) for until in days)

    def find_recoverable(self, entry, day):
        """Return the amounts that can be recovered of an entry or handed back of it from a day on, by lot, the latest money first."""
        original = self.entries[entry]
        measures = (
            ("disbursed", "confirmed")
            if original.kind in PAYMENT_KINDS
            else ("remittable", "confirmed_remittable")
        )
        amounts = {}
        for lot, name, change in sorted(original.effects, key=lambda effect: -effect[0].origin):
            if name in measures:
                amounts[lot] = max(0, change - self.find_most_recovered(entry, lot, day))
        return amounts

    def take_latest_first(self, entry, amount, day, code):
        recoverable = self.find_recoverable(entry, day)
        if sum(recoverable.values()) < amount:
            raise Refused(code)
        for lot, limit in recoverable.items():
            share = min(limit, amount)
            amount -= share
            if share:
                yield lot, share

    def by_recovery(self, body, amount, day):
        payment = self.entries[body["recovers"]]
        book = "confirmed_" if payment.kind == "confirmation" else ""
        for lot, share in self.take_latest_first(body["recovers"], amount, day, "recovery_exceeds_payment"):
            yield lot, "confirmed" if book else "disbursed", -share
            yield lot, f"{book}recovered", share
            is_closed = payment.body["year"] in self.closed and not body.get("reopened_by")
            if is_closed or day > find_last_day_of_payment(lot):
                yield lot, f"{book}remittable", share
            elif not book:
                yield lot, "reserved", self.calculate_renewed(body["recovers"], lot, share)

    def calculate_renewed(self, payment, lot, share):
        """The part of what comes back that is reserved again: what the payment paid beyond its commitments comes back first."""
        effects = Counter(
            {name: change for of_lot, name, change in self.entries[payment].effects if of_lot == lot}
        )
        back = sum(change for of_lot, _, change in self.find_recoveries(payment) if of_lot == lot)
        uncommitted = max(0, effects["disbursed"] + effects["reserved"] - back)
        return max(0, share - uncommitted) if effects["reserved"] else 0

    def by_remittance(self, body, amount, day):
        recovery = self.entries[body["remits"]]
        book = "confirmed_" if self.find_book(recovery.kind, recovery.body) else ""
        for lot, share in self.take_latest_first(body["remits"], amount, day, "remittance_exceeds_recovery"):
            yield lot, f"{book}remitted", share

    def is_same(self, kind, body, recorded, *, compare_day=True):
        """Whether a request states the same fact as the recorded entry of its voucher."""
        is_other_day = body.get("effective_on") and self.find_day(kind, body) != recorded.day
        same_kind = recorded.kind == kind
        return (
            not (compare_day and is_other_day)
            and same_kind
            and find_identity(recorded.body) == find_identity(body)
        )

    def require_new(self, kind, body):
        """Raise `Refused` where an entry replaces another one again, repeats a corrected one, or has another paper year."""
        replaced = body.get("replaces", {}).get("entry")
        for entry in self.entries.values() if replaced else ():
            if not entry.reversed_as and entry.body.get("replaces", {}).get("entry") == replaced:
                raise Refused("already_replaced")
        voucher = self.find_voucher(kind, body)
        undone = self.entries.get(self.vouchers.get(voucher, ""))
        if (
            undone
            and undone.reversed_as == "correction"
            and not replaced
            and self.is_same(kind, body, undone)
        ):
            raise Refused("voucher_corrected")
        corrected = None if replaced or voucher else self.find_corrected(kind, body)
        if corrected and not (body.get("effective_on") and self.find_day(kind, body) != corrected.day):
            raise Refused("entry_corrected")
        for year in (voucher[4] - 1, voucher[4] + 1) if voucher else ():
            other = self.entries.get(self.vouchers.get((*voucher[:4], year, *voucher[5:]), ""))
            if other is None or other.reversed_as:
                continue
            both_or_neither = bool(other.body["voucher"].get("year")) == bool(body["voucher"].get("year"))
            if not both_or_neither and self.is_same(kind, body, other, compare_day=False):
                raise Refused("voucher_used")

    def require_replaceable(self, kind, body):
        """Raise `Refused` where the replaced entry is in effect or cannot be replaced."""
        if not body.get("replaces"):
            return
        replaced = self.entries[body["replaces"]["entry"]]
        if replaced.kind in REVERSED_FIELDS:
            raise Refused("reversal_not_reversible")
        if replaced.kind != kind:
            raise Refused("replaced_by_another_kind")
        if not replaced.reversed_as:
            raise Refused("replaced_in_effect")

    def find_corrected(self, kind, body):
        """The latest corrected entry that states the same fact, where none that does is in effect; None where there is none."""
        names_none = (*REVERSED_FIELDS, *RECOVERED_FIELDS, "succession")
        if kind in names_none or body.get("voucher") or self.find_duplicate(kind, body):
            return None
        fact = find_fact(kind, body)
        entries = [entry for entry in self.entries.values() if entry.reversed_as == "correction"]
        return next((entry for entry in reversed(entries) if entry.fact == fact), None)

    def find_duplicate(self, kind, body):
        """The latest entry in effect that states the same fact; None where there is none."""
        if kind in REVERSED_FIELDS or body.get("voucher"):
            return None
        fact = find_fact(kind, body)
        duplicates = (
            entry
            for entry, recorded in self.entries.items()
            if recorded.fact == fact and not recorded.reversed_as
        )
        return max(duplicates, default=None, key=list(self.entries).index)

    def require_valid(self, kind, body):
        if kind in RECOVERED_FIELDS:
            original, day = self.entries[body[RECOVERED_FIELDS[kind]]], self.find_day(kind, body)
            kinds = PAYMENT_KINDS if kind == "recovery" else ("recovery",)
            if original.kind not in kinds or (
                body.get("effective_on") and not original.day <= day <= self.today
            ):
                raise Refused("invalid")
            return
        unit, to_unit = body.get("unit"), body.get("to_unit")
        if kind == "sub_allocation" and (to_unit == unit or not is_within(to_unit, unit)):
            raise Refused("invalid")
        same_component = body.get("to_component") in {None, body.get("component")}
        if kind == "transfer" and to_unit in {None, unit} and same_component:
            raise Refused("invalid")
        year = body.get("from_year", body.get("year"))
        may_be_late = kind in LATE_KINDS or body.get("replaces")
        if self.find_day(kind, body).year > year + 1 and not may_be_late:
            raise Refused("invalid")

    def require_project(self, kind, body):
        if self.approved is None:
            raise Refused("invalid")
        if body.get("component") != PROJECT_COMPONENT or body["capital"] != "investment":
            raise Refused("invalid")
        if kind == "disbursement":
            self.require_payable(body["year"], body["amount_vnd"])

    def require_payable(self, year, amount):
        """Raise `Refused` where the project would be paid more than was approved or planned."""
        paid: Counter[int] = Counter()
        for entry in self.entries.values():
            if entry.reversed_as:
                continue
            if entry.kind == "disbursement" and entry.body.get("project"):
                paid[entry.body["year"]] += entry.body["amount_vnd"]
            if self.is_recovered_of_project(entry):
                payment = self.entries[entry.body["recovers"]]
                paid[payment.body["year"]] -= entry.body["amount_vnd"]
        if paid.total() + amount > self.approved:
            raise Refused("project_total_exceeded")
        if paid[year] + amount > self.planned.get(year, 0):
            raise Refused("project_plan_exceeded")

    def is_recovered_of_project(self, entry):
        if entry.kind != "recovery":
            return False
        payment = self.entries[entry.body["recovers"]]
        return payment.kind == "disbursement" and bool(payment.body.get("project"))

    def find_unallocated(self, body):
        """Return the amount that may still be allocated to a line by the assignments of all units above it; None where there is none."""
        holders = {lot.unit for lot in self.select_plan_lots(body) if self.lots[lot]["assigned"]}
        above = [holder for holder in holders if is_within(body["unit"], holder)]
        return min((self.calculate_remainder(holder, body) for holder in above), default=None)

    def calculate_remainder(self, holder, body):
        assigned, allocated = self.sum_plan(holder, body)
        component = body.get("component")
        own = max(0, assigned[component] - allocated[component]) if component else 0
        return own + self.calculate_program_remainder(holder, body)

    def calculate_program_remainder(self, holder, body):
        """Return the remainder of the assignment for the program as a whole, less what components use beyond their own."""
        assigned, allocated = self.sum_plan(holder, body)
        beyond = sum(max(0, allocated[code] - assigned[code]) for code in {*assigned, *allocated} - {None})
        return assigned[None] - allocated[None] - beyond

    def sum_plan(self, holder, body):
        """Return the amounts assigned to a unit and those allocated below it, by component; carried-over money is of another plan."""
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

    def take_oldest_first(self, kind, body, amount, day):
        """Distribute an amount over the lots of a line, the oldest first; from each what is left on every day since."""
        measures = MEASURES_TAKEN[kind]
        available = {
            lot: self.calculate_limit_of_lot(measures, lot, day) for lot in self.select_line_lots(body)
        }
        if sum(available.values()) < amount:
            raise Refused("insufficient_funds")
        for lot, limit in available.items():
            share = min(limit, amount)
            amount -= share
            if share:
                yield lot, share

    def by_opening_balance(self, body, amount, day):
        yield own_lot(body, body.get("origin_year")), "opening_balance", amount

    def by_assignment(self, body, amount, day):
        yield own_lot(body), "assigned", amount

    def by_allocation(self, body, amount, day):
        yield own_lot(body), "allocated", amount

    by_supplement = by_allocation

    def by_transfer(self, body, amount, day):
        for lot, share in self.take_oldest_first("transfer", body, amount, day):
            component = body.get("to_component") or lot.component
            yield lot, "given", share
            yield lot._replace(component=component, unit=body.get("to_unit") or lot.unit), "received", share

    by_sub_allocation = by_transfer

    def by_cancellation(self, body, amount, day):
        for lot, share in self.take_oldest_first("cancellation", body, amount, day):
            yield lot, "cancelled", share

    def by_return(self, body, amount, day):
        for lot, share in self.take_oldest_first("return", body, amount, day):
            yield lot, "returned", share
            yield lot, "reserved", -max(0, share - calculate_unreserved(self.lots[lot]))

    def by_commitment(self, body, amount, day):
        for lot, share in self.take_oldest_first("commitment", body, amount, day):
            yield lot, "committed", share
            yield lot, "reserved", share

    def by_disbursement(self, body, amount, day):
        for lot, share in self.take_oldest_first("disbursement", body, amount, day):
            yield lot, "disbursed", share
            yield lot, "reserved", -min(share, self.lots[lot]["reserved"])

    def by_confirmation(self, body, amount, day):
        for lot, share in self.take_oldest_first("confirmation", body, amount, day):
            yield lot, "confirmed", share

    def by_carry_over(self, body, amount, day):
        for lot, share in self.take_oldest_first("carry_over", body, amount, day):
            reserved, later = (
                max(0, share - calculate_unreserved(self.lots[lot])),
                lot._replace(year=lot.year + 1),
            )
            yield lot, "carried_out", share
            yield lot, "reserved", -reserved
            yield later, "carried_over", share
            yield later, "reserved", reserved

    def reverse(self, kind, body):
        original, day = self.entries[body[REVERSED_FIELDS[kind]]], self.find_day(kind, body)
        requested = body.get("effective_on")
        if day < original.day or (requested and day > max(self.today, original.day)):
            raise Refused("invalid")
        if original.kind in REVERSED_FIELDS:
            raise Refused("reversal_not_reversible")
        self.require_in_effect(body[REVERSED_FIELDS[kind]])
        self.require_open(kind, body)
        if self.is_recovered_of_project(original):
            payment = self.entries[original.body["recovers"]]
            self.require_payable(payment.body["year"], original.body["amount_vnd"])
        reversed_id = body[REVERSED_FIELDS[kind]]
        if any(self.find_most_recovered(reversed_id, lot, day) > 0 for lot, _, _ in original.effects):
            raise Refused("entry_recovered")
        opposite = [(lot, measure, -change) for lot, measure, change in original.effects]
        if original.kind == "recovery":  # what was reserved again may be paid by now
            opposite = [
                (lot, measure, max(change, -self.lots[lot]["reserved"]) if measure == "reserved" else change)
                for lot, measure, change in opposite
            ]
        after = self.copy()
        after.apply("opposite", day, opposite)
        if not self.may_reverse_plan(original, after):
            raise Refused("beyond_assignment")
        if original.kind == "commitment" and any(
            after.lots[lot]["reserved"] < 0 for lot, _, _ in original.effects
        ):
            raise Refused("commitment_paid")
        if not after.is_valid_at_end() or not after.holds_reduced(opposite, day):
            raise Refused("insufficient_funds")
        return opposite

    def holds_reduced(self, effects, day):
        """Whether nothing that was reduced is below zero on a day or later."""
        changes: dict[Lot, Counter[str]] = defaultdict(Counter)
        for lot, measure, change in effects:
            changes[lot][measure] += change
        return all(
            measure(change) >= 0 or self.find_least([measure], lot, day)[0] >= 0
            for lot, change in changes.items()
            for measure in (calculate_left, calculate_unreserved, calculate_unconfirmed)
        )

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

    def apply(self, entry, day, effects):
        for lot, measure, change in effects:
            self.lots[lot][measure] += change
            self.movements[lot].append(Movement(entry, day, measure, change))

    def record(self, entry, kind, body, effects):
        day = self.find_day(kind, body)
        self.apply(entry, day, effects)
        for year in {lot.year for lot, _, _ in effects} & self.closed.keys():
            self.closed[year].append(entry)
        has_no_fact = kind in REVERSED_FIELDS or body.get("voucher")
        self.entries[entry] = RecordedEntry(
            kind, body, effects, day, fact=None if has_no_fact else find_fact(kind, body)
        )
        if kind in REVERSED_FIELDS:
            self.entries[body[REVERSED_FIELDS[kind]]].reversed_as = kind
        elif voucher := self.find_voucher(kind, body):
            self.vouchers[voucher] = entry

    def read_balances(self):
        """The balance of each lot, without zero amounts and empty lots."""
        balances = {
            lot: {name: amount for name, amount in amounts.items() if amount}
            for lot, amounts in self.lots.items()
        }
        return {lot: amounts for lot, amounts in balances.items() if amounts}


def own_lot(body, origin=None):
    return Lot(body["year"], body["capital"], body.get("component"), body["unit"], origin or body["year"])


UNCOMMITTED = (calculate_unreserved, calculate_left)
UNUSED = (*UNCOMMITTED, calculate_unconfirmed)
MEASURES_TAKEN = {
    "sub_allocation": UNUSED,
    "transfer": UNUSED,
    "cancellation": UNUSED,
    "return": (calculate_left, calculate_unconfirmed),
    "commitment": UNCOMMITTED,
    "disbursement": (calculate_left,),
    "confirmation": (calculate_unconfirmed,),
    "carry_over": (calculate_left, calculate_unconfirmed),
}
"""The remainders of which each kind may take the lowest."""
