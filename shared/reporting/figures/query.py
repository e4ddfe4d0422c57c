"""The query for figures, and the address under which their values are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from shared.periods import Period
from shared.reporting.basis import BasisName, to_rfc3339
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.catalogue.standards import FormStandards
from shared.reporting.context import ReportingContext
from shared.reporting.engine import RegisterCount
from shared.reporting.figures.rules import FormStage


@dataclass(frozen=True)
class FigureQuery:
    """The unit and period whose figures are read, on which basis, as known at an instant, on the map of a day."""

    unit: str
    period: Period
    basis: BasisName = "accepted"
    as_of: datetime | None = None
    """None: now."""
    map_on: date | None = None
    """None: the period's last day."""
    headline: bool = False
    standard: str | None = None
    """None: of each form the one in force on the period's last day, of two the later."""

    only: frozenset[str] | None = None
    """The codes of the figures that are made; None: all."""

    official_only: bool = False
    """Whether values of preliminary forms are left out, as in a publication."""

    standards_on: date | None = None
    """The day whose standards are read where none is named; None: the period's last day."""

    def select_standards(self, catalogue: Catalogue) -> FormStandards:
        """Return the standard that is read of each form; raise `StandardNotFound`."""
        return catalogue.select_standards(self.standards_on or self.period.ends_on, self.standard)


def make_lineage_address(
    context: ReportingContext,
    query: FigureQuery,
    figure: Figure,
    counts: Mapping[str, RegisterCount],
    stage: FormStage | None,
) -> str:
    """Return where the values or decisions behind a figure are read."""
    has_preliminary = stage in ("preliminary", "mixed")
    if isinstance(figure.formula, FromRegister):
        return counts[figure.code].lineage
    params = {"unit": query.unit, "period": str(query.period), "basis": query.basis}
    if query.as_of:
        params["as_of"] = to_rfc3339(query.as_of) or ""
    if query.map_on:
        params["map"] = query.map_on.isoformat()
    if query.standard:
        params["standard"] = query.standard
    if (
        query.map_on
        or has_preliminary
        or figure.changing
        or _is_made_from_subperiods(context, figure, query.period)
    ):
        return f"{context.engine.path}/lineage/{figure.code}?{urlencode(params, safe=',:')}"
    params["indicator"] = ",".join(figure.inputs)
    return f"{context.engine.path}/observations?{urlencode(params, safe=',:')}"


def _is_made_from_subperiods(context: ReportingContext, figure: Figure, period: Period) -> bool:
    """Whether a figure of the period may be made from values of shorter periods."""
    catalogue = context.engine.catalogue
    indicators = (catalogue.find_indicator(code, period.ends_on) for code in figure.inputs)
    forms = (catalogue.forms[indicator.form] for indicator in indicators if indicator is not None)
    return any(kind.months < period.kind.months for form in forms for kind in form.periods)
