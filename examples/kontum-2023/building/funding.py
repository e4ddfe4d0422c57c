"""The money of 2023: assignments, opening balances, carry-overs, allocations and disbursements. Amounts in đồng.

The plan prints totals by capital kind. Their shares by program and unit are apportioned.
"""

from collections.abc import Iterator
from itertools import count

from building.apportion import apportion
from building.facts import Facts
from building.tables import Row

MILLION = 1_000_000
PROVINCE = "62"

PROGRAMS = {"ethnic": 55, "poverty": 30, "rural": 15}
"""Shares of the programs in percent; not published."""
PROVINCE_PERCENT = 10
"""The share that agencies of the province spend themselves; not published."""

CARRIED_INVESTMENT = 377_983
"""Million đồng. The plan prints only the total of 597,053; 377,908 to 378,057 give its rate of 72.51 %."""

DISBURSED = {"investment": 786_539_300_000, "recurrent": 190_398_300_000}
"""Chosen so that both parts and their sum (976,937.6 million) print as the plan prints them."""

LOCAL_SHARES = {"counterpart": 2_798, "integrated": 4_700}
"""Weights by source, as planned for 2024 (Báo Dân tộc 20/02/2024); the split of 2023 is not published."""

QUARTERS = {"2023-03-31": 10, "2023-06-30": 20, "2023-09-29": 25, "2023-12-29": 45}
"""Percent of the year's disbursement by date; not published."""

Lot = tuple[str, str, str]
"""Program, capital, unit."""


def opening_balances(facts: Facts) -> list[Row]:
    """Return what 2022 had left to pay; all of it was carried over."""
    return [
        {**_to_row(2022, "central", lot, amount), **_to_decision("số dư 2022", "2022-12-31")}
        for lot, amount in _list_carried(facts).items()
    ]


def carry_overs(facts: Facts) -> list[Row]:
    return [
        {
            "from_year": 2022,
            "to_year": 2023,
            **{key: value for key, value in _to_row(2022, "central", lot, amount).items() if key != "year"},
            **_to_decision("kéo dài 2022", "2023-01-31"),
        }
        for lot, amount in _list_carried(facts).items()
    ]


def allocations(facts: Facts) -> list[Row]:
    central = [
        {**_to_row(2023, "central", lot, amount), **_to_decision("giao vốn 2023", "2022-12-30")}
        for lot, amount in _list_allocated(facts).items()
    ]
    local = [
        {
            **_to_row(2023, source, (program, "investment", PROVINCE), share * MILLION),
            **_to_decision("vốn địa phương 2023", "2022-12-30"),
        }
        for source, total in apportion(facts.read_figure("F04"), LOCAL_SHARES).items()
        for program, share in apportion(total, PROGRAMS).items()
    ]
    return central + local


def assignments(facts: Facts) -> list[Row]:
    """Return what the central government assigned: all of it was allocated ("bằng 100% dự toán trung ương giao")."""
    totals: dict[Lot, int] = {}
    for (program, capital, _), amount in _list_allocated(facts).items():
        lot = (program, capital, PROVINCE)
        totals[lot] = totals.get(lot, 0) + amount
    return [
        {
            **_to_row(2023, "central", lot, amount),
            **_to_decision("giao dự toán trung ương 2023", "2022-12-02"),
        }
        for lot, amount in totals.items()
    ]


def disbursements(facts: Facts) -> list[Row]:
    """Return four payments of each lot. Units pay at different paces (90 to 110) by an arbitrary rule."""
    allocated, carried = _list_allocated(facts), _list_carried(facts)
    pace = {unit: 90 + 2 * (7 * index % 11) for index, unit in enumerate([*facts.districts, PROVINCE])}
    voucher = count(1)
    rows: list[Row] = []
    for capital, total in DISBURSED.items():
        lots = [lot for lot in allocated if lot[1] == capital]
        weights = {"/".join(lot): (allocated[lot] + carried[lot]) * pace[lot[2]] for lot in lots}
        thousands_by_lot = apportion(total // 1_000, weights)
        for lot in lots:
            payments = apportion(thousands_by_lot["/".join(lot)], QUARTERS)
            rows.extend(
                {
                    **_to_row(2023, "central", lot, thousands * 1_000),
                    "voucher_source": "KBNN Kon Tum (minh họa)",
                    "voucher_number": f"MH-2023-{next(voucher):04d}",
                    "effective_on": paid_on,
                    "provenance": "apportioned",
                }
                for paid_on, thousands in payments.items()
            )
    return sorted(rows, key=lambda row: (str(row["effective_on"]), str(row["voucher_number"])))


def _list_allocated(facts: Facts) -> dict[Lot, int]:
    return _apportion_to_lots(
        facts, {"investment": facts.read_figure("F02"), "recurrent": facts.read_figure("F03")}
    )


def _list_carried(facts: Facts) -> dict[Lot, int]:
    recurrent = facts.read_figure("F05") - CARRIED_INVESTMENT
    return _apportion_to_lots(facts, {"investment": CARRIED_INVESTMENT, "recurrent": recurrent})


def _apportion_to_lots(facts: Facts, millions: dict[str, int]) -> dict[Lot, int]:
    """Apportion totals by program, then by unit, with the weights of the program."""
    rural_communes = {
        district: sum(commune.rural for commune in facts.list_communes(district))
        for district in facts.districts
    }
    weights = {
        "ethnic": facts.em_households_2021,
        "poverty": facts.poor_households_2021,
        "rural": rural_communes,
    }

    def yield_lots() -> Iterator[tuple[Lot, int]]:
        for capital, total in millions.items():
            for program, program_total in apportion(total, PROGRAMS).items():
                province_share = program_total * PROVINCE_PERCENT // 100
                for unit, share in apportion(program_total - province_share, weights[program]).items():
                    yield (program, capital, unit), share * MILLION
                yield (program, capital, PROVINCE), province_share * MILLION

    return dict(yield_lots())


def _to_row(year: int, source: str, lot: Lot, amount_vnd: int) -> Row:
    program, capital, unit = lot
    return {
        "year": year,
        "program": program,
        "capital": capital,
        "source": source,
        "unit": unit,
        "amount_vnd": amount_vnd,
    }


def _to_decision(what: str, date: str) -> Row:
    """Return the columns of the decision of a whole list; its real number and date are not published."""
    return {"decision_number": f"minh họa {what}", "decision_date": date, "provenance": "apportioned"}
