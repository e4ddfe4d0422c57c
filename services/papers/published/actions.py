"""Reconcile the printed figures of a document with the data of its unit and period."""

import csv
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from services.papers.documents.actions import find_newest
from services.papers.documents.answers import read_answers
from services.papers.documents.filling import find_source, read_figure
from services.papers.documents.printing import MILLION
from services.papers.documents.templates import PROGRAM_SERVICES, Template, find_template_faults
from services.papers.gateway import CallerGateway
from services.papers.published.rules import (
    FIGURE_UNKNOWN,
    PublishedFigure,
    PublishedNotFound,
    PublishedSum,
    PublishedTableFaulty,
    check_printed_sum,
    find_interval,
    find_repeated_ids,
    find_unprinted,
    reconcile,
)
from services.papers.published.schemas import (
    PublishedReconciliationOut,
    PublishedTableIn,
    ReconciledFigureOut,
    ReconciledSumOut,
)
from shared.kit.problems import Fault, make_fault
from shared.periods import Period

FOLDER = Path(__file__).with_name("tables")


@cache
def load_published(name: str) -> PublishedTableIn:
    """Return a table that comes with the product; raises `PublishedNotFound`."""
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        raise PublishedNotFound(name=name)
    with path.open("rb") as file:
        table = tomllib.load(file)
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        figures = [
            {
                **row,
                "printed": Decimal(row["printed"]),
                "decimals": int(row["decimals"]),
                "at_least": row["at_least"] == "true",
            }
            for row in csv.DictReader(file)
        ]
    return PublishedTableIn.model_validate({**table, "figures": figures})


async def reconcile_table(
    gateway: CallerGateway, table: PublishedTableIn, as_of: str | None = None
) -> PublishedReconciliationOut:
    """Return each printed figure beside the data, and what the printed sums say."""
    template = _make_template(table)
    period = Period.parse(table.period)
    answers = await read_answers(gateway, template, table.unit, period, as_of=as_of)
    if faults := await _find_unknown_figures(gateway, template, answers, table):
        raise PublishedTableFaulty(faults=faults)
    figures = {figure.id: _to_figure(figure.model_dump()) for figure in table.figures}
    items = [_reconcile_figure(template, answers, figure) for figure in figures.values()]
    sums = [
        _reconcile_sum(PublishedSum(row.label, row.total, tuple(row.parts)), figures) for row in table.sums
    ]
    return PublishedReconciliationOut(
        unit=table.unit,
        period=table.period,
        as_of=as_of or find_newest(answers),
        counts=dict(Counter(item.verdict for item in items)),
        items=items,
        sums=sums,
    )


async def _find_unknown_figures(
    gateway: CallerGateway, template: Template, answers: Mapping[str, Any], table: PublishedTableIn
) -> list[Fault]:
    """Return a fault for each figure that its program never has: one without a value in the period is none."""
    absent = {
        index: binding
        for index, figure in enumerate(table.figures)
        if (binding := template.slots[figure.slot]).service in PROGRAM_SERVICES
        and not find_source(binding, answers)
    }
    known = {
        service: await _list_figure_codes(gateway, service)
        for service in sorted({binding.service for binding in absent.values()})
    }
    return [
        make_fault(
            f"/figures/{index}/slot",
            "figure_unknown",
            FIGURE_UNKNOWN,
            service=binding.service,
            indicator=binding.indicator,
        )
        for index, binding in absent.items()
        if binding.indicator not in known[binding.service]
    ]


async def _list_figure_codes(gateway: CallerGateway, service: str) -> set[str]:
    """Return the codes of figures and indicators of a service's catalogue; none where it has no catalogue."""
    catalogue = await gateway.find(f"/v1/{service}/catalogue")
    tables = (catalogue or {}).get("tables", {})
    return {row["code"] for name in ("figure", "indicator") for row in tables.get(name, ())}


def _to_figure(row: Mapping[str, Any]) -> PublishedFigure:
    return PublishedFigure(**row)


def _make_template(table: PublishedTableIn) -> Template:
    """Return a template whose slots are those of the table; raises `PublishedTableFaulty`."""
    slots = [{"tag": figure.slot} for figure in table.figures]
    document = {"code": "published", "paragraph": [], "slot": slots}
    wrong_slots = [
        replace(fault, pointer=f"/figures/{index}/slot")
        for index, slot in enumerate(slots)
        for fault in find_template_faults({**document, "slot": [slot]})
    ]
    if faults := [*find_repeated_ids([figure.id for figure in table.figures]), *wrong_slots]:
        raise PublishedTableFaulty(faults=faults)
    return Template("published", document)


def _reconcile_figure(
    template: Template, answers: Mapping[str, Any], figure: PublishedFigure
) -> ReconciledFigureOut:
    source = read_figure(template.slots[figure.slot], answers)
    value = None if source.value is None else Decimal(str(source.value))
    if value is not None and figure.slot.endswith("_vnd"):
        value /= MILLION
    interval = find_interval(figure)
    return ReconciledFigureOut(
        id=figure.id,
        slot=figure.slot,
        text=figure.text,
        printed=figure.printed,
        value=value,
        verdict=reconcile(figure, value),
        lowest=interval.lowest,
        highest=interval.highest,
        lineage=source.lineage,
    )


def _reconcile_sum(row: PublishedSum, figures: Mapping[str, PublishedFigure]) -> ReconciledSumOut:
    parts = [figures[part] for part in row.parts if part in figures]
    if row.total in figures and len(parts) == len(row.parts):
        verdict = check_printed_sum(figures[row.total], parts)
        return ReconciledSumOut(label=row.label, verdict=verdict, unprinted=None, lowest=None, highest=None)
    part, interval = next(iter(find_unprinted(row, figures).items()), (None, None))
    return ReconciledSumOut(
        label=row.label,
        verdict="unprinted",
        unprinted=part,
        lowest=interval.lowest if interval else None,
        highest=interval.highest if interval else None,
    )
