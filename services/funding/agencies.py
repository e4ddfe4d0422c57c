"""Agencies as holders of money, beside the units of the territory: a province gives money to a department as to a district.

An agency has a seat, the unit whose government it is of, and lies in it; rights for the seat hold for the agency. Its code
says the seat: `62.SO_NN`. When it ends, its money goes along to the agency that took it over, or else stays with the seat.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.funding.catalogue import Agency, FundingCatalogue
from shared.kit.resources import Resources
from shared.territory.tree import Territory
from shared.territory.units import Succession, Unit

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Office(Unit):
    """An agency in the tree of units: of the level of its seat, and without land."""

    @property
    def full_name(self) -> str:
        """Its name, which says its kind."""
        return self.name


async def add_agencies(resources: Resources) -> None:
    """Add the catalogue's agencies to the territory of the service; a start step after the territory is loaded."""
    agencies = resources.get(FundingCatalogue).agencies
    resources.put(with_agencies(resources.get(Territory), agencies))


def with_agencies(territory: Territory, agencies: Mapping[str, Agency]) -> Territory:
    """Give a territory that knows these agencies as well; refuse one whose seat did not stand as long as it."""
    offices = [_office(territory, each) for each in agencies.values()]
    return territory.with_units(offices, _successions(agencies))


def _office(territory: Territory, agency: Agency) -> Office:
    seat = territory.find(agency.seat, agency.valid_from)
    if seat is None:
        raise ValueError(
            f"the seat {agency.seat} of the agency {agency.code} did not stand on {agency.valid_from}"
        )
    return Office(
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


def _successions(agencies: Mapping[str, Agency]) -> Iterator[Succession]:
    for each in agencies.values():
        if each.valid_to is None:
            continue
        following = agencies.get(each.successor or "")
        yield Succession(
            predecessor=each.code,
            predecessor_valid_from=each.valid_from,
            successor=following.code if following else None,
            successor_valid_from=following.valid_from if following else None,
            effective_on=each.valid_to + DAY,
            kind="merged" if following else "abolished",
        )
