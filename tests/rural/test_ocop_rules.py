"""Stars, scores and months of OCOP products."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rural.ocop.book import add_months, read_book
from services.rural.ocop.rules import Stated, faults_of

BOOK = read_book()
FROM = date(2019, 8, 21)
days = st.dates(FROM, date(2035, 12, 31))
scores = st.decimals(0, 100, places=2)


def stated(**other):
    plain = {
        "code": "X",
        "group": 1,
        "stars": 3,
        "score": Decimal("55.5"),
        "parts": None,
        "potential_five_star": False,
        "decided_on": date(2023, 6, 1),
    }
    return Stated(**{**plain, **other})


def codes(it, unread=()):
    return {fault.pointer: fault.code for fault in faults_of(it, BOOK, unread)}


@given(scores, days)
def test_every_score_is_in_one_band(score, on):
    bands = [band for band in BOOK.bands if band.in_force(on) and band.low <= score < band.high]
    found = BOOK.band_of(score, on)
    assert found is not None
    assert bands == ([found] if score < 100 else [])
    assert BOOK.band_of(Decimal(100), on).stars == 5


@given(scores, st.integers(1, 5), days)
def test_stars_are_those_of_the_score_and_three_at_least(score, stars, on):
    wanted = 5 if score >= 90 else 4 if score >= 70 else 3 if score >= 50 else 2 if score >= 30 else 1
    found = codes(stated(score=score, stars=stars, decided_on=on))
    if stars != wanted:
        assert found == {"/stars": "stars_not_of_score"}
    else:
        assert found == ({} if stars >= 3 else {"/stars": "stars_not_certified"})


@given(scores, st.integers(3, 5), days)
def test_a_potential_five_star_product_has_four_stars_and_a_score_of_five(score, stars, on):
    found = codes(stated(score=score, stars=stars, decided_on=on, potential_five_star=True))
    assert ("/stars" in found) == (stars != 4)
    assert ("/score" in found) == (score < 90)


@given(days, st.integers(0, 120))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


@given(days)
def test_a_certificate_is_valid_for_36_months(decided_on):
    ends_on = BOOK.ends_on(decided_on)
    assert ends_on == add_months(decided_on, 36)
    assert timedelta(days=1094) <= ends_on - decided_on <= timedelta(days=1096)


def test_who_grants_the_stars_depends_on_the_date():
    def grantor(stars, *on):
        return BOOK.grantor(stars, date(*on)).code

    assert [grantor(3, 2022, 7, 15), grantor(3, 2023, 2, 24), grantor(3, 2025, 7, 5)] == [
        "province",
        "district",
        "district",
    ]
    assert [grantor(3, 2025, 7, 6), grantor(4, 2023, 5, 5), grantor(5, 2023, 5, 5)] == [
        "province",
        "province",
        "central",
    ]
    assert BOOK.grantor(2, date(2023, 5, 5)) is None


@given(st.tuples(st.integers(0, 40), st.integers(0, 25), st.integers(0, 35)), st.integers(-1, 1))
def test_parts_add_up_to_the_score(parts, off):
    parts = tuple(map(Decimal, parts))
    score = min(max(sum(parts) + off, Decimal(0)), Decimal(100))
    found = codes(stated(score=score, parts=parts), {"stars"})
    assert ("/score_parts" in found) == (sum(parts) != score)


def test_a_part_has_its_most_points():
    parts = (Decimal(41), Decimal(26), Decimal(36))
    assert codes(stated(score=Decimal(100), stars=5, parts=parts)) == {
        "/score_parts/product": "score_part_too_high",
        "/score_parts/marketing": "score_part_too_high",
        "/score_parts/quality": "score_part_too_high",
        "/score_parts": "score_parts_not_of_score",
    }


def test_before_the_program_there_were_no_rules():
    assert codes(stated(decided_on=FROM - timedelta(days=1))) == {"/decision/date": "ocop_rule_missing"}
    assert codes(stated(group=7)) == {"/group": "ocop_group_unknown"}
    assert codes(stated(group=7, stars=5), {"group", "score"}) == {}


def test_a_book_with_two_rules_at_once_is_refused(tmp_path):
    from services.rural.ocop.book import RULES_FILE

    text = RULES_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "ocop.toml"
    changed.write_text(text.replace("valid_to = 2023-02-23", "valid_to = 2023-02-24"), encoding="utf-8")
    with pytest.raises(ValueError, match="two rows at once for 3"):
        read_book(changed)
