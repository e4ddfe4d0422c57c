"""Relations between forms: a report agrees with what the other forms of the unit, period and standard state.

Compared with the official reports in effect, accepted or not. A unit that states nothing on the other form is compared with the
sum of its districts or communes, where all of them state it; else nothing is compared. A difference is refused, or accepted by an exception
whose reason stays with the report (ADR 0022).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.kit.database import join_codes, run_sql
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.catalogue.relations import (
    SIGNS,
    BrokenRelation,
    IndicatorRelation,
    RelationInForce,
    find_broken_relations,
)
from shared.reporting.context import ReportingContext
from shared.reporting.report_content import to_canonical_text
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.reports.problems import FormsDisagree

MAX_DIFFERENCES_SHOWN = 50
"""A refusal that shows more is longer than anybody reads; the rest is counted."""

READ_OTHER_FORMS = """
    SELECT o.unit, o.indicator, o.value FROM standings s
    JOIN observations o ON o.report_id = s.report_id AND o.year = $1 AND o.period = $2
    WHERE s.period = $2 AND s.until IS NULL AND s.standard = $3 AND s.basis = 'provisional' AND s.preliminary_of IS NULL
      AND o.unit = ANY (string_to_array($4, ',')) AND o.indicator = ANY (string_to_array($5, ','))
"""
"""Selects what official reports in effect state for a period."""


class ComparedRelation(NamedTuple):
    """A relation between forms, and its terms in force that other forms state."""

    relation: IndicatorRelation
    other_terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormDifference:
    """A relation between forms that a report breaks for a unit."""

    unit: str
    indicator: str
    """The term that the report states, without a member of its dimension."""
    broken: BrokenRelation
    ended_in: tuple[str, ...]
    """The units whose values on the other form are compared; several where units below state them."""

    def to_json(self, reason: str | None = None) -> dict[str, object]:
        """Return it as JSON, with the reason of the exception by which it was accepted."""
        relation = self.broken.relation
        stated, other = self.broken.left, self.broken.right
        if self.indicator not in {from_series_key(code)[0] for code in relation.left}:
            stated, other = other, stated
        facts: dict[str, object] = {
            "unit": self.unit,
            "indicator": self.indicator,
            "relation": relation.code,
            "stated": to_canonical_text(stated),
            "before": to_canonical_text(other),
            "difference": to_canonical_text(stated - other),
            "ended_in": list(self.ended_in),
        }
        return facts if reason is None else {**facts, "reason": reason}


async def compare_other_forms(context: ReportingContext, checked: CheckedReport) -> list[dict[str, object]]:
    """Return the differences that exceptions accept, with their reasons; raise `FormsDisagree` for any other difference.

    One statement, for a report of an official form that states a term of a relation between forms.
    """
    catalogue, on = context.engine.catalogue, checked.period.ends_on
    if checked.form.preliminary_of is not None:
        return []
    relations = find_relations_between_forms(context, checked)
    if not relations:
        return []
    own_values = checked.content.amounts_by_unit
    codes = {code for row in relations for code in row.codes}
    other_codes = {code for code in codes if checked.form.code not in catalogue.find_forms_stating((code,))}
    below = {unit: context.territory.list_levels_below(unit, on) for unit in own_values}
    rows = await run_sql(
        context.session,
        READ_OTHER_FORMS,
        checked.period.year,
        str(checked.period),
        checked.standard,
        join_codes(
            sorted({*own_values, *(code for levels in below.values() for level in levels for code in level)})
        ),
        join_codes(sorted(other_codes)),
    )
    stated: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        stated.setdefault(row.unit, {})[row.indicator] = row.value
    if not stated:
        return []
    in_force = {code for code in codes if catalogue.find_indicator(code, on) is not None}
    compared = [
        ComparedRelation(row.relation, tuple(row.codes & other_codes & in_force)) for row in relations
    ]
    differences = [
        difference
        for unit, values in own_values.items()
        for difference in _compare_unit(compared, unit, values, below[unit], stated, in_force)
    ]
    reasons = {(row["unit"], row["indicator"]): row["reason"] for row in checked.content.exceptions}
    refused = [row for row in differences if (row.unit, row.indicator) not in reasons]
    if refused:
        first = refused[0]
        relation = first.broken.relation
        raise FormsDisagree(
            unit=first.unit,
            relation=relation.code,
            left=to_canonical_text(first.broken.left),
            sign=SIGNS[relation.kind],
            right=to_canonical_text(first.broken.right),
            differences=[row.to_json() for row in refused[:MAX_DIFFERENCES_SHOWN]],
            differences_count=len(refused),
        )
    return [row.to_json(reasons[row.unit, row.indicator]) for row in differences]


def find_relations_between_forms(context: ReportingContext, checked: CheckedReport) -> list[RelationInForce]:
    """Return the relations in force between the form of a report and others of which the report states a term."""
    catalogue = context.engine.catalogue
    stated = catalogue.find_relations_stating(checked.indicators, checked.period.ends_on)
    return [row for row in stated if len(row.forms) > 1]


def _compare_unit(
    relations: Iterable[ComparedRelation],
    unit: str,
    own_values: Mapping[str, Decimal],
    below: list[tuple[str, ...]],
    stated: Mapping[str, Mapping[str, Decimal]],
    in_force: set[str],
) -> Iterator[FormDifference]:
    for relation, other in relations:
        for source in ((unit,), *below):
            if not all(code in stated.get(source_unit, {}) for source_unit in source for code in other):
                continue
            sums = {
                code: sum((stated[source_unit][code] for source_unit in source), Decimal(0)) for code in other
            }
            own = next((code for code in (*relation.left, *relation.right) if code in own_values), None)
            for broken in find_broken_relations([relation], {**own_values, **sums}, in_force):
                if own is not None:
                    yield FormDifference(unit, from_series_key(own)[0], broken, source)
            break
