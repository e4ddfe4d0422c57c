"""Reconcile printed figures with the data: what ties, what only rounding separates, what differs, and what must lie between. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.kit.problems import Fault, Invalid, NotFound, Sentence, make_fault

PrintedVerdict = Literal["ties", "rounding", "differs", "no_data"]
HALF = Decimal("0.5")
ID_REPEATED = Sentence("Mã “{id}” đã dùng cho một số khác.", "Another figure already has the id “{id}”.")


FIGURE_UNKNOWN = Sentence(
    "{service} không có số liệu “{indicator}”.", "{service} has no figure “{indicator}”."
)


class PublishedNotFound(NotFound):
    """No published document has this code."""

    code = "published_not_found"
    detail = Sentence("Không có văn bản đã công bố “{name}”.", "There is no published document “{name}”.")


class PublishedTableFaulty(Invalid):
    """A figure of the table is none of the data, or two have one id; `errors` names each."""

    code = "published_table_faulty"
    title = Sentence("Bảng số liệu đã công bố có lỗi", "The table of printed figures has faults")


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A figure as a document prints it."""

    id: str
    slot: str
    printed: Decimal
    decimals: int
    at_least: bool
    """Whether the document says that it is reached or exceeded: "more than 120"."""
    text: str
    unit_of_measure: str = ""


@dataclass(frozen=True, slots=True)
class PublishedSum:
    """A total that a document prints, and its parts, of which some may not be printed."""

    label: str
    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers that a printed figure may stand for, both ends included."""

    lowest: Decimal
    highest: Decimal


def find_interval(figure: PublishedFigure) -> Interval:
    """Return what a printed figure may have been before it was rounded."""
    half = HALF.scaleb(-figure.decimals)
    return Interval(figure.printed - half, figure.printed + half)


def reconcile(figure: PublishedFigure, value: Decimal | None) -> PrintedVerdict:
    """Return how a printed figure compares with the exact value of the data.

    `ties`: the value rounds to it; `rounding`: it is within one unit of the last printed digit; `differs`: neither.
    """
    if value is None:
        return "no_data"
    if figure.at_least:
        return "ties" if value >= figure.printed else "differs"
    interval = find_interval(figure)
    if interval.lowest <= value < interval.highest or (value == interval.highest and value < 0):
        return "ties"
    unit = Decimal(1).scaleb(-figure.decimals)
    return "rounding" if abs(value - figure.printed) <= unit else "differs"


def check_printed_sum(
    total: PublishedFigure, parts: Sequence[PublishedFigure]
) -> Literal["ties", "rounding", "differs"]:
    """Return whether printed parts add up to a printed total: exactly, within their rounding, or not."""
    added = sum((part.printed for part in parts), Decimal(0))
    if added == total.printed:
        return "ties"
    slack = sum((HALF.scaleb(-figure.decimals) for figure in (total, *parts)), Decimal(0))
    return "rounding" if abs(added - total.printed) <= slack else "differs"


def find_unprinted(row: PublishedSum, figures: Mapping[str, PublishedFigure]) -> dict[str, Interval]:
    """Return the interval in which the one part that is not printed must lie; none where all or several are unprinted."""
    unprinted = [part for part in row.parts if part not in figures]
    if len(unprinted) != 1 or row.total not in figures:
        return {}
    total = find_interval(figures[row.total])
    printed = [find_interval(figures[part]) for part in row.parts if part in figures]
    lowest = total.lowest - sum((interval.highest for interval in printed), Decimal(0))
    highest = total.highest - sum((interval.lowest for interval in printed), Decimal(0))
    return {unprinted[0]: Interval(lowest, highest)}


def find_base(part: PublishedFigure, rate: PublishedFigure) -> Interval:
    """Return the interval of the base of which a printed part is a printed percentage: the unprinted denominator."""
    amount, percent = find_interval(part), find_interval(rate)
    return Interval(100 * amount.lowest / percent.highest, 100 * amount.highest / percent.lowest)


def find_repeated_ids(ids: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each figure whose id an earlier one has: only one of them would be reconciled."""
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield make_fault(f"/figures/{index}/id", "figure_id_repeated", ID_REPEATED, id=name)
