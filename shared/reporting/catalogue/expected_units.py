"""The units that are expected to state an indicator. Pure."""

from datetime import date

from shared.reporting.catalogue.definitions import Indicator
from shared.territory.tree import Territory
from shared.territory.units import Unit


def find_expected_units(territory: Territory, root: str, indicator: Indicator, on: date) -> tuple[Unit, ...]:
    """Return the units at and below a root that are expected to state an indicator on a day.

    A district's indicator is expected of each district, and of each commune where there is no district (since
    1 July 2025); a commune within a district is not expected to state it.
    """
    if indicator.level == "district":
        top = territory.unit(root, on)
        districts = (
            (top,)
            if top.level == "district"
            else tuple(unit for unit in territory.children(root, on) if unit.level == "district")
        )
        if districts or territory.answering_unit(root, on).level == "district":
            return districts
    return territory.communes(root, on, indicator.kinds)
