"""Ethnic-minority households with land, by commune, and the communes that left special difficulty."""

from building.apportion import apportion
from building.facts import Commune, Facts
from building.poverty import households
from building.recognized import RecognizedCommunes
from building.tables import Provenance, Row, Value, as_rows

WITHOUT_LAND = {"residential": 1_088, "production": 1_058}
"""EM households without land in the province: 98.56 and 98.60 % of 75,576 have it."""


def annual_land(facts: Facts) -> list[Row]:
    all_households = households(facts)

    def weigh(commune: Commune) -> int:
        """Return the weight of a commune: a household of a xã counts three times one of a ward or township."""
        return all_households[commune.code] * (3 if commune.rural else 1)

    em_households = facts.apportion_to_communes(facts.em_households_2021, weigh)
    columns = {"em_households": em_households}
    for land, total in WITHOUT_LAND.items():
        without_land = apportion(total, em_households)
        columns[f"em_households_with_{land}_land"] = {
            code: households - without_land[code] for code, households in em_households.items()
        }
    return as_rows(
        Value(
            district=commune.district,
            unit=commune.code,
            indicator=indicator,
            value=column[commune.code],
            status="estimate",
            provenance="apportioned",
            source="Biểu số 05 (districts, end of 2021)"
            if indicator == "em_households"
            else "KH 570/KH-UBND (province, estimate)",
        )
        for commune in sorted(facts.communes.values(), key=lambda commune: (commune.district, commune.code))
        for indicator, column in columns.items()
    )


def classifications(communes: RecognizedCommunes) -> list[Row]:
    """Return the two classifications of each commune recognized in 2023: region III, then region I.

    They are assumed to be the six communes that left special difficulty in that year.
    """

    def make_row(
        unit: str, region: str, number: str, date: str, provenance: Provenance, source: str
    ) -> dict[str, str | int]:
        return {
            "unit": unit,
            "region": region,
            "specially_difficult": "true" if region == "III" else "false",
            "decision_number": number,
            "decision_date": date,
            "effective_on": date,
            "provenance": provenance,
            "source": source,
        }

    before = [
        make_row(
            recognized.commune.code,
            "III",
            "861/QĐ-TTg",
            "2021-06-04",
            "illustrative",
            "the list of Kon Tum was not found",
        )
        for recognized in communes.of_2023
    ]
    after = [
        make_row(
            recognized.commune.code,
            "I",
            recognized.number,
            recognized.date,
            "illustrative",
            "QĐ 861/QĐ-TTg: recognized as NTM, so region I from that day; the plan prints how many, not which",
        )
        for recognized in communes.of_2023
    ]
    return before + after
