"""Queries for the measures of figures: from roll-ups for the present, from observations for anything else."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from sqlalchemy import DateTime, TextClause, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.standards import NO_STANDARD, FormStandards
from shared.reporting.figures.coverage import NilReport
from shared.reporting.models import (
    RollUp,
)
from shared.reporting.observations.measures import Measure
from shared.reporting.observations.time_aggregation import PeriodMeasure, aggregate_over_time, select_counted
from shared.reporting.observations.values import (
    EffectiveValue,
    sum_by_code,
    to_period_measures,
)

_IN_EFFECT_NOW = "{0}.basis = :basis AND {0}.until IS NULL"
_IN_EFFECT_AT = """
    {0}.basis = :basis AND {0}.since <= CAST(:as_of AS timestamptz)
    AND ({0}.until IS NULL OR {0}.until > CAST(:as_of AS timestamptz))
"""


def _build_nil_query(in_effect: str) -> TextClause:
    """Return the statement that finds nil reports first, and then the other reports of those few units one by one."""
    return text(
        f"""
        SELECT nil_report.form, nil_report.preliminary_of, nil_report.unit, other.period, other.nil
        FROM (
            SELECT DISTINCT n.unit, n.form, n.preliminary_of, n.standard FROM standings n
            WHERE n.nil AND n.period = ANY(:periods) AND n.unit = ANY(:units) AND {in_effect.format("n")}
              AND n.standard = coalesce(CAST(:standards AS jsonb) ->> n.form, '')
        ) nil_report
        CROSS JOIN unnest(CAST(:periods AS text[])) AS part (period)
        CROSS JOIN LATERAL (
            SELECT s.period, s.nil FROM standings s
            WHERE s.unit = nil_report.unit AND s.period = part.period AND s.form = nil_report.form
              AND s.standard = nil_report.standard
              AND {in_effect.format("s")}
            OFFSET 0
        ) other
        """
    ).bindparams(bindparam("units", type_=Codes), bindparam("periods", type_=Codes))


_NIL_NOW = _build_nil_query(_IN_EFFECT_NOW)
_NIL_AT = _build_nil_query(_IN_EFFECT_AT).bindparams(bindparam("as_of", type_=DateTime(timezone=True)))


async def read_roll_ups(
    session: AsyncSession,
    catalogue: Catalogue,
    *,
    period: Period,
    basis: str,
    units: Collection[str],
    parts: Collection[Period] | None = None,
    standards: FormStandards | None = None,
    root: str | None = None,
) -> dict[str, Measure]:
    """Return the sums of the roll-ups of these answering units, by measure. One statement; its cost is their number.

    Flows are rolled up for each sub-period and added here, over `parts` or all sub-periods. Stocks are rolled up for the
    period as a whole. `standards` are those that are read of forms, by default those in force on the period's last day.
    `root` is the one among these units that contains the others, if there is one.
    """
    read = catalogue.select_standards(period.ends_on) if standards is None else standards
    by_text = {str(part): part for part in (period.with_subperiods() if parts is None else parts)}
    is_flow = catalogue.find_flows(period.ends_on).__contains__
    rows = await session.execute(
        select(
            RollUp.unit,
            RollUp.period,
            RollUp.measure,
            RollUp.standard,
            RollUp.value,
            RollUp.covers,
            RollUp.status,
            RollUp.oldest_at,
            RollUp.newest_at,
            RollUp.nil_covers,
            RollUp.preliminary_covers,
        ).where(
            RollUp.year == period.year,
            RollUp.period.in_(by_text),
            RollUp.basis == basis,
            RollUp.unit.in_(units),
            RollUp.standard.in_({NO_STANDARD, *read.values()}),
        )
    )
    measures = [
        PeriodMeasure(
            unit,
            by_text[part],
            code,
            Measure(
                value, Fraction(covers), status, oldest_at, newest_at, Fraction(nil), Fraction(preliminary)
            ),
            unit,
        )
        for unit, part, code, standard, value, covers, status, oldest_at, newest_at, nil, preliminary in rows
        if (by_text[part] == period or is_flow(code))
        and standard == catalogue.find_measure_standard(code, read)
    ]
    chosen = list(_prefer_official(measures, root))
    for figure, formula in catalogue.totals_or_parts:
        chosen = _choose_totals(figure.measure_code, formula.total, chosen, root)
    return sum_by_code(aggregate_over_time(chosen, period, is_flow))


def _choose_totals(
    code: str, total: str, measures: Sequence[PeriodMeasure], root: str | None
) -> list[PeriodMeasure]:
    """Return the roll-ups with those of a total or the sum of its parts, where the whole counts once.

    Where an answering unit has none, which was refreshed last before such figures were known, its total is taken.
    """
    totals = {(row.unit, row.period) for row in measures if row.code == total}
    own = {(row.unit, row.period): row for row in measures if row.code == code}
    for row in measures:
        if row.code == total and (row.unit, row.period) not in own:
            own[row.unit, row.period] = replace(row, code=code)
    for period in {period for unit, period in own if unit == root}:
        below = [key for key in own if key[1] == period and key[0] != root]
        is_whole = (root, period) in totals or totals.isdisjoint(below)
        for key in (below if is_whole else [(str(root), period)]) if below else ():
            del own[key]
    return [*(row for row in measures if row.code != code), *own.values()]


def _prefer_official(measures: Sequence[PeriodMeasure], root: str | None) -> Iterator[PeriodMeasure]:
    """Return the roll-ups without those of preliminary values for the whole of which, or a part, an official one stands.

    Within an answering unit the values were chosen already; here a value for the whole province meets those of its districts.
    """
    kinds: dict[tuple[Period, str, bool], set[bool]] = defaultdict(set)
    for row in measures:
        kinds[row.period, row.code, row.unit == root].add(row.measure.preliminary_covers < row.measure.covers)
    for row in measures:
        is_official = row.measure.preliminary_covers < row.measure.covers
        if is_official or True not in kinds[row.period, row.code, row.unit != root]:
            yield row


def select_counted_values(
    catalogue: Catalogue, period: Period, values: Sequence[EffectiveValue]
) -> list[EffectiveValue]:
    """Return the values that a figure of the period is made from: of a stock, only the last. Pure."""
    is_flow = catalogue.find_flows(period.ends_on).__contains__
    counted = {
        (row.unit, row.origin, str(row.period), row.code)
        for row in select_counted(to_period_measures(period, values), period, is_flow)
    }
    return [value for value in values if (value.unit, value.origin, value.period, value.indicator) in counted]


async def read_nil_reports(
    session: AsyncSession,
    *,
    parts: Collection[Period],
    basis: str,
    standards: FormStandards,
    units: Collection[str],
    as_of: datetime | None = None,
    official_only: bool = False,
) -> list[NilReport]:
    """Return the nil reports of these units for some of these periods, and their other reports on the same forms.

    One statement; its cost is that of the units with a nil report.
    """
    by_text = {str(part): part for part in parts}
    params = {
        "periods": list(by_text),
        "basis": basis,
        "standards": json.dumps(dict(standards)),
        "units": list(units),
    }
    rows = await (
        session.execute(_NIL_NOW, params)
        if as_of is None
        else session.execute(_NIL_AT, {**params, "as_of": as_of})
    )
    return [
        NilReport(preliminary_of or form, unit, by_text[part], nil)
        for form, preliminary_of, unit, part, nil in rows
        if preliminary_of is None or not official_only
    ]
