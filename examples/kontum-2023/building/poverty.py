"""The yearly review of poor households by commune, and training and jobs by district."""

from collections.abc import Mapping

from building.apportion import apportion
from building.facts import HOUSEHOLDS_2023, POOR_HOUSEHOLDS_2022, Commune, Facts
from building.recognized import RecognizedCommunes
from building.tables import Row, Value, as_rows

NEAR_POOR_2023 = 6_568
TO_NEAR_POOR_PERCENT = 60
"""The share of those that left poverty; how many became near-poor is not published."""
INFLOW_PERCENT = {"near_poor_to_poor": 40, "returned_to_poverty": 10, "newly_poor": 50}

SA_THAY, SA_THAY_POOR_2023, SA_THAY_HOUSEHOLDS_2023 = "616", 1_025, 14_664
"""The one district with a published end of 2023: 1,025 poor households are 6.99 %, which 14,654 to 14,674 households give."""

REVIEW = "QĐ 654/QĐ-UBND 27/12/2023 (province)"


def households(facts: Facts) -> dict[str, int]:
    """Return all households by commune: a ward or township weighs as much as two xã."""
    others = {code: weight for code, weight in facts.households_2021.items() if code != SA_THAY}
    by_district = apportion(HOUSEHOLDS_2023 - SA_THAY_HOUSEHOLDS_2023, others)
    by_district[SA_THAY] = SA_THAY_HOUSEHOLDS_2023
    return facts.apportion_to_communes(
        {district: by_district[district] for district in facts.districts},
        lambda commune: 1 if commune.rural else 2,
    )


def annual_review(facts: Facts, communes: RecognizedCommunes) -> list[Row]:
    all_households = households(facts)

    def weigh_poor(commune: Commune) -> int:
        """Return the weight: households of a xã that does not meet the 19 criteria count three times."""
        short = commune.rural and commune.code not in communes.meeting
        return all_households[commune.code] * (3 if short else 1)

    def apportion_poor(total: int) -> dict[str, int]:
        return facts.apportion_to_communes(apportion(total, facts.poor_households_2021), weigh_poor)

    start = apportion_poor(POOR_HOUSEHOLDS_2022)
    exits, end = facts.read_figure("P03"), facts.read_figure("P01")
    inflow = _apportion_by_start(facts, end - POOR_HOUSEHOLDS_2022 + exits, start)
    sa_thay = [commune.code for commune in facts.list_communes(SA_THAY)]
    sa_thay_exits = sum(start[code] + inflow[code] for code in sa_thay) - SA_THAY_POOR_2023
    escaped = _apportion_by_start(facts, exits, start, {SA_THAY: sa_thay_exits})
    to_near_poor = apportion(exits * TO_NEAR_POOR_PERCENT // 100, escaped)
    columns = {
        "households": all_households,
        "near_poor_households": apportion_poor(NEAR_POOR_2023),
        "poor_households_start": start,
        "poor_to_near_poor": to_near_poor,
        "poor_to_above_near_poor": {code: escaped[code] - to_near_poor[code] for code in escaped},
        "poor_other_decrease": dict.fromkeys(start, 0),
        **_split_inflow(inflow),
        "poor_other_increase": dict.fromkeys(start, 0),
        "poor_households": {code: start[code] - escaped[code] + inflow[code] for code in start},
    }
    return as_rows(
        Value(
            district=commune.district,
            unit=commune.code,
            indicator=indicator,
            value=column[commune.code],
            status="official",
            provenance="derived" if "_other_" in indicator else "apportioned",
            source=REVIEW if "_other_" not in indicator else "the published movement closes without it",
        )
        for commune in sorted(facts.communes.values(), key=lambda commune: (commune.district, commune.code))
        for indicator, column in columns.items()
    )


def annual_results(facts: Facts) -> list[Row]:
    """Return persons trained and jobs created, apportioned among districts by households."""
    by_district = apportion(HOUSEHOLDS_2023, facts.households_2021)
    return as_rows(
        Value(district, district, indicator, share, "official", "apportioned", "KH 570/KH-UBND (province)")
        for indicator, figure in (("persons_trained", "P06"), ("jobs_created", "P07"))
        for district, share in apportion(facts.read_figure(figure), by_district).items()
    )


def _apportion_by_start(
    facts: Facts, total: int, start: Mapping[str, int], known: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Apportion a movement by the poor households at the start: among districts, then among their communes.

    `known` are the amounts of districts that are not apportioned.
    """
    known = known or {}
    by_district = {
        district: sum(start[commune.code] for commune in facts.list_communes(district))
        for district in facts.districts
        if district not in known
    }
    shares = {**apportion(total - sum(known.values()), by_district), **known}
    return facts.apportion_to_communes(
        {district: shares[district] for district in facts.districts}, lambda commune: start[commune.code]
    )


def _split_inflow(inflow: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Split those that came into poverty by reason; each reason takes from what the ones before have left."""
    total, left, columns = sum(inflow.values()), dict(inflow), {}
    for reason, percent in INFLOW_PERCENT.items():
        reason_total = sum(left.values()) if reason == "newly_poor" else total * percent // 100
        columns[reason] = apportion(reason_total, left)
        left = {code: left[code] - columns[reason][code] for code in left}
    return columns
