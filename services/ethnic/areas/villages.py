"""Villages on a day: a village whose commune was merged goes on in the commune that took over the land. Pure."""

from datetime import date

from shared.territory.tree import Territory
from shared.territory.units import Unit, UnknownUnit, to_commune_code
from shared.territory.villages.rules import find_communes_of_village


def find_line(territory: Territory, code: str, on: date) -> tuple[Unit, ...] | None:
    """Return a unit of a day and those above it; of a village also after its commune was merged. None: there is none.

    A village of a commune that was divided since lies in no known commune.
    """
    unit = territory.find(code, on)
    if unit is not None:
        return (unit, *territory.ancestors(code, on))
    if to_commune_code(code) is None:
        return None
    try:
        versions = territory.versions(code)
    except UnknownUnit:
        return None
    earlier = [village for village in versions if village.valid_from <= on]
    communes = find_communes_of_village(territory, earlier[-1], on) if earlier else ()
    if len(communes) != 1:
        return None
    return (earlier[-1], communes[0], *territory.ancestors(communes[0].code, on))
