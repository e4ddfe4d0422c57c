"""The example's tables add up to every figure that Plan 570 prints, and agree with each other."""

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

EXAMPLE = Path(__file__).parents[2] / "examples" / "kontum-2023"
END_OF_2023 = date(2023, 12, 31)
MILLION = Decimal(1_000_000)
Rows = list[dict[str, str]]


def table(name: str) -> Rows:
    with (EXAMPLE / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def total(name: str, indicator: str) -> Decimal:
    return Decimal(sum(int(row["value"]) for row in table(name) if row["indicator"] == indicator))


def by_unit(name: str) -> dict[str, dict[str, int]]:
    units: dict[str, dict[str, int]] = defaultdict(dict)
    for row in table(name):
        assert row["indicator"] not in units[row["unit"]], "a value is stated once"
        units[row["unit"]][row["indicator"]] = int(row["value"])
    return units


def money(name: str, **where: str) -> Decimal:
    rows = (row for row in table(f"funding_{name}") if all(row[key] == value for key, value in where.items()))
    return sum((Decimal(row["amount_vnd"]) for row in rows), Decimal(0)) / MILLION


def available(**where: str) -> Decimal:
    return money("allocations", source="central", **where) + money("carry_overs", source="central", **where)


def escaped() -> Decimal:
    review = "poverty_annual_review"
    return total(review, "poor_to_near_poor") + total(review, "poor_to_above_near_poor")


def share_of_households(number: Decimal) -> Decimal:
    return 100 * number / total("poverty_annual_review", "households")


def land_rate(land: str) -> Decimal:
    with_land = total("ethnic_annual_land", f"em_households_with_{land}_land")
    return 100 * with_land / total("ethnic_annual_land", "em_households")


def criteria_met() -> dict[str, int]:
    return {unit: sum(values.values()) for unit, values in by_unit("rural_criteria_assessment").items()}


def recognized(level: str, *, village: bool = False, on: date = END_OF_2023) -> set[str]:
    return {
        row["unit"]
        for row in table("rural_recognitions")
        if row["level"] == level
        and ("." in row["unit"]) == village
        and date.fromisoformat(row["decision_date"]) <= on
    }


def in_force(on: date = END_OF_2023) -> Rows:
    def until(row: dict[str, str]) -> date:
        decided = date.fromisoformat(row["decision_date"])
        return decided.replace(year=decided.year + 3)

    return [
        row
        for row in table("rural_ocop_products")
        if date.fromisoformat(row["decision_date"]) <= on < until(row)
    ]


def left_special_difficulty() -> set[str]:
    difficult: set[str] = set()
    left: set[str] = set()
    for row in table("ethnic_classifications"):
        if row["specially_difficult"] == "true":
            difficult.add(row["unit"])
        elif row["unit"] in difficult and row["effective_on"].startswith("2023"):
            left.add(row["unit"])
    return left


def count(name: str, **where: str) -> Decimal:
    """Return the number of rows of a table of oversight."""
    rows = table(f"oversight_{name}")
    return Decimal(sum(all(row[key] == value for key, value in where.items()) for row in rows))


FIGURES: dict[str, Callable[[], Decimal]] = {
    "F01": lambda: money("allocations", source="central"),
    "F02": lambda: money("allocations", source="central", capital="investment"),
    "F03": lambda: money("allocations", source="central", capital="recurrent"),
    "F04": lambda: money("allocations", source="counterpart") + money("allocations", source="integrated"),
    "F05": lambda: money("carry_overs"),
    "F06": available,
    "F07": lambda: money("disbursements"),
    "F08": lambda: 100 * money("disbursements") / available(),
    "F10": lambda: money("disbursements", capital="investment"),
    "F11": lambda: 100 * money("disbursements", capital="investment") / available(capital="investment"),
    "F12": lambda: money("disbursements", capital="recurrent"),
    "F13": lambda: 100 * money("disbursements", capital="recurrent") / available(capital="recurrent"),
    "E01": lambda: land_rate("residential"),
    "E02": lambda: land_rate("production"),
    "E03": lambda: Decimal(len(left_special_difficulty())),
    "P01": lambda: total("poverty_annual_review", "poor_households"),
    "P02": lambda: share_of_households(total("poverty_annual_review", "poor_households")),
    "P03": escaped,
    "P04": lambda: share_of_households(escaped()),
    "P05": lambda: 100 * escaped() / Decimal(table("targets")[0]["value"]),
    "P06": lambda: total("poverty_annual_results", "persons_trained"),
    "P07": lambda: total("poverty_annual_results", "jobs_created"),
    "R01": lambda: Decimal(sum(met == 19 for met in criteria_met().values())),
    "R02": lambda: Decimal(len(recognized("meets"))),
    "R03": lambda: Decimal(sum(criteria_met().values())) / len(criteria_met()),
    "R04": lambda: Decimal(len(recognized("advanced"))),
    "R05": lambda: Decimal(len(recognized("model"))),
    "R06": lambda: Decimal(len(recognized("model", village=True))),
    "R07": lambda: Decimal(len(recognized("meets", village=True))),
    "R08": lambda: Decimal(len(in_force())),
    "R09": lambda: Decimal(sum(row["stars"] == "5" for row in in_force())),
    "R10": lambda: Decimal(sum(row["potential_five_star"] == "true" for row in in_force())),
    "G01": lambda: Decimal(len(table("oversight_documents"))),
    "G02": lambda: count("documents", kind="council_resolution"),
    "G03": lambda: count("documents", kind="committee_decision"),
    "G04": lambda: count("documents", kind="directive"),
    "G05": lambda: count("documents", kind="program") + count("documents", kind="plan"),
    "G06": lambda: count("bodies", kind="steering_committee") - 1,
    "G07": lambda: count("bodies", kind="working_group"),
    "G08": lambda: count("conferences", level="province"),
    "G09": lambda: count("inspections", led_by="BCD_TINH"),
}


@pytest.mark.parametrize("figure", table("plan_570"), ids=lambda row: row["id"])
def test_the_tables_print_what_the_plan_prints(figure: Any) -> None:
    exact = FIGURES[figure["id"]]()
    rounded = exact.quantize(Decimal(1).scaleb(-int(figure["decimals"])), rounding=ROUND_HALF_UP)
    printed = Decimal(figure["printed"])
    assert rounded >= printed if figure["compares"] == "at_least" else rounded == printed


def test_every_figure_of_the_plan_is_compared() -> None:
    assert [row["id"] for row in table("plan_570")] == list(FIGURES)


def test_near_poor_and_multidimensional_rates_are_those_published_elsewhere() -> None:
    near_poor = total("poverty_annual_review", "near_poor_households")
    assert near_poor == 6_568
    assert f"{share_of_households(near_poor):.2f}" == "4.39"
    assert f"{share_of_households(near_poor + 10_220):.2f}" == "11.23"


def test_the_movement_of_poor_households_adds_up_in_every_commune() -> None:
    review = by_unit("poverty_annual_review")
    assert len(review) == 102
    for unit, row in review.items():
        decrease = row["poor_to_near_poor"] + row["poor_to_above_near_poor"] + row["poor_other_decrease"]
        increase = (
            row["near_poor_to_poor"]
            + row["returned_to_poverty"]
            + row["newly_poor"]
            + row["poor_other_increase"]
        )
        assert row["poor_households_start"] - decrease + increase == row["poor_households"], unit
        assert decrease <= row["poor_households_start"], unit
        assert row["poor_households"] + row["near_poor_households"] <= row["households"], unit
        assert row["poor_to_near_poor"] <= row["near_poor_households"], unit
        assert min(row.values()) >= 0, unit


def test_the_year_starts_where_2022_ended() -> None:
    assert total("poverty_annual_review", "poor_households_start") == 15_943
    assert total("poverty_annual_review", "households") == 149_480


def test_ethnic_minority_households_and_their_land_are_within_all_households() -> None:
    review = by_unit("poverty_annual_review")
    land = by_unit("ethnic_annual_land")
    assert land.keys() == review.keys()
    for unit, row in land.items():
        assert row["em_households"] <= review[unit]["households"], unit
        for kind in ("residential", "production"):
            assert 0 <= row[f"em_households_with_{kind}_land"] <= row["em_households"], unit
    assert {row["status"] for row in table("ethnic_annual_land")} == {"estimate"}


@pytest.mark.parametrize(
    "name",
    ["poverty_annual_review", "poverty_annual_results", "ethnic_annual_land", "rural_criteria_assessment"],
)
def test_every_district_reports(name: str) -> None:
    districts = {row["code"] for row in table("districts")}
    assert len(districts) == 10
    assert {row["district"] for row in table(name)} == districts


def test_each_rural_commune_is_assessed_on_nineteen_criteria() -> None:
    assessment = by_unit("rural_criteria_assessment")
    assert len(assessment) == 85
    assert all(set(values.values()) <= {0, 1} and len(values) == 19 for values in assessment.values())
    buckets = Counter(
        "19" if met == 19 else "15-18" if met >= 15 else "10-14" if met >= 10 else "5-9"
        for met in criteria_met().values()
    )
    assert buckets == {"19": 48, "15-18": 7, "10-14": 28, "5-9": 2}
    assert min(criteria_met().values()) >= 5


def test_each_level_of_recognition_requires_the_one_below() -> None:
    met = {unit for unit, number in criteria_met().items() if number == 19}
    assert recognized("meets") < met
    assert recognized("advanced") < recognized("meets")
    assert recognized("model") < recognized("advanced")
    assert {"23521", "23512"} < recognized("advanced"), "Hà Mòn and Đăk Mar"
    assert "23512" not in recognized("model"), "Đăk Mar's title is of 2024"
    assert "23512" in recognized("model", on=date(2025, 1, 1))
    assert not recognized("meets", village=True) & recognized("model", village=True)
    villages = {row["code"] for row in table("rural_villages")}
    assert recognized("meets", village=True) | recognized("model", village=True) == villages


def test_published_decisions_are_kept_as_published() -> None:
    rows = {
        (row["unit"], row["level"]): (row["decision_number"], row["decision_date"], row["year"])
        for row in table("rural_recognitions")
    }
    assert rows["23434", "meets"] == ("365/QĐ-UBND", "2019-05-13", "2018")
    assert rows["23395", "meets"] == ("366/QĐ-UBND", "2019-05-13", "2018")
    assert rows["23509", "meets"] == ("186/QĐ-UBND", "2023-04-12", "2022")
    assert rows["23515", "meets"] == ("189/QĐ-UBND", "2023-04-12", "2022")
    assert len(rows) == len(table("rural_recognitions"))


def test_communes_left_special_difficulty_by_being_recognized_in_2023() -> None:
    of_2023 = recognized("meets") - recognized("meets", on=date(2022, 12, 31))
    assert left_special_difficulty() == of_2023


def test_stars_follow_scores_and_certificates_expire() -> None:
    products = table("rural_ocop_products")
    assert len({row["code"] for row in products}) == len(products)
    assert len(in_force()) < len(products)
    for row in products:
        score, stars = Decimal(row["score"]), int(row["stars"])
        potential = row["potential_five_star"] == "true"
        assert stars == (5 if score >= 90 and not potential else 4 if score >= 70 else 3), row["code"]
        assert potential == (stars == 4 and score >= 90), row["code"]
        decided_by_district = stars == 3 and row["decision_date"] >= "2023-02-24"
        assert row["grantor"] == (
            "central" if stars == 5 else "district" if decided_by_district else "province"
        )


def test_no_lot_of_money_is_ever_overdrawn() -> None:
    lots: dict[tuple[str, ...], int] = defaultdict(int)

    def key(row: dict[str, str], year: str) -> tuple[str, ...]:
        return (row[year], row["program"], row["capital"], row["source"], row["unit"])

    def amount(row: dict[str, str]) -> int:
        assert int(row["amount_vnd"]) > 0
        return int(row["amount_vnd"])

    for row in [*table("funding_opening_balances"), *table("funding_allocations")]:
        lots[key(row, "year")] += amount(row)
    for row in table("funding_carry_overs"):
        lots[key(row, "from_year")] -= amount(row)
        lots[key(row, "to_year")] += amount(row)
    for row in table("funding_disbursements"):
        lots[key(row, "year")] -= amount(row)
    assert min(lots.values()) >= 0
    assert {lot[0] for lot, balance in lots.items() if balance} == {"2023"}


def test_all_that_was_assigned_is_allocated() -> None:
    for program in ("rural", "poverty", "ethnic"):
        for capital in ("investment", "recurrent"):
            where = {"program": program, "capital": capital, "source": "central"}
            assert money("assignments", **where) == money("allocations", **where) > 0
    assert money("assignments") == 1_274_696


def test_vouchers_are_unique_and_dated_in_the_year() -> None:
    disbursements = table("funding_disbursements")
    assert len({row["voucher_number"] for row in disbursements}) == len(disbursements)
    assert all(row["effective_on"].startswith("2023") for row in disbursements)


def test_carried_over_investment_is_within_what_the_plan_allows() -> None:
    assert 377_908 <= money("carry_overs", capital="investment") <= 378_057


@pytest.mark.parametrize("path", sorted((EXAMPLE / "data").glob("*.csv")), ids=lambda path: path.stem)
def test_every_row_states_its_provenance(path: Any) -> None:
    rows = table(path.stem)
    if "provenance" in rows[0]:
        assert {row["provenance"] for row in rows} <= {"published", "derived", "apportioned", "illustrative"}
    else:
        assert path.stem in {"districts", "plan_570"}


@given(
    total=st.integers(0, 10**12),
    weights=st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), min_size=1).filter(
        lambda weights: sum(weights.values())
    ),
)
def test_shares_add_up_and_are_within_one_of_their_quota(total: Any, weights: Any) -> None:
    sys.path.insert(0, str(EXAMPLE))
    try:
        from building.apportion import apportion
    finally:
        sys.path.remove(str(EXAMPLE))
    shares = apportion(total, weights)
    weight_sum = sum(weights.values())
    assert sum(shares.values()) == total
    assert all(abs(share * weight_sum - total * weights[unit]) < weight_sum for unit, share in shares.items())
