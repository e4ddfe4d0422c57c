"""An entry as somebody asks for it, and everything that is wrong with it before the ledger is looked at. Pure.

Faults of shape were found already; what could not be read is None here and is not judged twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.funding.catalogue import FundingCatalogue
from services.funding.ledger import INFLOW_KINDS, Capital, Decision, EntryKind, InKind, Voucher
from shared.kit.problems import Fault, Sentence, make_fault

TO_YEAR_NOT_NEXT = Sentence(
    "Vốn chỉ được kéo dài sang năm liền sau ({next_year}).",
    "Money is carried into the next year ({next_year}).",
)
ORIGIN_AFTER_YEAR = Sentence(
    "Năm gốc của vốn không thể sau năm ngân sách {year}.",
    "Money cannot originate after the budget year {year}.",
)
PAPER_MISSING = Sentence(
    "Cần số chứng từ (voucher) hoặc quyết định (decision).", "Name the voucher or the decision behind it."
)
IN_FUTURE = Sentence("Ngày {day} chưa tới.", "{day} has not come yet.")
NOT_IN_KIND = Sentence(
    "Chỉ nguồn ngoài nhà nước đóng góp bằng hiện vật; “{source}” thì không.",
    "Only sources outside the state give in kind; “{source}” does not.",
)
BEFORE_YEAR = Sentence(
    "Thời hạn {day} trước năm {year} mà vốn được kéo dài sang.",
    "The deadline {day} lies before the year {year} that the money enters.",
)
NOWHERE_TO_GO = Sentence(
    "Cần đơn vị hoặc thành phần nhận vốn khác với nơi chuyển.",
    "Name a unit or a component other than the one that the money leaves.",
)
NOT_BELOW = Sentence(
    "Đơn vị {to_unit} không thuộc đơn vị {unit}.", "The unit {to_unit} does not lie below the unit {unit}."
)
BEFORE_ENTRY = Sentence(
    "Ngày {day} trước ngày {undone_on} của bút toán bị đảo.",
    "{day} lies before {undone_on}, the day of the entry that is undone.",
)
FAR_FROM_YEAR = Sentence(
    "Ngày {day} không thuộc năm ngân sách {year}, năm trước hoặc năm sau.",
    "{day} is not in the budget year {year}, the year before or the year after.",
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry as asked for. None: not said, or said so that it could not be read."""

    kind: EntryKind
    year: int | None = None
    to_year: int | None = None
    program: str | None = None
    component: str | None = None
    capital: Capital | None = None
    source: str | None = None
    unit: str | None = None
    to_component: str | None = None
    to_unit: str | None = None
    origin_year: int | None = None
    amount_vnd: int | None = None
    decision: Decision | None = None
    voucher: Voucher | None = None
    effective_on: date | None = None
    note: str | None = None
    in_kind: InKind | None = None
    deadline: date | None = None
    project: str | None = None
    unread: frozenset[str] = frozenset()

    def faults(self, catalogue: FundingCatalogue, today: date) -> Iterator[Fault]:
        """Name what is wrong with it, apart from its unit."""
        brings = self.kind in INFLOW_KINDS
        yield from catalogue.faults_of(
            program=self.program,
            component=self.component,
            source=self.source,
            funded_in=(self.origin_year or self.year) if brings else None,
        )
        yield from catalogue.faults_of_component("/to_component", self.program, self.to_component)
        yield from self._faults_of_years()
        if self.kind is EntryKind.TRANSFER and not self.unread & {
            "unit",
            "to_unit",
            "to_component",
            "component",
        }:
            same_unit = self.to_unit in {None, self.unit}
            if same_unit and self.to_component in {None, self.component}:
                yield make_fault("/to_unit", "nowhere_to_go", NOWHERE_TO_GO)
        if self.in_kind and self.source in catalogue.sources and self.source not in catalogue.non_state:
            yield make_fault("/in_kind", "source_gives_money", NOT_IN_KIND, source=self.source)
        yield from self._faults_of_papers()
        yield from self._faults_of_days(today)

    def _faults_of_years(self) -> Iterator[Fault]:
        if self.year is None:
            return
        if self.to_year is not None and self.to_year != self.year + 1:
            yield make_fault("/to_year", "to_year_not_next", TO_YEAR_NOT_NEXT, next_year=self.year + 1)
        if self.origin_year is not None and self.origin_year > self.year:
            yield make_fault("/origin_year", "origin_year_after_year", ORIGIN_AFTER_YEAR, year=self.year)

    def _faults_of_papers(self) -> Iterator[Fault]:
        named = self.decision or self.voucher or self.unread & {"decision", "voucher"}
        if self.kind in {EntryKind.COMMITMENT, EntryKind.DISBURSEMENT, EntryKind.CONFIRMATION} and not named:
            yield make_fault("/voucher", "paper_missing", PAPER_MISSING)

    def _faults_of_days(self, today: date) -> Iterator[Fault]:
        if self.year is not None and self.deadline is not None and self.deadline.year <= self.year:
            day = self.deadline.isoformat()
            yield make_fault("/deadline", "deadline_before_year", BEFORE_YEAR, day=day, year=self.year + 1)
        if self.decision is not None and self.decision.date > today:
            yield make_fault(
                "/decision/date", "date_in_future", IN_FUTURE, day=self.decision.date.isoformat()
            )
        if self.effective_on is None:
            return
        if self.kind not in INFLOW_KINDS and self.effective_on > today:
            yield make_fault("/effective_on", "date_in_future", IN_FUTURE, day=self.effective_on.isoformat())
        if self.year is not None and not (self.year - 1 <= self.effective_on.year <= self.year + 1):
            day = self.effective_on.isoformat()
            yield make_fault("/effective_on", "date_far_from_year", FAR_FROM_YEAR, day=day, year=self.year)

    def day(self, today: date) -> date | None:
        """Tell when it takes effect: as said, else the decision's date or today, brought into the budget year."""
        if self.effective_on is not None or self.year is None:
            return self.effective_on
        first, last = date(self.year, 1, 1), date(self.to_year or self.year, 12, 31)
        return min(max(self.decision.date if self.decision else today, first), last)


def faults_of_undoing(
    undone_on: date | None, *, decision: Decision | None, effective_on: date | None, today: date
) -> Iterator[Fault]:
    """Name what is wrong with the days of a reversal; `undone_on` is the entry's day, None where it is not known."""
    if decision is not None and decision.date > today:
        yield make_fault("/decision/date", "date_in_future", IN_FUTURE, day=decision.date.isoformat())
    if effective_on is None:
        return
    day = effective_on.isoformat()
    if effective_on > max(today, undone_on or today):
        yield make_fault("/effective_on", "date_in_future", IN_FUTURE, day=day)
    if undone_on is not None and effective_on < undone_on:
        yield make_fault(
            "/effective_on", "date_before_entry", BEFORE_ENTRY, day=day, undone_on=undone_on.isoformat()
        )
