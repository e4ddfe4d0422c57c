"""The rules of a report's content: each fault by its code and pointer, all of them at once. Pure, on the shipped map."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.problems import Sentence, make_fault
from shared.reporting.catalogue.expected_units import find_expected_units
from shared.reporting.report_content import (
    STATUSES,
    ReportContent,
    StatedValue,
    hash_content,
    make_receipt_code,
    to_canonical_text,
)
from shared.reporting.reports.checking.checker import ReportChecker
from shared.territory.tree import Territory
from shared.territory.units import Unit
from tests.reporting.office import catalogue
from tests.territory.shipped import read_successions, read_units

MAP = Territory(read_units(), read_successions()).with_units(
    [
        Unit("23341.01", "village", "thon", "Thôn 1", "23341", date(2022, 1, 1)),
        Unit("23293.01", "village", "thon", "Thôn 1", "23293", date(2025, 7, 1)),
    ]
)
TODAY = date(2026, 1, 10)
TOWN = "23341"
"""The township (thị trấn) of Đăk Glei, 610, whose other communes are 23344 to 23374."""


def no_more_poor_than_all(values):
    if values.get("poor", 0) > values.get("households", 10**12):
        yield make_fault("poor", "more_poor_than_all", Sentence("nhiều hơn", "more than all"))


CATALOGUE = replace(catalogue(), checks=(no_more_poor_than_all,))
VERSIONS = tuple(
    replace(
        CATALOGUE.indicators["herd"][0], version=at, valid_from=since, valid_to=to, maximum=Decimal(limit)
    )
    for at, since, to, limit in [
        (1, date(2016, 1, 1), date(2022, 12, 31), 10),
        (2, date(2023, 1, 1), None, 20),
    ]
)
CATALOGUE = replace(CATALOGUE, indicators={**CATALOGUE.indicators, "herd": VERSIONS})


def make_content(*values, unit="610", period="2023", form="census", **more) -> ReportContent:
    """Return a report that states values, given as (unit, indicator, value)."""
    stated = tuple(
        StatedValue(code, indicator, Decimal(str(value)), "official") for code, indicator, value in values
    )
    return ReportContent(unit, period, form, stated, range(len(stated)), **more)


def check(content, unread=frozenset(), today=TODAY):
    return ReportChecker(CATALOGUE, MAP, today).check(content, frozenset(unread))


def find_faults(content, unread=frozenset(), today=TODAY):
    checked, faults = check(content, unread, today)
    assert (checked is None) == bool(faults)
    for fault in faults:
        assert fault.sentence.vi
        assert "{" not in fault.sentence.vi + fault.sentence.en
    return [(fault.pointer, fault.code) for fault in faults]


VALUE = ("23341", "households", 100)


def test_a_report_without_faults_has_the_number_of_units_that_each_value_covers():
    checked, faults = check(make_content(VALUE, ("610", "poor", 5), ("23344", "households", 7)))
    assert faults == []
    assert checked.form.code == "census"
    assert str(checked.period) == "2023"
    assert checked.covers == (1, 12, 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (make_content(VALUE, period="2023-13"), ("/period", "period_invalid")),
        (make_content(VALUE, period="last year"), ("/period", "period_invalid")),
        (make_content(VALUE, form="nothing"), ("/form", "form_unknown")),
        (make_content(VALUE, form="census", period="2023-03"), ("/form", "form_unknown")),
        (make_content(VALUE, form=None), ("/form", "form_required")),
        (make_content(VALUE, unit="999"), ("/unit", "unit_unknown")),
        (make_content(nil=True, period="2025"), ("/unit", "unit_unknown_on_date")),
        (
            make_content(("610", "poor", 1), unit="51", period="2025"),
            ("/observations/0/unit", "unit_unknown_on_date"),
        ),
        (make_content(), ("/observations", "report_empty")),
        (make_content(VALUE, nil=True), ("/nil", "nil_with_observations")),
        (make_content(("99999", "poor", 1)), ("/observations/0/unit", "unit_unknown")),
        (make_content(VALUE, ("62001", "poor", 1)), ("/observations/1/unit", "unit_unknown")),
        (make_content(("23377", "poor", 1)), ("/observations/0/unit", "unit_not_below")),
        (make_content(("62", "poor", 1)), ("/observations/0/unit", "unit_not_below")),
        (make_content(("23341.01", "poor", 1)), ("/observations/0/unit", "unit_level_wrong")),
        (make_content(("23341", "jobs", 1), form="results"), ("/observations/0/unit", "unit_level_wrong")),
        (make_content(("23341.01", "jobs", 1), form="results"), ("/observations/0/unit", "unit_level_wrong")),
        (
            make_content((TOWN, "criterion_a", 1), form="criteria"),
            ("/observations/0/unit", "unit_kind_wrong"),
        ),
        (make_content(("23341", "goats", 1)), ("/observations/0/indicator", "indicator_unknown")),
        (make_content(("23341", "retired", 1)), ("/observations/0/indicator", "indicator_retired")),
        (make_content(("610", "jobs", 1)), ("/observations/0/indicator", "indicator_on_other_form")),
        (make_content(("23341", "poor", -1)), ("/observations/0/value", "value_out_of_range")),
        (
            make_content(("23341", "herd", 21), form="results"),
            ("/observations/0/value", "value_out_of_range"),
        ),
        (make_content(("23341", "poor", "1.5")), ("/observations/0/value", "value_too_precise")),
        (
            make_content(("23341", "rain", "1.005"), form="results"),
            ("/observations/0/value", "value_too_precise"),
        ),
        (make_content(VALUE, ("23341", "poor", 1), VALUE), ("/observations/2", "value_repeated")),
        (make_content(VALUE, ("23341", "poor", 101)), ("/observations/1/value", "more_poor_than_all")),
        (make_content(VALUE, ("610", "households", 9)), ("/observations/0", "value_stated_above")),
        (
            make_content(("62", "poor", 9), ("23341", "poor", 9), unit="62"),
            ("/observations/1", "value_stated_above"),
        ),
        # since 1 July 2025 there is no district between a commune and the province
        (
            make_content(("23293.01", "poor", 1), unit="51", period="2025"),
            ("/observations/0/unit", "unit_level_wrong"),
        ),
        (
            make_content(("23293.01", "jobs", 1), unit="51", period="2025", form="results"),
            ("/observations/0/unit", "unit_level_wrong"),
        ),
        # units are counted by their own values, so no unit states them for the units below
        (
            make_content(("610", "criterion_a", 1), form="criteria"),
            ("/observations/0/unit", "unit_level_wrong"),
        ),
        (
            make_content(("62", "criterion_a", 1), unit="62", form="criteria"),
            ("/observations/0/unit", "unit_level_wrong"),
        ),
    ],
)
def test_each_fault_has_its_code_and_its_pointer(content, expected):
    assert find_faults(content) == [expected]


def test_a_period_is_not_reported_before_it_begins():
    content = make_content(("23293", "poor", 1), unit="51", period="2026")
    assert find_faults(content, today=date(2026, 1, 1)) == []
    assert find_faults(content, today=date(2025, 12, 31)) == [("/period", "period_not_started")]


@pytest.mark.parametrize(
    "content",
    [
        make_content(nil=True),
        make_content(("610", "jobs", 0), form="results", period="2023-12"),
        make_content(("23341", "herd", 10), form="results", period="2022"),
        make_content(("23341", "herd", 20), form="results", period="2023"),
        make_content(("23341", "poor", "1.000")),
        make_content(("62", "poor", 1), unit="62"),
        make_content(("23293", "poor", 1), unit="51", period="2025"),
        make_content(("23293", "jobs", 1), unit="23293", form="results", period="2025"),
        make_content(("23344", "criterion_a", 1), form="criteria"),
        make_content(("23341", "retired", 1), period="2020"),
        make_content(("23293", "poor", 1), unit="51", period="2026"),
    ],
)
def test_allowed_content_has_no_fault(content):
    assert find_faults(content) == []


def test_the_only_form_of_a_period_need_not_be_named():
    checked, faults = check(make_content(("610", "jobs", 1), form=None, period="2023-05"))
    assert faults == []
    assert checked.form.code == "results"


def test_faults_of_all_kinds_are_found_at_once_in_the_order_of_the_body():
    content = make_content(
        ("23341", "poor", -1),
        ("99999", "poor", 1),
        ("23344", "goats", 1),
        ("23347", "poor", "0.5"),
        ("23341", "poor", 3),
        form="nothing",
        unit="999",
    )
    assert find_faults(content) == [
        ("/form", "form_unknown"),
        ("/unit", "unit_unknown"),
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/1/unit", "unit_unknown"),
        ("/observations/2/indicator", "indicator_unknown"),
        ("/observations/3/value", "value_too_precise"),
        ("/observations/4", "value_repeated"),
    ]


@pytest.mark.parametrize("unread", [frozenset(), {"period"}])
def test_an_invalid_period_hides_no_fault_that_holds_in_every_period(unread):
    content = make_content(
        ("99999", "poor", 1),
        ("23344", "goats", 1),
        ("23341", "poor", -1),
        ("23341", "households", 5),
        ("23341", "households", 6),
        ("23350", "poor", 2),
        ("23350", "households", 1),
        unit="999",
        form="nothing",
        period="2000" if unread else "2023-99",
    )
    expected = [
        ("/form", "form_unknown"),
        ("/unit", "unit_unknown"),
        ("/observations/0/unit", "unit_unknown"),
        ("/observations/1/indicator", "indicator_unknown"),
        ("/observations/2/value", "value_out_of_range"),
        ("/observations/4", "value_repeated"),
        ("/observations/5/value", "more_poor_than_all"),
    ]
    checked, faults = check(content, unread)
    assert checked is None
    codes = [(fault.pointer, fault.code) for fault in faults]
    assert codes == ([] if unread else [("/period", "period_invalid")]) + expected


def test_without_a_period_no_fault_is_found_that_depends_on_its_day():
    """A commune of 2023 only, a retired indicator, a value that one version allows: each is right in some period."""
    content = make_content(
        ("23341", "retired", 1), ("23293", "herd", 15), ("610", "jobs", 1), form="results", period="x"
    )
    assert [fault.code for fault in check(content)[1]] == ["period_invalid"]


def test_fields_that_were_not_read_have_no_fault():
    checked, faults = check(
        make_content(form="nothing", unit="999"), frozenset({"observations", "form", "unit"})
    )
    assert checked is None
    assert faults == []
    row = replace(
        make_content(("00", "-", 0), ("23341", "goats", 1)),
        unread_fields={0: frozenset({"unit", "indicator", "value"})},
    )
    for period in ("2023", "x"):
        pointers = [
            fault.pointer for fault in check(replace(row, period=period))[1] if fault.pointer != "/period"
        ]
        assert pointers == ["/observations/1/indicator"]
    content = replace(make_content(VALUE, ("23341", "poor", -1)), ordinals=(3, 7))
    assert find_faults(content, {"observations"}) == [("/observations/7/value", "value_out_of_range")]


def test_an_unread_unknown_field_hides_no_fault_of_its_row():
    rows = make_content(("23341", "poor", -1), ("99999", "goats", 1), ("23341", "poor", 2))
    unknown = frozenset({"", "/unit", "colour", "status"})
    for period in ("2023", "x"):
        content = replace(rows, period=period, unread_fields={0: unknown, 1: unknown, 2: unknown})
        assert [(fault.pointer, fault.code) for fault in check(content)[1] if fault.pointer != "/period"] == [
            ("/observations/0/value", "value_out_of_range"),
            ("/observations/1/unit", "unit_unknown"),
            ("/observations/1/indicator", "indicator_unknown"),
            ("/observations/2", "value_repeated"),
        ]


def test_faults_of_a_row_have_a_fixed_order():
    content = make_content(
        ("610", "poor", 1), (TOWN, "poor", "-1.5"), (TOWN, "poor", 1), ("99999", "goats", 1), unit="610"
    )
    assert find_faults(content) == [
        ("/observations/1/value", "value_out_of_range"),
        ("/observations/1/value", "value_too_precise"),
        ("/observations/2", "value_repeated"),
        ("/observations/3/unit", "unit_unknown"),
        ("/observations/3/indicator", "indicator_unknown"),
        ("/observations/1", "value_stated_above"),
        ("/observations/2", "value_stated_above"),
    ]
    content = make_content((TOWN, "criterion_a", 2), ("23341.01", "criterion_a", "0.5"), form="criteria")
    assert find_faults(content) == [
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/0/unit", "unit_kind_wrong"),
        ("/observations/1/value", "value_too_precise"),
        ("/observations/1/unit", "unit_level_wrong"),
        ("/observations/1", "value_stated_above"),
    ]


CODES = st.sampled_from(["23341", "23344", "610", "62", "608", TOWN, "23341.01", "99999", "23293", ""])
VALUES = st.tuples(
    CODES,
    st.sampled_from([*CATALOGUE.indicators, "goats"]),
    st.decimals(min_value=-5, max_value=30, places=2),
)


@given(
    values=st.lists(VALUES, max_size=6),
    unit=CODES,
    period=st.sampled_from(["2023", "2025", "2020", "2023-05", "2023-Q2", "2023-S1", "1991", "2031", "x"]),
    form=st.sampled_from([*CATALOGUE.forms, None, "nothing"]),
    nil=st.booleans(),
    unread=st.sets(st.sampled_from(["period", "form", "unit", "observations", "nil"])),
)
def test_any_content_is_accepted_or_has_faults_whose_pointers_exist(values, unit, period, form, nil, unread):
    content = make_content(*values, unit=unit, period=period, form=form, nil=nil)
    checked, faults = check(content, unread)
    assert checked is None or not faults
    if checked is not None:
        assert len(checked.covers) == len(values)
        assert all(covers >= 1 for covers in checked.covers)
    for fault in faults:
        top, *rest = fault.pointer.split("/")[1:]
        assert top in {"period", "form", "unit", "nil", "observations"}
        if rest:
            assert int(rest[0]) < len(values)


# Expected units


@pytest.mark.parametrize(
    ("code", "root", "on", "expected"),
    [
        ("poor", "62", "2023-12-31", 102),
        ("poor", "610", "2023-12-31", 12),
        ("poor", "23341", "2023-12-31", 1),
        ("criterion_a", "62", "2023-12-31", 85),
        ("criterion_a", "608", "2023-12-31", 11),
        ("jobs", "62", "2023-12-31", 10),
        ("jobs", "610", "2023-12-31", 1),
        ("jobs", "23341", "2023-12-31", 0),
        ("poor", "51", "2025-12-31", 40),
        ("criterion_a", "51", "2025-12-31", 37),
        ("jobs", "51", "2025-12-31", 40),
        ("jobs", "23293", "2025-12-31", 1),
    ],
)
def test_the_units_expected_to_state_an_indicator(code, root, on, expected):
    indicator = CATALOGUE.indicators[code][-1]
    units = find_expected_units(MAP, root, indicator, date.fromisoformat(on))
    assert len(units) == len(set(units)) == expected


# The hash


SPELLINGS = [("5", "5.0"), ("5", "5.000000"), ("0", "-0"), ("0", "0.00"), ("1000", "1E+3"), ("0.1", "0.10")]


@pytest.mark.parametrize(("canonical", "other"), SPELLINGS)
def test_a_number_has_one_canonical_text(canonical, other):
    assert to_canonical_text(Decimal(canonical)) == to_canonical_text(Decimal(other)) == canonical


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_the_canonical_text_is_the_number(value):
    assert Decimal(to_canonical_text(value)) == value
    assert "E" not in to_canonical_text(value)


VALUE_LISTS = st.lists(
    st.tuples(
        st.sampled_from(["23341", "23344"]),
        st.sampled_from(["poor", "households", "herd"]),
        st.decimals(min_value=0, max_value=99, places=2),
        st.sampled_from(STATUSES),
    ),
    unique_by=lambda value: value[:2],
)


@given(VALUE_LISTS, st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_or_the_spelling_of_values(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    content = replace(make_content(), values=tuple(StatedValue(*row) for row in rows))
    same = replace(
        make_content(), values=tuple(StatedValue(u, i, v.normalize(), s) for u, i, v, s in shuffled)
    )
    assert hash_content(content) == hash_content(same)


@given(VALUE_LISTS, VALUE_LISTS)
def test_other_values_have_another_hash(rows, other_rows):
    content, other = (
        replace(make_content(), values=tuple(StatedValue(*row) for row in each_rows))
        for each_rows in (rows, other_rows)
    )
    assert (hash_content(content) == hash_content(other)) == (set(rows) == set(other_rows))


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "611"},
        {"period": "2022"},
        {"form": "other"},
        {"nil": True},
        {"note": "x"},
        {"document": {"number": "1"}},
        {"evidence": ({"sha256": "0" * 64, "kind": "photo"},)},
    ],
)
def test_every_other_field_is_in_the_hash(change):
    assert hash_content(make_content(VALUE)) != hash_content(replace(make_content(VALUE), **change))


def test_the_hash_is_of_a_text_that_anyone_can_write():
    values = (
        StatedValue("23344", "poor", Decimal(7), "estimate"),
        StatedValue("23341", "rain", Decimal("-0.50"), "preliminary"),
        StatedValue("23341", "households", Decimal("1E+3"), "official"),
        StatedValue("23341", "goats", Decimal(3), "official", derived=True),
    )
    content = ReportContent(
        unit="610",
        period="2023-Q2",
        form="census",
        values=values,
        ordinals=range(4),
        note='Xã Đắk Glei: "0\\1" / 😀\x00\x01\n\x7f',
        document={"signer_role": "chairman", "number": "123/BC-UBND", "signed_on": "2023-12-14"},
        evidence=({"sha256": "0" * 64, "kind": "photo"},),
    )
    text = (
        '["610","2023-Q2","census",[["23341","goats","3","official"],["23341","households","1000","official"],'
        '["23341","rain","-0.5","preliminary"],["23344","poor","7","estimate"]],false,'
        r'"Xã Đắk Glei: \"0\\1\" / 😀\u0000\u0001\n' + '\x7f",'
        '{"number":"123/BC-UBND","signed_on":"2023-12-14","signer_role":"chairman"},'
        '[{"kind":"photo","sha256":"' + "0" * 64 + '"}]]'
    )
    assert hash_content(content) == hashlib.sha256(text.encode()).hexdigest()
    assert hash_content(content) == "577ee6c587d979c503cdbeb2f493f983ed9a2ed60fee23f3396bf3521509146f"
    nothing = ReportContent("610", "2023", "census", (), range(0), nil=True)
    assert hash_content(nothing) == "5e941a0af57ddb6edc53b445bb7aea93e2e060539801b2cf65754e119750fbac"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_hashed_text_escapes_only_what_json_requires(note):
    text = json.dumps(
        ["610", "2023", "census", [], False, note, None, []], ensure_ascii=False, separators=(",", ":")
    )
    assert hash_content(make_content(note=note)) == hashlib.sha256(text.encode()).hexdigest()


@given(st.sampled_from(["rural", "poverty", "ethnic"]), st.uuids())
def test_a_receipt_code_can_be_read_aloud(program, report_id):
    code = make_receipt_code(program, report_id)
    initial, *groups = code.split("-")
    assert initial == program[0].upper()
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert set("".join(groups)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert make_receipt_code(program, report_id) == code
