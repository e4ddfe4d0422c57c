"""The caveat of a figure on a map on which communes were divided without weights. Pure."""

from collections.abc import Collection, Iterable
from datetime import date

from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.engine import Caveat
from shared.reporting.figures.map_projection import MapProjection, find_divided
from shared.reporting.observations.values import EffectiveValue
from shared.territory.tree import Territory
from shared.territory.units import Unit, to_names

DIVIDED_WHOLE = Sentence(
    "Trên bản đồ ngày {on}, {units} đã bị chia mà chưa có tỷ lệ; mọi phần nằm trong {unit} nên số liệu được cộng nguyên.",
    "On the map of {on}, {units} were divided and no weights are declared; all parts lie in {unit}, so their values count whole.",
)
DIVIDED_IN_REGISTER = Sentence(
    "Trên bản đồ ngày {on}, {units} đã bị chia mà chưa có tỷ lệ; quyết định của các đơn vị này không được đếm.",
    "On the map of {on}, {units} were divided and no weights are declared; decisions about them are not counted.",
)
DIVIDED_UNIT = Sentence(
    "{units} đã bị chia mà chưa có tỷ lệ, một phần về {unit}; số liệu của {unit} không tính được.",
    "{units} were divided and no weights are declared, and a part went to {unit}; a figure of {unit} cannot be made.",
)


def find_divided_caveat(
    projection: MapProjection, figure: Figure, values: Iterable[EffectiveValue]
) -> Caveat | None:
    """Return the caveat of a figure of a unit in which communes were divided without weights; None where none is in it."""
    divided = projection.divided_units
    if isinstance(figure.formula, FromRegister):
        return make_divided_caveat(projection.unit, divided, projection.map_on, DIVIDED_IN_REGISTER)
    inputs = frozenset(figure.inputs)
    stating = {value.origin for value in values if value.indicator in inputs} if divided else ()
    of_figure = [unit for unit in divided if unit.code in stating]
    return make_divided_caveat(projection.unit, of_figure, projection.map_on, DIVIDED_WHOLE)


def make_divided_caveat(
    unit: Unit, divided: Collection[Unit], map_on: date, sentence: Sentence = DIVIDED_UNIT
) -> Caveat | None:
    """Return the caveat that names divided units; None where there are none."""
    names = to_names(divided)
    facts = {"on": map_on.isoformat(), "units": names, "unit": to_names((unit,))}
    return Caveat("units_divided", sentence.filled(**facts)) if divided else None


def explain_division(territory: Territory, period: Period, unit: Unit, on: date) -> Caveat | None:
    """Return the caveat of a unit of a map with land of a unit of a period that was divided without weights."""
    for part in (period, *period.with_subperiods()):
        touching = territory.communes_sharing_land(unit.code, on, part.ends_on)
        divided = list(find_divided(territory, touching, part.ends_on, on))
        if divided:
            return make_divided_caveat(unit, divided, on)
    return None
