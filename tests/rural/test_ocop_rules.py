"""The decision on a product's stars: bands, grantors, months of validity, parts of a score."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.dated_facts import OCOP_RULES_FILE, load_ocop_rules
from services.rural.ocop.dated_rules import add_months
from services.rural.ocop.rules import StarDecision, find_decision_faults
from tests.not_none import not_none

RULES = load_ocop_rules()
FROM = date(2019, 8, 21)
days = st.dates(FROM, date(2035, 12, 31))
scores = st.decimals(0, 100, places=2)


def make_decision(**changes):
    fields = {
        "code": "X",
        "owner_kind": "cooperative",
        "owner_name": None,
        "group": 1,
        "stars": 3,
        "score": Decimal("55.5"),
        "parts": None,
        "potential_five_star": False,
        "decided_on": date(2023, 6, 1),
        "grantor": None,
    }
    return StarDecision(**{**fields, **changes})


def find_codes(unread=(), **changes):
    decision = make_decision(**changes)
    return {fault.pointer: fault.code for fault in find_decision_faults(decision, RULES, unread)}


@given(scores, days)
def test_every_score_is_in_one_band(score, on):
    bands = [band for band in RULES.bands if band.is_in_force(on) and band.low <= score < band.high]
    band_of_score = RULES.find_band(score, on)
    assert band_of_score is not None
    assert bands == ([band_of_score] if score < 100 else [])
    assert not_none(RULES.find_band(Decimal(100), on)).stars == 5


@given(scores, st.integers(1, 5), days)
def test_stars_are_those_of_the_score_and_at_least_three(score, stars, on):
    score_stars = 5 if score >= 90 else 4 if score >= 70 else 3 if score >= 50 else 2 if score >= 30 else 1
    faults = find_codes(score=score, stars=stars, decided_on=on)
    if stars != score_stars:
        assert faults == {"/stars": "stars_not_of_score"}
    else:
        assert faults == ({} if stars >= 3 else {"/stars": "stars_not_certified"})


@given(scores, st.integers(3, 5), days)
def test_a_potential_five_star_product_has_four_stars_and_a_score_of_five(score, stars, on):
    faults = find_codes(score=score, stars=stars, decided_on=on, potential_five_star=True)
    assert ("/stars" in faults) == (stars != 4)
    assert ("/score" in faults) == (score < 90)


@given(days, st.integers(0, 120))
def test_adding_months_keeps_the_day_or_takes_the_last_of_a_shorter_month(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


@given(days, st.integers(-1200, 1200))
def test_a_certificate_is_valid_for_36_months_to_the_day(decided_on, offset):
    ends_on = RULES.find_end(decided_on)
    assert ends_on == add_months(decided_on, 36)
    assert timedelta(days=1094) <= ends_on - decided_on <= timedelta(days=1096)
    on = decided_on + timedelta(days=offset)
    assert RULES.is_valid(decided_on, on) == (decided_on <= on <= ends_on - timedelta(days=1))
    assert not_none(RULES.find_validity(decided_on)).confidence


def expected_grantor(stars, on):
    """Return the grantor by the decisions, written out."""
    if stars == 3:
        return "district" if date(2023, 2, 24) <= on <= date(2025, 7, 5) else "province"
    return {4: "province", 5: "central"}[stars]


@given(st.integers(3, 5), days, st.none() | st.sampled_from(["district", "province", "central"]))
def test_stars_are_granted_by_the_authority_of_that_date(stars, on, grantor):
    assert not_none(RULES.find_grantor(stars, on)).code == expected_grantor(stars, on)
    assert RULES.find_grantor(stars - 2, on) is None or stars == 5
    score = {3: 60, 4: 80, 5: 95}[stars]
    faults = find_codes(stars=stars, score=Decimal(score), decided_on=on, grantor=grantor)
    wrong = grantor is not None and grantor != expected_grantor(stars, on)
    assert faults == ({"/grantor": "grantor_may_not"} if wrong else {})


def test_the_days_on_which_the_grantor_changes():
    def grantor(*on):
        return not_none(RULES.find_grantor(3, date(*on))).code

    assert [grantor(2023, 2, 23), grantor(2023, 2, 24)] == ["province", "district"]
    assert [grantor(2025, 7, 5), grantor(2025, 7, 6)] == ["district", "province"]


@given(st.sampled_from(["cooperative", "enterprise", "household"]), st.none() | st.just("HTX Đăk Glei"))
def test_the_name_of_a_household_is_refused(owner_kind, owner_name):
    faults = find_codes(owner_kind=owner_kind, owner_name=owner_name)
    named = owner_kind == "household" and owner_name is not None
    assert faults == ({"/owner_name": "household_named"} if named else {})
    assert find_codes({"owner_kind"}, owner_kind="household", owner_name="A") == {}


@given(st.tuples(st.integers(0, 40), st.integers(0, 25), st.integers(0, 35)), st.integers(-1, 1))
def test_parts_add_up_to_the_score(parts, difference):
    parts = tuple(map(Decimal, parts))
    score = min(max(sum(parts) + difference, Decimal(0)), Decimal(100))
    faults = find_codes({"stars"}, score=score, parts=parts)
    assert ("/score_parts" in faults) == (sum(parts) != score)


@given(st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100)))
def test_a_part_has_a_maximum_of_points(parts):
    faults = find_codes(score=Decimal(100), stars=5, parts=tuple(map(Decimal, parts)))
    maxima = {"product": 40, "marketing": 25, "quality": 35}
    for (part, maximum), points in zip(maxima.items(), parts, strict=True):
        assert (faults.pop(f"/score_parts/{part}", None) == "score_part_too_high") == (points > maximum)
    assert faults == ({} if sum(parts) == 100 else {"/score_parts": "score_parts_not_of_score"})


def test_before_the_program_there_were_no_rules():
    assert find_codes(decided_on=FROM - timedelta(days=1)) == {"/decision/date": "ocop_rule_missing"}
    assert find_codes(group=7) == {"/group": "ocop_group_unknown"}
    assert find_codes({"group", "score"}, group=7, stars=5) == {}


def test_a_file_with_two_rules_in_force_at_once_is_refused(tmp_path):
    text = OCOP_RULES_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "ocop.toml"
    changed.write_text(text.replace("valid_to = 2023-02-23", "valid_to = 2023-02-24"), encoding="utf-8")
    with pytest.raises(ValueError, match="two rows in force at once for 3"):
        load_ocop_rules(changed)
