"""The figures of the province compared with the plan, and those of the districts side by side."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ntp_client import AsyncNtpClient

from client.posting import PERIOD, read_districts
from client.requests import read_table

MILLION = 1_000_000

MONEY = {
    "central_allocated_total": ("total", "allocated_vnd", "Ngân sách trung ương giao"),
    "central_allocated_investment": ("investment", "allocated_vnd", "… vốn đầu tư phát triển"),
    "central_allocated_recurrent": ("recurrent", "allocated_vnd", "… vốn sự nghiệp"),
    "local_budget": ("local_budget", "allocated_vnd", "Ngân sách địa phương"),
    "carried_over_from_2022": ("total", "carried_over_vnd", "Kéo dài từ 2022"),
    "available_total": ("total", "available_vnd", "Tổng dự toán"),
    "disbursed_total": ("total", "disbursed_vnd", "Giải ngân"),
    "disbursement_rate_total": ("total", "disbursement_rate", "Tỷ lệ giải ngân"),
    "disbursed_investment": ("investment", "disbursed_vnd", "… vốn đầu tư"),
    "disbursement_rate_investment": ("investment", "disbursement_rate", "… tỷ lệ vốn đầu tư"),
    "disbursed_recurrent": ("recurrent", "disbursed_vnd", "… vốn sự nghiệp"),
    "disbursement_rate_recurrent": ("recurrent", "disbursement_rate", "… tỷ lệ vốn sự nghiệp"),
}
"""Where the status holds each figure of money: the capital kind or source of the row, the field, and a label."""

MARKS = {"split": "≈", "assumed": "*"}
"""How a figure is marked, by the origin of its inputs (column `inputs` of plan_570.csv)."""

DISTRICT_COLUMNS = (
    ("poverty", "poverty_rate", "poor %", 2),
    ("poverty", "near_poverty_rate", "near-poor %", 2),
    ("poverty", "poor_households_escaped", "escaped", 0),
    ("ethnic", "em_households_with_residential_land_rate", "EM land %", 2),
    ("rural", "communes_meeting_all_criteria", "19/19", 0),
    ("rural", "communes_recognized", "recognized", 0),
    ("rural", "average_criteria_per_commune", "criteria", 1),
    ("rural", "ocop_products_valid", "OCOP", 0),
)
"""Program, figure, heading, decimals."""

LINK = "\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
"""The terminal sequence of a link (OSC 8)."""
LABEL_WIDTH = 44
SHORTEST_LINK = 12

WAIT_FOR_STATUS_S = 10.0
"""How long the status is read again while a part of it is missing or stale."""


@dataclass(frozen=True)
class FigureComparison:
    """One figure: as the plan prints it, and as the product computes it."""

    id: str
    label: str
    printed: Decimal
    computed: Decimal | None
    at_least: bool
    """Whether the plan prints a number that is reached or exceeded: "more than 120"."""
    decimals: int
    mark: str
    lineage: str

    @property
    def rounded(self) -> Decimal | None:
        """The computed value, rounded once, half away from zero."""
        return None if self.computed is None else round_once(self.computed, self.decimals)

    @property
    def matches(self) -> bool:
        if self.rounded is None:
            return False
        return self.rounded >= self.printed if self.at_least else self.rounded == self.printed


def round_once(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


async def read_status(client: AsyncNtpClient, unit: str) -> dict[str, Any]:
    """Return the status of a unit when it is complete, or after `WAIT_FOR_STATUS_S`."""
    give_up_at = asyncio.get_running_loop().time() + WAIT_FOR_STATUS_S
    while True:
        status: dict[str, Any] = await client.get(f"/v1/status?period={PERIOD}&unit={unit}&require=all")
        if status["complete"] or asyncio.get_running_loop().time() > give_up_at:
            return status
        await asyncio.sleep(0.5)


def compare(status: dict[str, Any]) -> list[FigureComparison]:
    """Return the comparison of each figure of the plan with the status of the province."""
    return [_compare_figure(row, status) for row in read_table("plan_570")]


def _compare_figure(row: dict[str, str], status: dict[str, Any]) -> FigureComparison:
    if row["program"] == "funding":
        capital_or_source, field, label = MONEY[row["figure"]]
        figure = _find_money_row(status, capital_or_source)
        value = figure.get(field)
        computed = None if value is None else Decimal(value)
        if computed is not None and field.endswith("_vnd"):
            computed /= MILLION
    else:
        figure = _find_figure(status, row["program"], row["figure"])
        label = figure.get("label", row["figure"])
        value = figure.get(row["reads"])
        computed = None if value is None else Decimal(value)
    return FigureComparison(
        id=row["id"],
        label=label,
        printed=Decimal(row["printed"]),
        computed=computed,
        at_least=row["compares"] == "at_least",
        decimals=int(row["decimals"]),
        mark=MARKS.get(row["inputs"], ""),
        lineage=figure.get("lineage", ""),
    )


def _find_figure(status: dict[str, Any], program: str, indicator: str) -> dict[str, Any]:
    parts = [part for part in status["programs"] if part["program"] == program]
    if program == "oversight":
        parts = [status.get("oversight", {"figures": []})]
    figures = (figure for part in parts for figure in part["figures"])
    return next((figure for figure in figures if figure["indicator"] == indicator), {})


def _find_money_row(status: dict[str, Any], capital_or_source: str) -> dict[str, Any]:
    funding = status["funding"]
    rows = [*funding.get("rows", []), funding.get("total") or {}, *funding.get("sources", [])]
    return next((row for row in rows if capital_or_source in {row.get("capital"), row.get("source")}), {})


def format_comparison(
    figures: Sequence[FigureComparison], gateway: str = "", width: int | None = None
) -> str:
    """Return the table of the plan's figures, and the meaning of its marks.

    On a terminal (`width` in columns) lineages are cut to fit, and link to their whole address at the gateway.
    """
    rows = [
        (
            figure.id,
            _cut(figure.label, LABEL_WIDTH) + (f" {figure.mark}" if figure.mark else ""),
            ("≥ " if figure.at_least else "") + format_number(figure.printed),
            "no answer" if figure.computed is None else format_number(figure.computed),
            "" if figure.rounded is None else format_number(figure.rounded),
            "✓" if figure.matches else "✗",
        )
        for figure in figures
    ]
    headings = ("", "figure", "plan 570", "computed", "rounded", "")
    table = _align([headings, *rows], right=(2, 3, 4))
    lineage_width = None if width is None else max(width - len(table[0]) - 2, SHORTEST_LINK)
    lineages = ["lineage", *(_format_lineage(figure.lineage, gateway, lineage_width) for figure in figures)]
    return "\n".join(
        [
            *(f"{row}  {lineage}" for row, lineage in zip(table, lineages, strict=True)),
            "≈ the total is published; its parts are apportioned",
            "* some input is not published, and was chosen within what the printed figures allow",
            f"{sum(figure.matches for figure in figures)} of {len(figures)} figures as the plan prints them",
        ]
    )


def _format_lineage(path: str, gateway: str, width: int | None) -> str:
    return path if width is None else LINK.format(address=gateway + path, text=_cut(path, width))


async def format_districts(client: AsyncNtpClient) -> str:
    """Return the table of the districts. Its figures come from apportioned reports."""
    names = read_districts()
    statuses = await asyncio.gather(*(read_status(client, code) for code in names))
    headings = ("", "district", *(heading for *_, heading, _ in DISTRICT_COLUMNS), "disbursed %")
    rows = [
        (
            code,
            names[code],
            *(
                _format_cell(_find_figure(status, program, figure).get("value"), decimals)
                for program, figure, _, decimals in DISTRICT_COLUMNS
            ),
            _format_cell(_find_money_row(status, "total").get("disbursement_rate"), 2),
        )
        for code, status in zip(names, statuses, strict=True)
    ]
    return "\n".join(
        [
            *_align([headings, *rows], right=range(2, len(headings))),
            "≈ all but the 6,99 % of Sa Thầy are apportioned or illustrative: no other district's figures of 2023 are published",
        ]
    )


def _format_cell(value: int | Decimal | None, decimals: int) -> str:
    return "–" if value is None else format_number(round_once(Decimal(value), decimals))


def format_number(value: Decimal) -> str:
    """Return all digits of a number as the plan writes numbers: 1.274.696 and 52,19."""
    return f"{value:,f}".translate(str.maketrans(",.", ".,"))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _align(rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Return rows as lines of equal length; the columns in `right` are aligned to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(widths[column]) if column in right else cell.ljust(widths[column])
            for column, cell in enumerate(row)
        )
        for row in rows
    ]
