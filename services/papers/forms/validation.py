"""What a cell of a form checks and shows when it is selected, and the formulas that turn cells red. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.papers.forms.layout import NIL_MARK, FormColumn, FormLayout, RowCheck, name_column

MAX_TITLE, MAX_MESSAGE = 32, 255
"""The limits of Excel for the title and the text of an input message."""

COMPARISON_SIGNS = {"equal": "<>", "at_most": ">", "at_least": "<"}
"""The comparison that makes a check fail."""


def make_validation(
    layout: FormLayout, column: FormColumn, address: str, before: str | None
) -> dict[str, Any]:
    """Return the validation of cells whose first has an address: a number within the limits with so many decimals, or the mark of nil.

    `before` is the value of the year before, which the message shows.
    """
    conditions = [f"ROUND({address},{column.decimals})={address}"]
    if column.minimum is not None:
        conditions.append(f"{address}>={column.minimum}")
    if column.maximum is not None:
        conditions.append(f"{address}<={column.maximum}")
    formula = f'=IF(ISNUMBER({address}),AND({",".join(conditions)}),LOWER({address})="{NIL_MARK}")'
    beginning = "" if before is None else f"Năm trước ({layout.period_before}): {format_number(before)}. "
    limits = (
        f"Từ {format_number(column.minimum)} đến {format_number(column.maximum)}" if column.maximum else "Số"
    )
    return {
        "validate": "custom",
        "value": formula,
        "ignore_blank": True,
        "input_title": cut(column.label, MAX_TITLE),
        "input_message": cut(f"{beginning}{column.definition}", MAX_MESSAGE),
        "error_title": "Chưa đúng",
        "error_message": cut(
            f"{limits}, tối đa {column.decimals} chữ số thập phân; hoặc {NIL_MARK} nếu không phát sinh.",
            MAX_MESSAGE,
        ),
    }


def make_check_formula(check: RowCheck, places: Mapping[str, int], row: int) -> str:
    """Return the formula that is true where a row states all terms of a check and breaks it; `row` is counted from 1."""

    def add(keys: Sequence[str]) -> str:
        return "+".join(f"N(${name_column(places[key])}{row})" for key in keys)

    stated = ",".join(f"ISNUMBER(${name_column(places[key])}{row})" for key in (*check.left, *check.right))
    factor = "" if check.factor == "1" else f"{check.factor}*"
    return f"=AND({stated},ROUND({add(check.left)}-{factor}({add(check.right)}),6){COMPARISON_SIGNS[check.kind]}0)"


def format_number(text: str | None) -> str:
    """Return a number as Vietnamese forms write it: 1.234,5."""
    if text is None:
        return "…"
    whole, _, decimals = text.partition(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{grouped},{decimals}" if decimals.strip("0") else grouped


def cut(text: str, length: int) -> str:
    """Return a text that is at most so long; a longer one ends with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
