"""The keys of papers and of the entries of vouchers. Pure.

A voucher is a paper of an issuer: its kind, its number, the year of the paper (numbers begin anew each year), and the line
of the ledger that it pays. One paper may pay several lines, and one line several times, each under a `line_no` of its own.
Texts are compared in their canonical form (`shared/kit/canonical_text.py`). A paper can stand in both books.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.funding.entry_kinds import EntryKind
from services.funding.ledger import Book, Entry, Line, PaperKind, Posting, Voucher
from shared.kit.canonical_text import canonicalize

_encode = json.JSONEncoder(ensure_ascii=False).encode
"""Made once: `json.dumps` makes an encoder for each text."""

PAPER_KINDS: Mapping[EntryKind, PaperKind] = {
    EntryKind.COMMITMENT: "contract",
    EntryKind.RECOVERY: "return_slip",
    EntryKind.REMITTANCE: "return_slip",
}
"""The kind of paper of an entry where none is stated; a payment order for the others."""


class PaperKey(NamedTuple):
    """The key of a paper in a book."""

    book: Book
    issuer: str
    kind: PaperKind
    number: str
    year: int


class VoucherKey(NamedTuple):
    """The key of the entry of a voucher: the paper, the line that it pays, and the place on the paper."""

    paper: PaperKey
    line: Line
    line_no: int

    @property
    def adjacent_years(self) -> tuple[int, int]:
        """The year before that of the paper, and the year after it."""
        return self.paper.year - 1, self.paper.year + 1

    def in_year(self, year: int) -> "VoucherKey":
        """Return the key of a paper of another year that is the same otherwise."""
        return self._replace(paper=self.paper._replace(year=year))

    def list_adjacent_texts(self) -> list[str]:
        """Return the texts of the keys of a paper of the year before and of the year after."""
        return [self.in_year(year).to_text() for year in self.adjacent_years]

    def to_text(self) -> str:
        """Return the key as one text, by which the entry is claimed."""
        paper, line = self.paper, self.line
        return _encode(
            [
                paper.book,
                paper.issuer,
                paper.kind,
                paper.number,
                paper.year,
                line.year,
                line.program,
                line.component,
                line.capital,
                line.source,
                line.unit,
                line.unit_since.isoformat(),
                self.line_no,
            ]
        )


def find_book(kind: EntryKind, postings: Iterable[Posting] = ()) -> Book:
    """Return the book of the voucher of an entry; that of a recovery or remittance follows from its postings."""
    if kind in {EntryKind.RECOVERY, EntryKind.REMITTANCE}:
        changes = [posting.change for posting in postings]
        is_confirmed = any(
            change.confirmed_recovered_vnd or change.confirmed_remitted_vnd for change in changes
        )
        return "treasury" if is_confirmed else "agency"
    return "treasury" if kind is EntryKind.CONFIRMATION else "agency"


def find_paper_kind(kind: EntryKind, voucher: Voucher) -> PaperKind:
    """Return the kind of a paper: as stated, else by the kind of the entry."""
    return voucher.kind or PAPER_KINDS.get(kind, "payment_order")


def find_paper_year(entry: Entry, voucher: Voucher) -> int:
    """Return the year of a paper: that of its date, else as stated, else that of the day of the entry."""
    if voucher.dated_on is not None:
        return voucher.dated_on.year
    return voucher.year or entry.effective_on.year


def find_paper_key(entry: Entry, voucher: Voucher, book: Book | None = None) -> PaperKey:
    """Return what identifies the paper of an entry; `book` is that of money that comes back and is not posted yet."""
    return PaperKey(
        book or find_book(entry.kind, entry.postings),
        canonicalize(voucher.issuer),
        find_paper_kind(entry.kind, voucher),
        canonicalize(voucher.number),
        find_paper_year(entry, voucher),
    )


def find_voucher_key(entry: Entry, line: Line, book: Book | None = None) -> VoucherKey | None:
    """Return what identifies an entry by its voucher; None where it has none. `book` as for `find_paper_key`."""
    if entry.voucher is None:
        return None
    return VoucherKey(find_paper_key(entry, entry.voucher, book), line, entry.voucher.line_no or 1)
