"""The targets of the national program, beside what a unit achieved in a period."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.kit.problems import Sentence
from shared.reporting.catalogue.national_targets import NationalTarget, find_national_target_faults
from tests.program_clients import Clients


async def test_national_targets_stand_beside_what_a_unit_achieved(clients: Clients) -> None:
    rows = [
        {"district": "610", "unit": "610", "indicator": indicator, "value": str(value), "status": "official"}
        for indicator, value in (
            ("target_households_of_area", 1000),
            ("target_households_with_electricity", 990),
            ("target_households_with_hygienic_water", 899),
        )
    ]
    await clients.report_and_accept("area_targets", rows)
    answer = await clients.get("national-targets", period="2023", unit="610")
    targets = {row["code"]: row for row in answer["items"]}
    assert (answer["unit_name"], answer["unit_kind"]) == ("Huyện Đăk Glei", "huyen")
    electricity, water = (
        targets[f"national_households_with_{name}"] for name in ("electricity", "hygienic_water")
    )
    assert (electricity["value"], electricity["done"], electricity["met"]) == (99, 99, True)
    assert (water["value"], water["done"], water["met"]) == (90, 89.9, False)
    assert (water["kind"], water["from_year"], water["to_year"]) == ("at_least", 2021, 2025)
    fall = targets["national_em_poverty_rate_fall"]
    assert (fall["every_year"], fall["done"], fall["met"]) == (True, None, None)
    unmeasured = targets["national_communes_leaving"]
    assert (unmeasured["indicator"], unmeasured["done"]) == (None, None)
    assert all(row["legal_basis"] and row["confidence"] for row in answer["items"])
    assert (await clients.get("national-targets", period="2020"))["items"] == []
    assert (await clients.get("national-targets", period="2026"))["items"] == []


def test_a_national_target_names_a_figure_and_bounds_in_order() -> None:
    target = NationalTarget(
        "fall",
        Sentence("giảm", "fall"),
        "range",
        Decimal(1),
        "percentage_points",
        Decimal("1.5"),
        "rate",
        legal_basis="-",
        confidence="-",
        valid_from=date(2021, 1, 1),
    )
    assert list(find_national_target_faults([target], {"rate"})) == []
    assert len(list(find_national_target_faults([target], {"other"}))) == 1
    for faulty in (
        replace(target, upper=Decimal("0.5")),
        replace(target, upper=None),
        replace(target, kind="at_least"),
    ):
        assert len(list(find_national_target_faults([faulty], {"rate"}))) == 1
