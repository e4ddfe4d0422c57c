"""Ethnic-minority households with land, by commune, and the communes that left special difficulty."""

from building.apportion import apportion
from building.facts import Commune, Facts
from building.poverty import households
from building.standing import Standings
from building.tables import Provenance, Row, Value, as_rows

WITHOUT_LAND = {"residential": 1_088, "production": 1_058}
"""EM households without land in the province: 98.56 and 98.60 % of 75,576 have it."""


def annual_land(facts: Facts) -> list[Row]:
    all_households = households(facts)

    def weight(commune: Commune) -> int:
        """A household of a xã counts three times one of a ward or township."""
        return all_households[commune.code] * (3 if commune.rural else 1)

    em_households = facts.carry(facts.em_households_2021, weight)
    columns = {"em_households": em_households}
    for land, without in WITHOUT_LAND.items():
        lacking = apportion(without, em_households)
        columns[f"em_households_with_{land}_land"] = {
            code: number - lacking[code] for code, number in em_households.items()
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
        for commune in sorted(facts.communes.values(), key=lambda c: (c.district, c.code))
        for indicator, column in columns.items()
    )


def classifications(standings: Standings) -> list[Row]:
    """The six exits of 2023: the communes recognized that year, which so became region I. Assumed to be those."""

    def row(
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
        row(
            s.commune.code,
            "III",
            "861/QĐ-TTg",
            "2021-06-04",
            "illustrative",
            "the list of Kon Tum was not found",
        )
        for s in standings.of_2023
    ]
    after = [
        row(
            s.commune.code,
            "I",
            s.number,
            s.date,
            "illustrative",
            "QĐ 861/QĐ-TTg: recognized as NTM, so region I from that day; the plan prints how many, not which",
        )
        for s in standings.of_2023
    ]
    return before + after
