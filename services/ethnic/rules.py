"""Rules of what a unit states: land, households in need, form 05. Pure: one unit's values in, faults out."""

from collections.abc import Iterator
from decimal import Decimal

from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.derivations import Values
from shared.reporting.report_content import to_canonical_text

HOUSEHOLDS = "em_households"
WITH_LAND = ("em_households_with_residential_land", "em_households_with_production_land")
NOT_STATED = Decimal(0)
NEEDS = ("residential_land", "production_land", "solid_housing", "hygienic_water")
"""What households have or lack on the form `household_conditions`."""
FORM_05_AT_MOST = (
    ("em05_em_households", "em05_households"),
    ("em05_poor_households", "em05_households"),
    ("em05_em_poor_households", "em05_poor_households"),
    ("em05_em_poor_households", "em05_em_households"),
    ("em05_em_near_poor_households", "em05_em_households"),
    ("em05_em_escaped", "em05_em_poor_households_start"),
)
"""Pairs of columns of form 05 of which the first is at most the second."""

LAND_EXCEEDS_HOUSEHOLDS = Sentence(
    "Số hộ có đất ({with_land}) nhiều hơn tổng số hộ dân tộc thiểu số ({households}).",
    "The households with land ({with_land}) are more than all ethnic-minority households ({households}).",
)
NEEDS_DO_NOT_ADD_UP = Sentence(
    "Hộ có ({having}) cộng hộ thiếu ({lacking}) phải bằng tổng số hộ dân tộc thiểu số ({households}).",
    "Households with ({having}) and lacking ({lacking}) must add up to all ethnic-minority households ({households}).",
)
SUPPORTED_EXCEED_LACKING = Sentence(
    "Số hộ được hỗ trợ ({supported}) nhiều hơn số hộ thiếu đầu kỳ ({lacking}).",
    "The supported households ({supported}) are more than those lacking at the start ({lacking}).",
)
PART_EXCEEDS_WHOLE = Sentence(
    "Giá trị ({part}) lớn hơn “{whole_code}” ({whole}).",
    "The value ({part}) is more than {whole_code} ({whole}).",
)
POOR_EXCEED_HOUSEHOLDS = Sentence(
    "Hộ nghèo ({poor}) cộng hộ cận nghèo ({near_poor}) nhiều hơn số hộ dân tộc thiểu số ({households}).",
    "Poor ({poor}) and near-poor ({near_poor}) households are more than ethnic-minority households ({households}).",
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


def check_needs(values: Values) -> Iterator[Fault]:
    """Yield a fault for each need of which having and lacking do not add up, or more are supported than lacked it."""
    for need in NEEDS:
        codes = ("condition_em_households", f"condition_with_{need}", f"condition_lacking_{need}")
        households, having, lacking = (values.get(code, NOT_STATED) for code in codes)
        if all(code in values for code in codes) and having + lacking != households:
            yield make_fault(
                f"condition_lacking_{need}",
                "needs_do_not_add_up",
                NEEDS_DO_NOT_ADD_UP,
                having=to_canonical_text(having),
                lacking=to_canonical_text(lacking),
                households=to_canonical_text(households),
            )
        supported = values.get(f"condition_supported_with_{need}")
        at_start = values.get(f"condition_lacking_{need}_start")
        if supported is not None and at_start is not None and supported > at_start:
            yield make_fault(
                f"condition_supported_with_{need}",
                "more_supported_than_lacking",
                SUPPORTED_EXCEED_LACKING,
                supported=to_canonical_text(supported),
                lacking=to_canonical_text(at_start),
            )


def check_form_05(values: Values) -> Iterator[Fault]:
    """Yield a fault for each column of form 05 that is more than the one that holds it."""
    for part_code, whole_code in FORM_05_AT_MOST:
        part, whole = values.get(part_code), values.get(whole_code)
        if part is not None and whole is not None and part > whole:
            yield make_fault(
                part_code,
                "part_more_than_whole",
                PART_EXCEEDS_WHOLE,
                part=to_canonical_text(part),
                whole_code=whole_code,
                whole=to_canonical_text(whole),
            )
    columns = ("em05_em_poor_households", "em05_em_near_poor_households", "em05_em_households")
    if any(column not in values for column in columns):
        return
    poor, near_poor, households = (values[column] for column in columns)
    if max(poor, near_poor) <= households < poor + near_poor:
        yield make_fault(
            "em05_em_near_poor_households",
            "poor_more_than_households",
            POOR_EXCEED_HOUSEHOLDS,
            poor=to_canonical_text(poor),
            near_poor=to_canonical_text(near_poor),
            households=to_canonical_text(households),
        )


CHECKS = (check_land_within_households, check_needs, check_form_05)
