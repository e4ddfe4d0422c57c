"""The money of 2023: what 2022 left, what was allocated, what was carried over, what was paid out. Amounts in đồng.

The plan prints totals by capital kind. Their shares by program and unit are apportionments.
"""

from collections.abc import Iterator
from itertools import count

from building.apportion import apportion
from building.facts import Facts
from building.tables import Row

MILLION = 1_000_000
PROVINCE = "62"

PROGRAMS = {"ethnic": 55, "poverty": 30, "rural": 15}
"""Shares in percent; not published."""
PROVINCE_PERCENT = 10
"""What agencies of the province spend themselves; not published."""

CARRIED_INVESTMENT = 377_983
"""Million; the plan prints only the total of 597,053. 377,908 to 378,057 give its rate of 72.51 %."""

DISBURSED = {"investment": 786_539_300_000, "recurrent": 190_398_300_000}
"""Đồng, so that both parts and their sum (976,937.6 million) print as the plan prints them."""

LOCAL_SHARES = {"counterpart": 2_798, "integrated": 4_700}
"""As planned for 2024 (Báo Dân tộc 20/02/2024), in hundred million; the split of 2023 is not published."""

QUARTERS = {"2023-03-31": 10, "2023-06-30": 20, "2023-09-29": 25, "2023-12-29": 45}
"""Percent of the year's disbursement by date; not published."""

Lot = tuple[str, str, str]
"""Program, capital, unit."""


def opening_balances(facts: Facts) -> list[Row]:
    """What 2022 had left to pay, all of which was carried over."""
    return [
        {**_lot(2022, "central", lot, amount), **_decision("số dư 2022", "2022-12-31")}
        for lot, amount in _carried(facts).items()
    ]


def carry_overs(facts: Facts) -> list[Row]:
    return [
        {
            "from_year": 2022,
            "to_year": 2023,
            **{key: value for key, value in _lot(2022, "central", lot, amount).items() if key != "year"},
            **_decision("kéo dài 2022", "2023-01-31"),
        }
        for lot, amount in _carried(facts).items()
    ]


def allocations(facts: Facts) -> list[Row]:
    central = [
        {**_lot(2023, "central", lot, amount), **_decision("giao vốn 2023", "2022-12-30")}
        for lot, amount in _allocated(facts).items()
    ]
    local = [
        {
            **_lot(2023, source, (program, "investment", PROVINCE), share * MILLION),
            **_decision("vốn địa phương 2023", "2022-12-30"),
        }
        for source, total in apportion(facts.printed("F04"), LOCAL_SHARES).items()
        for program, share in apportion(total, PROGRAMS).items()
    ]
    return central + local


def disbursements(facts: Facts) -> list[Row]:
    """Four payments of each unit. Units differ in pace, from 90 to 110, by a rule that means nothing."""
    allocated, carried = _allocated(facts), _carried(facts)
    pace = {unit: 90 + 2 * (7 * place % 11) for place, unit in enumerate([*facts.districts, PROVINCE])}
    voucher = count(1)
    rows: list[Row] = []
    for capital, total in DISBURSED.items():
        lots = [lot for lot in allocated if lot[1] == capital]
        weights = {"/".join(lot): (allocated[lot] + carried[lot]) * pace[lot[2]] for lot in lots}
        of_year = apportion(total // 1_000, weights)
        for lot in lots:
            payments = apportion(of_year["/".join(lot)], QUARTERS)
            rows.extend(
                {
                    **_lot(2023, "central", lot, thousands * 1_000),
                    "voucher_source": "KBNN Kon Tum (minh họa)",
                    "voucher_number": f"MH-2023-{next(voucher):04d}",
                    "effective_on": paid_on,
                    "provenance": "apportioned",
                }
                for paid_on, thousands in payments.items()
            )
    return sorted(rows, key=lambda row: (str(row["effective_on"]), str(row["voucher_number"])))


def _allocated(facts: Facts) -> dict[Lot, int]:
    return _shared(facts, {"investment": facts.printed("F02"), "recurrent": facts.printed("F03")})


def _carried(facts: Facts) -> dict[Lot, int]:
    recurrent = facts.printed("F05") - CARRIED_INVESTMENT
    return _shared(facts, {"investment": CARRIED_INVESTMENT, "recurrent": recurrent})


def _shared(facts: Facts, millions: dict[str, int]) -> dict[Lot, int]:
    """Share totals by program, then by unit: each program by what it works on."""
    rural_communes = {d: sum(commune.rural for commune in facts.of_district(d)) for d in facts.districts}
    works_on = {
        "ethnic": facts.em_households_2021,
        "poverty": facts.poor_households_2021,
        "rural": rural_communes,
    }

    def lots() -> Iterator[tuple[Lot, int]]:
        for capital, total in millions.items():
            for program, of_program in apportion(total, PROGRAMS).items():
                of_province = of_program * PROVINCE_PERCENT // 100
                for unit, share in apportion(of_program - of_province, works_on[program]).items():
                    yield (program, capital, unit), share * MILLION
                yield (program, capital, PROVINCE), of_province * MILLION

    return dict(lots())


def _lot(year: int, source: str, lot: Lot, amount_vnd: int) -> Row:
    program, capital, unit = lot
    return {
        "year": year,
        "program": program,
        "capital": capital,
        "source": source,
        "unit": unit,
        "amount_vnd": amount_vnd,
    }


def _decision(what: str, date: str) -> Row:
    """One decision for a whole list; its real number and date are not published."""
    return {"decision_number": f"minh họa {what}", "decision_date": date, "provenance": "apportioned"}
