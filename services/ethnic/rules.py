"""Rules of ethnic-minority households and their land. Pure: one unit's values in, faults out."""

from collections.abc import Iterator

from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.derivations import Values
from shared.reporting.report_content import to_canonical_text

HOUSEHOLDS = "em_households"
WITH_LAND = ("em_households_with_residential_land", "em_households_with_production_land")

LAND_EXCEEDS_HOUSEHOLDS = Sentence(
    "Số hộ có đất ({with_land}) nhiều hơn tổng số hộ dân tộc thiểu số ({households}).",
    "The households with land ({with_land}) are more than all ethnic-minority households ({households}).",
)


def check_land_within_households(values: Values) -> Iterator[Fault]:
    """Yield a fault for each kind of land that more households have than there are."""
    households = values.get(HOUSEHOLDS)
    if households is None:
        return
    for indicator in WITH_LAND:
        with_land = values.get(indicator)
        if with_land is not None and with_land > households:
            yield make_fault(
                indicator,
                "more_with_land_than_households",
                LAND_EXCEEDS_HOUSEHOLDS,
                with_land=to_canonical_text(with_land),
                households=to_canonical_text(households),
            )


CHECKS = (check_land_within_households,)
