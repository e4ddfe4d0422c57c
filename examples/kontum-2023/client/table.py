"""The province's answer beside the plan, figure by figure; then the districts beside each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from client.door import Caller
from client.posting import PERIOD, districts, read

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
"""Where the status says each figure of money: the row of a capital kind or of a source, and its field."""

MARKS = {"split": "≈", "assumed": "*"}

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
"""How terminals are told that a text leads to an address (OSC 8)."""
LABEL_WIDTH = 44
NARROWEST_LINK = 12

READING_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Line:
    """One figure: as the plan prints it, as the province computes it."""

    id: str
    label: str
    printed: Decimal
    computed: Decimal | None
    decimals: int
    mark: str
    lineage: str

    @property
    def rounded(self) -> Decimal | None:
        """Rounded once, half away from zero."""
        return None if self.computed is None else round_once(self.computed, self.decimals)

    @property
    def matches(self) -> bool:
        return self.rounded == self.printed


def round_once(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


async def status(caller: Caller, unit: str) -> dict[str, Any]:
    """The status of a unit, once every part of it is fresh or has had time to be."""
    give_up_at = asyncio.get_running_loop().time() + READING_PATIENCE_S
    while True:
        answer: dict[str, Any] = await caller.get(f"/v1/status?period={PERIOD}&unit={unit}")
        if answer["complete"] or asyncio.get_running_loop().time() > give_up_at:
            return answer
        await asyncio.sleep(0.5)


def compare(province: dict[str, Any]) -> list[Line]:
    return [_line(row, province) for row in read("plan_570")]


def _line(row: dict[str, str], province: dict[str, Any]) -> Line:
    if row["program"] == "funding":
        place, column, label = MONEY[row["figure"]]
        found = _money(province, place)
        value = found.get(column)
        computed = None if value is None else Decimal(value)
        if computed is not None and column.endswith("_vnd"):
            computed /= MILLION
    else:
        found = _figure(province, row["program"], row["figure"])
        label = found.get("label", row["figure"])
        value = found.get(row["reads"])
        computed = None if value is None else Decimal(value)
    return Line(
        id=row["id"],
        label=label,
        printed=Decimal(row["printed"]),
        computed=computed,
        decimals=int(row["decimals"]),
        mark=MARKS.get(row["inputs"], ""),
        lineage=found.get("lineage", ""),
    )


def _figure(answer: dict[str, Any], program: str, indicator: str) -> dict[str, Any]:
    figures = (f for p in answer["programs"] if p["program"] == program for f in p["figures"])
    return next((figure for figure in figures if figure["indicator"] == indicator), {})


def _money(answer: dict[str, Any], place: str) -> dict[str, Any]:
    funding = answer["funding"]
    rows = [*funding.get("rows", []), *funding.get("sources", [])]
    return next((row for row in rows if place in {row.get("capital"), row.get("source")}), {})


def say(lines: Sequence[Line], gateway: str = "", width: int | None = None) -> str:
    """The table of the plan, and what its marks mean.

    On a terminal, of so many columns, lineages are cut to fit and lead to their whole address at the gateway.
    """
    rows = [
        (
            line.id,
            _cut(line.label, LABEL_WIDTH) + (f" {line.mark}" if line.mark else ""),
            number(line.printed),
            "no answer" if line.computed is None else number(line.computed),
            "" if line.rounded is None else number(line.rounded),
            "✓" if line.matches else "✗",
        )
        for line in lines
    ]
    heads = ("", "figure", "plan 570", "computed", "rounded", "")
    table = _aligned([heads, *rows], right=(2, 3, 4))
    room = None if width is None else max(width - len(table[0]) - 2, NARROWEST_LINK)
    lineages = ["lineage", *(_lineage(line.lineage, gateway, room) for line in lines)]
    return "\n".join(
        [
            *(f"{row}  {lineage}" for row, lineage in zip(table, lineages, strict=True)),
            "≈ its total is published, the parts it was added up from are apportioned",
            "* something behind it is not published, and was chosen within what the printed figures allow",
            f"{sum(line.matches for line in lines)} of {len(lines)} figures as the plan prints them",
        ]
    )


def _lineage(path: str, gateway: str, room: int | None) -> str:
    return path if room is None else LINK.format(address=gateway + path, text=_cut(path, room))


async def say_districts(caller: Caller) -> str:
    """The districts side by side. All of it comes from apportioned reports."""
    names = districts()
    answers = await asyncio.gather(*(status(caller, code) for code in names))
    heads = ("", "district", *(head for *_, head, _ in DISTRICT_COLUMNS), "disbursed %")
    rows = [
        (
            code,
            names[code],
            *(
                _cell(_figure(answer, program, name).get("value"), decimals)
                for program, name, _, decimals in DISTRICT_COLUMNS
            ),
            _cell(_money(answer, "total").get("disbursement_rate"), 2),
        )
        for code, answer in zip(names, answers, strict=True)
    ]
    return "\n".join(
        [
            *_aligned([heads, *rows], right=range(2, len(heads))),
            "≈ all of these are apportioned or illustrative: no district's figures of 2023 are published",
        ]
    )


def _cell(value: int | Decimal | None, decimals: int) -> str:
    return "–" if value is None else number(round_once(Decimal(value), decimals))


def number(value: Decimal) -> str:
    """All its digits, as the plan writes numbers: 1.274.696 and 52,19."""
    return f"{value:,f}".translate(str.maketrans(",.", ".,"))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Lines of equal length, some columns to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(widths[column]) if column in right else cell.ljust(widths[column])
            for column, cell in enumerate(row)
        )
        for row in rows
    ]
