"""Windows: the legal side. The same period has several, each with its clause."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.funding.dated_facts import load_deadlines
from services.funding.deadlines import find_legal_deadline
from shared.period_windows import load_windows
from shared.periods import Period, PeriodKind, UnknownWindow, find_cut_off
from shared.reporting.catalogue.definitions import DueRule

RULES = load_windows()

REGIMES = {"poverty": "poverty_review", "ethnic": "ethnic_program", "rural": "rural_program"}


def days(text: Any, regime: Any) -> Any:
    cut_off = find_cut_off(Period.parse(text), regime, RULES)
    return cut_off.opens_on, cut_off.closes_on


@pytest.mark.parametrize(
    ("text", "opens_on", "closes_on"),
    [
        ("2023", date(2022, 12, 15), date(2023, 12, 14)),
        ("2023-S1", date(2022, 12, 15), date(2023, 6, 14)),
        ("2023-S2", date(2023, 6, 15), date(2023, 12, 14)),
        ("2023-Q3", date(2023, 6, 15), date(2023, 9, 14)),
        ("2023-01", date(2022, 12, 15), date(2023, 1, 14)),
    ],
)
def test_administrative_cut_offs(text: str, opens_on: date, closes_on: date) -> None:
    assert days(text, "administrative") == (opens_on, closes_on)


def test_the_same_year_has_four_cut_offs() -> None:
    closing = [days("2023", regime)[1] for regime in ("poverty_review", "rural_program", "ethnic_program", "investment_disbursement")]  # fmt: skip
    assert closing == [date(2023, 12, 14), date(2023, 12, 31), date(2024, 1, 24), date(2024, 1, 31)]


def test_the_poverty_review_is_a_census_of_the_autumn() -> None:
    assert days("2023", "poverty_review") == (date(2023, 9, 1), date(2023, 12, 14))


@pytest.mark.parametrize("kind", list(PeriodKind))
def test_administrative_windows_follow_each_other(kind: Any) -> None:
    period = Period(2023, kind, 1)
    this, following = (
        find_cut_off(one_period, "administrative", RULES) for one_period in (period, period.next())
    )
    assert following.opens_on == this.closes_on + timedelta(days=1)


def test_a_window_names_its_basis_and_how_sure_it_is() -> None:
    cut_off = find_cut_off(Period.parse("2023"), "administrative", RULES)
    assert cut_off.legal_basis == "NĐ 09/2019/NĐ-CP Điều 12"
    assert cut_off.confidence == "from memory"
    assert all(rule.legal_basis and rule.confidence for rule in RULES)


def test_the_rule_in_force_on_the_day_decides() -> None:
    assert find_cut_off(Period.parse("2018"), "administrative", RULES, date(2019, 4, 1)).closes_on == date(
        2018, 12, 14
    )
    with pytest.raises(UnknownWindow) as refused:
        find_cut_off(Period.parse("2018"), "administrative", RULES)
    assert refused.value.code == "period_window_unknown"
    assert (str(refused.value.period), refused.value.regime, refused.value.on) == (
        "2018",
        "administrative",
        date(2018, 12, 31),
    )


def test_an_unknown_regime_or_kind_has_no_window() -> None:
    for text, regime in (("2023", "weekly"), ("2023-09", "poverty_review")):
        with pytest.raises(UnknownWindow):
            find_cut_off(Period.parse(text), regime, RULES)


def test_two_rules_at_once_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "periods.csv"
    head = "regime,kind,opens_month,opens_day,closes_month,closes_day,valid_from,valid_to,legal_basis,confidence\n"
    row = "x,year,0,1,0,31,{},{},law,sure\n"
    table.write_text(
        head + row.format("2020-01-01", "2020-12-31") + row.format("2021-01-01", ""), encoding="utf-8"
    )
    assert len(load_windows(table)) == 2
    table.write_text(
        head + row.format("2020-01-01", "2021-01-01") + row.format("2021-01-01", ""), encoding="utf-8"
    )
    with pytest.raises(ValueError, match="two rows in force at once for x, year"):
        load_windows(table)


def due_days() -> Iterator[Any]:
    """Yield each day by which a shipped catalogue has a report sent, with its cut-off where a rule gives one.

    A preliminary report is sent before the cut-off, as is that of a lower level.
    """
    for program, of_program in REGIMES.items():
        path = Path("services") / program / "catalogue.toml"
        for form in tomllib.loads(path.read_text(encoding="utf-8"))["form"]:
            if "preliminary_of" in form:
                continue
            regime = form.get("regime", of_program)
            for rule in (DueRule(**row) for row in form.get("due", ())):
                if rule.level not in {None, "province"}:
                    continue
                for year in range(rule.valid_from.year, 2026):
                    periods = [
                        part for kind in form["periods"] for part in Period(year).subperiods(PeriodKind(kind))
                    ]
                    for period in (part for part in periods if rule.is_in_force(part.ends_on)):
                        with suppress(UnknownWindow):
                            cut_off = find_cut_off(period, regime, RULES)
                            yield form["code"], rule.compute_due_on(period), cut_off


def test_no_report_is_due_before_its_figures_are_cut_off() -> None:
    rows = list(due_days())
    assert {form for form, *_ in rows} >= {"annual_review", "annual_land"}
    assert [(form, str(cut_off.period)) for form, due_on, cut_off in rows if due_on < cut_off.closes_on] == []
    assert all(due_on == cut_off.closes_on for form, due_on, cut_off in rows if form == "annual_land")


@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025])
def test_money_is_cut_off_on_the_last_day_of_the_ledger(year: int) -> None:
    deadlines = load_deadlines()
    investment = find_legal_deadline(deadlines, "investment", "own", year)
    recurrent = find_legal_deadline(deadlines, "recurrent", "own", year)
    assert days(str(year), "investment_disbursement")[1] == investment.paid_by
    assert days(str(year), "recurrent_disbursement")[1] == recurrent.settled_by
