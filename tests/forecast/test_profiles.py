"""The shipped payment profiles: complete, dated, with their sources; invalid ones are refused at start."""

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.funding.app import create_app
from services.funding.dated_facts import DATA, load_deadlines, load_method
from services.funding.deadlines import find_legal_deadline
from services.funding.forecast.estimation import number_month
from services.funding.forecast.profiles import WHOLE_PPB, to_disbursed
from services.funding.ledger import CAPITALS, Capital
from services.funding.settings import FundingSettings


def test_the_shipped_profiles_are_back_loaded_and_name_their_sources() -> None:
    method = load_method()
    for capital in CAPITALS:
        profile = method.find_profile(capital, 2023)
        disbursed = to_disbursed(profile.shares_ppb)
        assert disbursed[5] < disbursed[11] / 2, "less than half of the year's payments by mid-year"
        assert profile.source
        assert profile.legal_basis
        assert profile.confidence
    investment = to_disbursed(method.find_profile("investment", 2023).shares_ppb)
    sourced = {3: 10.35, 6: 30.49, 8: 42.3, 9: 51.38, 13: 93.12}
    assert {month: round(investment[month - 1] * 100 / WHOLE_PPB, 2) for month in sourced} == sourced


def test_a_profile_ends_with_the_deadline_of_own_money() -> None:
    method, rules = load_method(), load_deadlines()
    for capital in CAPITALS:
        deadline = find_legal_deadline(rules, capital, "own", 2023).paid_by
        assert len(method.find_profile(capital, 2023).shares_ppb) == number_month(2023, deadline)


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    folder = tmp_path / "codes"
    shutil.copytree(DATA, folder)
    return folder


def edit_profiles(folder: Any, pattern: Any, text: Any) -> None:
    path = folder / "foresight.toml"
    text_before = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, text, text_before, count=1, flags=re.DOTALL)
    assert changed != text_before
    path.write_text(changed, encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "text", "why"),
    [
        (r'capital = "recurrent"', 'capital = "investment"', "no profile for recurrent money"),
        (r'capital = "recurrent"', 'capital = "other"', "capital: is 'other', and can only be"),
        (r"1\.8, 7, ", "7, 1.8, ", "none below the one before"),
        (r", 65\.1, 81, 93\.12\]", "]", "twelve months or more"),
        (r"93\.12\]", "193.12]", "disbursed_percent #13: is 193.12; .* less than or equal to 100"),
        (r"slow_percent = 35", "slow_percent = 130", "slow_percent: is 130; .* less than or equal to 100"),
        (
            r"quick_percent = 200",
            "quick_percent = 99",
            "quick_percent: is 99; .* greater than or equal to 100",
        ),
        (
            r"covers_percent = 80",
            "covers_percent = 100",
            "covers_percent: is 100; .* less than or equal to 99",
        ),
        (r"past_years = 5", "past_years = 21", "past_years: is 21; .* less than or equal to 20"),
    ],
)
def test_invalid_profiles_are_refused_at_start(folder: Any, pattern: str, text: str, why: str) -> None:
    edit_profiles(folder, pattern, text)
    with pytest.raises(ValueError, match=why):
        create_app(
            FundingSettings(database_url="postgresql+asyncpg://x@127.0.0.1:9/x", funding_catalogue=folder)
        )


def test_a_later_profile_is_in_force_from_its_day_on(folder: Any) -> None:
    path = folder / "foresight.toml"
    text_before = path.read_text(encoding="utf-8")
    first = text_before[
        text_before.index("[[profile]]") : text_before.index(
            "[[profile]]", text_before.index("[[profile]]") + 1
        )
    ]
    later = first.replace("2021-01-01", "2025-01-01").replace("93.12]", "99]")
    path.write_text(f"{text_before}\n{later}", encoding="utf-8")
    method = load_method(folder)
    kind: Capital = "investment"
    assert method.find_profile(kind, 2024) == method.find_profile(kind, 2016), "before the first, the first"
    assert method.find_profile(kind, 2025).valid_from == date(2025, 1, 1)
    assert method.find_profile(kind, 2025).shares_ppb != method.find_profile(kind, 2024).shares_ppb
