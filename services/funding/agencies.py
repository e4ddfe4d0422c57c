"""Agencies as holders of money beside the units of the territory: a province gives money to a department as to a district.

An agency belongs to the government of a unit, its seat, and lies in it; rights over the seat include the agency. Its code
begins with that of the seat: `62.SO_NN`. When it ends, its money goes to its successor, or else stays with the seat.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.funding.catalogue import Agency, FundingCatalogue
from shared.kit.resources import Resources
from shared.periods import ONE_DAY
from shared.territory.tree import Territory
from shared.territory.units import Succession, Unit


@dataclass(frozen=True, slots=True)
class AgencyUnit(Unit):
    """An agency in the tree of units: of the level of its seat, and without land."""

    @property
    def full_name(self) -> str:
        """Its name, which contains its kind."""
        return self.name


async def add_agencies(resources: Resources) -> None:
    """Add the agencies of the catalogue to the territory of the service; a start step after the territory is loaded."""
    agencies = resources.get(FundingCatalogue).agencies
    resources.put(extend_territory(resources.get(Territory), agencies))


def extend_territory(territory: Territory, agencies: Mapping[str, Agency]) -> Territory:
    """Return a territory with these agencies; raises `ValueError` for one whose seat did not exist when it began."""
    units = [_to_unit(territory, agency) for agency in agencies.values()]
    return territory.with_units(units, _find_successions(agencies))


def _to_unit(territory: Territory, agency: Agency) -> AgencyUnit:
    seat = territory.find(agency.seat, agency.valid_from)
    if seat is None:
        raise ValueError(
            f"the seat {agency.seat} of the agency {agency.code} did not exist on {agency.valid_from}"
        )
    return AgencyUnit(
        code=agency.code,
        level=seat.level,
        kind="agency",
        name=agency.name_vi,
        parent=agency.seat,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        name_en=agency.name_en,
        source=agency.legal_basis,
        confidence=agency.confidence,
    )


def _find_successions(agencies: Mapping[str, Agency]) -> Iterator[Succession]:
    for agency in agencies.values():
        if agency.valid_to is None:
            continue
        successor = agencies.get(agency.successor or "")
        yield Succession(
            predecessor=agency.code,
            predecessor_valid_from=agency.valid_from,
            successor=successor.code if successor else None,
            successor_valid_from=successor.valid_from if successor else None,
            effective_on=agency.valid_to + ONE_DAY,
            kind="merged" if successor else "abolished",
        )
