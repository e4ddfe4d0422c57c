"""What is true of ethnic-minority households and their land. Pure: one unit's values in, faults out."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from shared.kit.problems import Fault, Sentence, make_fault

Values = Mapping[str, Decimal]
"""One unit's values by indicator."""

HOUSEHOLDS = "em_households"
WITH_LAND = ("em_households_with_residential_land", "em_households_with_production_land")

MORE_THAN_ALL = Sentence(
    "Số hộ có đất ({with_land}) nhiều hơn tổng số hộ dân tộc thiểu số ({households}).",
    "{with_land} households with land are more than all {households} ethnic-minority households.",
)


def no_more_than_all(values: Values) -> Iterator[Fault]:
    """Check that the households with land, of either kind, are no more than all households."""
    households = values.get(HOUSEHOLDS)
    if households is None:
        return
    for indicator in WITH_LAND:
        with_land = values.get(indicator)
        if with_land is not None and with_land > households:
            yield make_fault(
                indicator,
                "more_with_land_than_households",
                MORE_THAN_ALL,
                with_land=f"{with_land.normalize():f}",
                households=f"{households.normalize():f}",
            )


CHECKS = (no_more_than_all,)
