"""Which units are expected to state an indicator. Pure."""

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
        return territory.district_level_units(root, on, indicator.kinds)
    return territory.communes(root, on, indicator.kinds)
