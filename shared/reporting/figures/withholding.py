"""Withhold small groups from public reads: which series, and answers without them (ADR 0024).

A withheld series has no value in any answer: figures, maps, series, lineage, observations, targets, publications. Clients of
the program that see every report read all.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import ARRAY, Text, any_, literal, select

from shared.kit.database import join_codes, run_sql
from shared.kit.problems import Sentence
from shared.periods import local_day
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.dimensions import Dimension, from_series_key, to_series_key
from shared.reporting.catalogue.withholding import choose_complements
from shared.reporting.context import SCOPES_SEEING_ALL_REPORTS, ReportingContext
from shared.reporting.figures.coverage_schemas import CaveatOut
from shared.reporting.models import Observation

WITHHELD = Sentence(
    "Không công bố: nhóm dân tộc ít người, hoặc số quá nhỏ; cán bộ có quyền đọc được.",
    "Withheld: a group of few people, or too small a number; officers with the scope read it.",
)
WITHHELD_FIELDS: Mapping[str, Any] = {
    "value": None,
    "numerator": None,
    "denominator": None,
    "achieved_percent": None,
    "plan": None,
    "coverage": None,
    "inputs": [],
    "missing": [],
    "status": None,
    "stage": None,
    "oldest_at": None,
    "newest_at": None,
    "change": None,
    "before": None,
    "after": None,
    "difference": None,
    "nil": False,
    "withheld": True,
    "values": [],
    "reports": [],
}
"""What replaces the fields that a value could be told from."""

ModelT = TypeVar("ModelT", bound=BaseModel)


_ROWS_GIVEN_BACK = """
    WITH row AS (
        SELECT report_id, unit, period, indicator, value, indicator = ANY(string_to_array($2, ',')) AS is_hidden
        FROM observations
        WHERE indicator = ANY(string_to_array($1, ','))
    )
    SELECT report_id, unit, array_agg(indicator ORDER BY value, indicator) FILTER (WHERE NOT is_hidden AND value > 0) AS others
    FROM row
    GROUP BY report_id, unit, period
    HAVING bool_or(is_hidden) AND count(*) FILTER (WHERE is_hidden AND value > 0) <= 1
    ORDER BY report_id, unit
"""


@dataclass(frozen=True)
class WithheldSeries:
    """The series that are withheld from the caller of a request."""

    keys: frozenset[str]
    catalogue: Catalogue

    def covers(self, code: str) -> bool:
        """Whether a series, or a figure that is made from one, is withheld."""
        if not self.keys:
            return False
        figure = self.catalogue.figures.get(code)
        inputs = () if figure is None else (figure.changing or figure).inputs
        return code in self.keys or not self.keys.isdisjoint(inputs)

    def hide(self, code: str, answer: ModelT) -> ModelT:
        """Return an answer about a figure, without its values where it is withheld."""
        if not self.covers(code):
            return answer
        fields = {name: value for name, value in WITHHELD_FIELDS.items() if name in type(answer).model_fields}
        if "caveat" in type(answer).model_fields:
            fields["caveat"] = CaveatOut(code="withheld", text=WITHHELD.vi, text_en=WITHHELD.en)
        return answer.model_copy(update=fields)

    def covers_report(self, form: str) -> bool:
        """Whether a report on a form states a withheld series: the hash of all it states would tell its number by trials."""
        return self.catalogue.find_official_form(form) in self.catalogue.find_forms_stating(self.keys)

    def hide_rows(self, rows: Iterable[Any]) -> list[Any]:
        """Return rows about figures (`indicator` and `dimension`), each without its values where it is withheld."""
        if not self.keys:
            return list(rows)
        return [self.hide(to_row_key(row), row) for row in rows]


def to_row_key(row: Any) -> str:
    """Return the series key of a row with the fields `indicator` and `dimension`."""
    return to_series_key(row.indicator, next(iter((row.dimension or {}).values()), None))


async def find_withheld(context: ReportingContext, codes: Collection[str] | None = None) -> WithheldSeries:
    """Return what is withheld from the caller among the indicators of some codes; without codes among all.

    No statement where nothing can be withheld, else one for small numbers (where a least number is set) and one for each
    dimension with a total.
    """
    catalogue = context.engine.catalogue
    if may_read_withheld(context):
        return WithheldSeries(frozenset(), catalogue)
    shown = None if codes is None else _list_shown_indicators(catalogue, codes)
    keys: set[str] = set()
    for dimension in catalogue.dimensions:
        indicators = _list_indicators(catalogue, dimension.code)
        if shown is not None:
            indicators = [indicator for indicator in indicators if indicator in shown]
        for indicator in indicators:
            keys |= await _find_withheld_of(context, dimension, indicator)
    return WithheldSeries(frozenset(keys), catalogue)


async def find_withheld_of_forms(
    context: ReportingContext, forms: Collection[str], codes: Collection[str] = ()
) -> WithheldSeries:
    """Return what is withheld from the caller among the indicators that are stated on some forms, and among some codes."""
    catalogue = context.engine.catalogue
    official = {catalogue.find_official_form(form) for form in forms}
    stated = [
        code
        for code, versions in catalogue.indicators.items()
        if any(version.form in official for version in versions)
    ]
    return await find_withheld(context, [*codes, *stated])


def may_read_withheld(context: ReportingContext) -> bool:
    """Whether the caller is a client of the program with a scope that sees every report."""
    caller = context.caller
    return bool(caller.scopes & SCOPES_SEEING_ALL_REPORTS) and (
        context.engine.catalogue.program in caller.programs or "admin" in caller.scopes
    )


def _list_shown_indicators(catalogue: Catalogue, codes: Collection[str]) -> frozenset[str]:
    """Return the indicators that some series or figures are, or are made from."""
    shown: set[str] = set()
    for code in codes:
        figure = catalogue.figures.get(code)
        inputs = () if figure is None else (figure.changing or figure).inputs
        shown.update(from_series_key(key)[0] for key in (code, *inputs))
    return frozenset(shown)


def _list_indicators(catalogue: Catalogue, dimension: str) -> list[str]:
    """Return the indicators that are stated by the members of a dimension with a withholding rule."""
    if not any(rule.dimension == dimension for rule in catalogue.withholding):
        return []
    return sorted(
        {
            from_series_key(key)[0]
            for key, versions in catalogue.indicators.items()
            if any(version.dimension == dimension for version in versions)
        }
    )


async def _find_withheld_of(
    context: ReportingContext, dimension: Dimension, indicator: str
) -> frozenset[str]:
    """Return the withheld series of an indicator: small groups, small numbers, and what would give them back."""
    catalogue, today = context.engine.catalogue, local_day(context.now)
    rules = [
        rule for rule in catalogue.withholding if rule.dimension == dimension.code and rule.is_in_force(today)
    ]
    members = frozenset(member for rule in rules for member in rule.list_members(dimension))
    series = catalogue.list_series(indicator)
    least = context.engine.withheld_below
    if rules and least > 0:
        members |= await _find_small_numbers(context, series, least)
    hidden = frozenset(key for key in series if from_series_key(key)[1] in members)
    has_total = any(
        identity.indicator == indicator and identity.kind == "sum_equals_total"
        for identity in catalogue.identities
    )
    if not hidden or not has_total:
        return hidden
    rows = await _find_rows_given_back(context, series, hidden)
    chosen = choose_complements(rows)
    return hidden | {to_series_key(indicator, member) for member in chosen}


async def _find_small_numbers(
    context: ReportingContext, series: Collection[str], least: int
) -> frozenset[str]:
    """Return the members that some unit has fewer of than a least number, and not none."""
    rows = await context.session.scalars(
        select(Observation.indicator)
        .where(_is_of(series), Observation.value > 0, Observation.value < least)
        .distinct()
    )
    return frozenset(member for key in rows if (member := from_series_key(key)[1]) is not None)


async def _find_rows_given_back(
    context: ReportingContext, series: Collection[str], hidden: Collection[str]
) -> list[list[str]]:
    """Return the other members above zero, the smallest first, of each row that states a hidden series of which at most one is above zero.

    In the order of the reports, so that what was withheld once stays so.
    """
    rows = await run_sql(context.session, _ROWS_GIVEN_BACK, join_codes(series), join_codes(sorted(hidden)))
    return [
        [member for key in row.others or () if (member := from_series_key(key)[1]) is not None]
        for row in rows
    ]


def _is_of(series: Collection[str]) -> Any:
    return Observation.indicator == any_(literal(sorted(series), ARRAY(Text)))
