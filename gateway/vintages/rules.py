"""What a vintage is made of, and how two are compared. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.kit.problems import Conflict, NotFound, Sentence, Unavailable

MONEY_KEYS = ("program", "capital", "source")
"""The members that identify a row of money, in the order in which they name it."""
MONEY_SUFFIXES = ("_vnd", "_rate")
"""How the names of the measures of a row of money end."""


class VintageNotFound(NotFound):
    """No vintage has this id."""

    code = "vintage_not_found"
    detail = Sentence("Không có bản chốt số liệu {vintage}.", "There is no vintage {vintage}.")


class VintageExists(Conflict):
    """A vintage of this unit and period has this name; one is never replaced."""

    code = "vintage_exists"
    detail = Sentence(
        "Đã có bản chốt tên “{name}” cho kỳ và đơn vị này ({vintage}).",
        "A vintage named “{name}” exists for this unit and period ({vintage}).",
    )


class VintagesNotComparable(Conflict):
    """The two vintages are of another unit or period."""

    code = "vintages_not_comparable"
    detail = Sentence("Hai bản chốt khác đơn vị hoặc kỳ.", "The two vintages are of another unit or period.")


class VintageIncomplete(Unavailable):
    """A part could not be read at the instant, so nothing was frozen."""

    code = "vintage_incomplete"
    detail = Sentence(
        "Chưa chốt được vì thiếu: {missing}; hãy gửi lại.",
        "Nothing was frozen, because a part is missing: {missing}; send it again.",
    )

    def __init__(self, missing: Mapping[str, str]) -> None:
        named = ", ".join(f"{part} ({reason})" for part, reason in sorted(missing.items()))
        super().__init__(missing=named, headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """A value that is not the same in two vintages, or is in one of them alone."""

    part: str
    name: str
    """The figure with its standard and member, or the measure of a row of money."""
    before: Decimal | float | None
    after: Decimal | float | None


def compare_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ValueDifference]:
    """Return the values that differ between the parts of two vintages, by part and name."""
    values = [{(part, name): value for part, name, value in _list_values(parts)} for parts in (before, after)]
    earlier, later = values
    return [
        ValueDifference(part, name, earlier.get((part, name)), later.get((part, name)))
        for part, name in sorted({*earlier, *later})
        if earlier.get((part, name)) != later.get((part, name))
    ]


def _list_values(parts: Mapping[str, Any]) -> Iterator[tuple[str, str, Decimal | float | None]]:
    """Yield part, name and value of every figure and every amount."""
    for part, document in parts.items():
        for figure in document.get("figures", ()):
            yield part, name_figure(figure), figure["value"]
        for row in document.get("rows", ()):
            yield from ((part, name, value) for name, value in _list_money(row))
        if isinstance(document.get("total"), Mapping):
            total = {"capital": "total", **document["total"]}
            yield from ((part, name, value) for name, value in _list_money(total))


def name_figure(figure: Mapping[str, Any]) -> str:
    """Return the code of a figure with its standard and member, where it has them."""
    dimension = figure.get("dimension") or {}
    members = [f"{name}={member}" for name, member in dimension.items()]
    return " ".join(filter(None, [figure["indicator"], figure.get("standard"), *members]))


def _list_money(row: Mapping[str, Any]) -> Iterator[tuple[str, Decimal | float | None]]:
    keys = [str(row[name]) for name in MONEY_KEYS if row.get(name) is not None]
    for name, value in row.items():
        if name.endswith(MONEY_SUFFIXES):
            yield " ".join([*keys, name]), value
