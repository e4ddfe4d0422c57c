"""The query for figures, and the address under which their values are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

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
    as_of = to_rfc3339(query.as_of) if query.as_of else None
    params = _encode(query.unit, str(query.period), query.basis, as_of, query.map_on, query.standard)
    is_made_from_subperiods = context.engine.catalogue.is_stated_for_less(figure, query.period)
    if query.map_on or has_preliminary or figure.changing or is_made_from_subperiods:
        return f"{context.engine.path}/lineage/{figure.code}?{params}"
    return f"{context.engine.path}/observations?{params}&indicator={_encode_codes(figure.inputs)}"


@lru_cache(maxsize=64)
def _encode(
    unit: str, period: str, basis: str, as_of: str | None, map_on: date | None, standard: str | None
) -> str:
    """Return the parameters of a query, without those of a figure; an answer has hundreds of addresses with the same."""
    params = {
        "unit": unit,
        "period": period,
        "basis": basis,
        "as_of": as_of,
        "map": map_on,
        "standard": standard,
    }
    return urlencode({name: value for name, value in params.items() if value}, safe=",:")


@lru_cache(maxsize=2048)
def _encode_codes(codes: tuple[str, ...]) -> str:
    return quote_plus(",".join(codes), safe=",:")
