"""The targets of the programs: of 2022 and 2023 as printed percentages give them, of 2024 as the plan prints them."""

from building.facts import HOUSEHOLDS_2023
from building.tables import Row

PLANNED_EXITS = 6_035
"""Not published; 6,032 to 6,037 give the 103.7 % of the plan."""
HOUSEHOLDS_2022 = 146_805
"""All households at the end of 2022, chosen to fit the published rates."""
PLAN_2024 = ("570/KH-UBND", "2024-02-19")


def targets() -> list[Row]:
    """Return the targets of the province, by program and period."""
    planned = f"the plan of {PLANNED_EXITS:,} exits; number and day not published"
    return [
        _make_row(
            "poverty", "2023", "poor_households_escaped", str(PLANNED_EXITS), ("chưa rõ số 62", "2023-01-31"), "derived",
            "KH 570/KH-UBND prints 6,258 as 103.7 % of the plan: 6,032 to 6,037; number and day not published",
        ),
        _make_row(
            "poverty", "2023", "poverty_exit_share", _to_share(HOUSEHOLDS_2023), ("chưa rõ số 62", "2023-01-31"), "derived",
            f"by all households at the end of 2023: {planned}",
        ),
        _make_row(
            "poverty", "2023", "poverty_exit_share_of_start", _to_share(HOUSEHOLDS_2022), ("chưa rõ số 62", "2023-01-31"),
            "derived", f"by all households at the end of 2022: {planned}",
        ),
        _make_row(
            "poverty", "2022", "poverty_rate_fall_points", "4", ("chưa rõ số 2022", "2022-01-31"), "derived",
            "a fall of 4.46 points is published as 111.5 % of the plan; number and day not published",
        ),
        *(
            _make_row(program, "2024", indicator, value, PLAN_2024, "published", "the plan of 2024 (Báo Dân tộc)")
            for program, indicator, value in (
                ("poverty", "poverty_rate_fall_points", "4"),
                ("ethnic", "communes_left_special_difficulty", "7"),
                ("ethnic", "villages_left_special_difficulty", "5"),
                ("ethnic", "em_households_with_residential_land_rate", "99.03"),
                ("ethnic", "em_households_with_production_land_rate", "98.97"),
            )
        ),
    ]  # fmt: skip


def _to_share(households: int) -> str:
    """Return the planned exits in percent of households, to two decimals."""
    return f"{100 * PLANNED_EXITS / households:.2f}"


def _make_row(
    program: str,
    period: str,
    indicator: str,
    value: str,
    decision: tuple[str, str],
    provenance: str,
    source: str,
) -> Row:
    return {
        "program": program,
        "period": period,
        "unit": "62",
        "indicator": indicator,
        "value": value,
        "decision_number": decision[0],
        "decision_date": decision[1],
        "provenance": provenance,
        "source": source,
    }
