"""The tree: invariants on made-up countries, villages, splits, and what a broken table is refused for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.territory.tree import Territory
from shared.territory.units import (
    NoCounterpartOnMap,
    SplitWithoutWeight,
    Succession,
    Unit,
    UnknownUnit,
    UnknownUnitOnDate,
    to_commune_code,
)
from tests.effort import count_calls
from tests.territory.country import REFORM, START, country
from tests.territory.shipped import read_successions, read_units, shipped_territory

BEFORE, AFTER = REFORM - timedelta(days=1), REFORM
KON_TUM = shipped_territory()


def make(*units, links=()):
    return Territory(
        [Unit("62", "province", "tinh", "Kon Tum", None, START), *units],
        [Succession(old, START, new, REFORM, REFORM, kind, weight) for old, new, kind, weight in links],
    )


def commune(code, valid_from=START, valid_to=None, parent="62"):
    return Unit(code, "commune", "xa", f"Xã {code}", parent, valid_from, valid_to)


def village(code, valid_from=START, valid_to=None):
    return Unit(code, "village", "thon", f"Thôn {code}", code[:5], valid_from, valid_to)


small_countries = st.builds(
    country,
    provinces=st.integers(1, 3),
    districts=st.integers(1, 3),
    communes=st.integers(1, 5),
    merged=st.integers(1, 3),
)


@given(small_countries, st.sampled_from([START, BEFORE, AFTER, date(2030, 1, 1)]))
@settings(max_examples=60)
def test_up_and_down_agree(rows, on):
    tree = Territory(*rows)
    units = list(tree.units(on))
    for unit in units:
        above = tree.ancestors(unit.code, on)
        assert tree.parent(unit.code, on) == (above[0] if above else None)
        assert all(unit in tree.descendants(ancestor.code, on) for ancestor in above)
        assert all(tree.is_within(unit.code, ancestor.code, on) for ancestor in (unit, *above))
        assert {other.code for other in units if tree.is_within(unit.code, other.code, on)} == {unit.code, *(ancestor.code for ancestor in above)}  # fmt: skip
        assert tree.answering_unit(unit.code, on) in (unit, *above)
        assert tree.answering_unit(unit.code, on).level in ("district", "province")
        below = tree.descendants(unit.code, on)
        assert len(below) == len(set(below))
        assert tree.communes(unit.code, on) == tuple(
            inner for inner in (unit, *below) if inner.level == "commune"
        )
        assert all(child.parent == unit.code for child in tree.children(unit.code, on))


@given(small_countries)
@settings(max_examples=60)
def test_a_merger_loses_and_doubles_nothing(rows):
    tree = Territory(*rows)
    for before in (unit for unit in tree.units(BEFORE) if unit.level == "province"):
        shares = [
            share
            for unit in tree.communes(before.code, BEFORE)
            for share in tree.map_onto(unit.code, BEFORE, AFTER)
        ]
        assert sum(share.weight for share in shares) == len(tree.communes(before.code, BEFORE))
        assert {share.unit for share in shares} == set(tree.communes(before.code, AFTER))
    for after in (unit for unit in tree.units(AFTER) if unit.level == "commune"):
        made_of = tree.predecessors(after.code, AFTER)
        assert made_of
        assert all(after in tree.successors(predecessor.code, BEFORE) for predecessor in made_of)


@given(st.sampled_from(read_units()), st.dates(date(2004, 1, 1), date(2030, 1, 1)))
def test_a_code_has_at_most_one_meaning_on_any_day(unit, on):
    meanings = [version for version in KON_TUM.versions(unit.code) if version.is_valid_on(on)]
    assert len(meanings) <= 1
    assert KON_TUM.find(unit.code, on) == (meanings[0] if meanings else None)
    if not meanings:
        with pytest.raises(UnknownUnitOnDate):
            KON_TUM.unit(unit.code, on)


@given(st.sampled_from(read_units()), st.dates(date(2005, 1, 1), date(2030, 1, 1)))
def test_on_the_map_of_its_own_day_a_unit_is_itself(unit, on):
    if unit.is_valid_on(on):
        (share,) = KON_TUM.map_onto(unit.code, on, on)
        assert (share.unit, share.weight, share.unchanged) == (unit, Decimal(1), True)


def test_a_split_without_weights_is_refused_and_with_weights_divided():
    parts = (commune("10001", START, BEFORE), commune("10002", AFTER), commune("10003", AFTER))
    unweighted = make(*parts, links=[("10001", "10002", "split", None), ("10001", "10003", "split", None)])
    with pytest.raises(SplitWithoutWeight) as refused:
        unweighted.map_onto("10001", BEFORE, AFTER)
    assert refused.value.code == "unit_split_without_weight"
    assert refused.value.successors == ("10002", "10003")
    weighted = make(
        *parts,
        links=[("10001", "10002", "split", Decimal("0.4")), ("10001", "10003", "split", Decimal("0.6"))],
    )
    shares = weighted.map_onto("10001", BEFORE, AFTER)
    assert [(share.unit.code, share.weight, share.unchanged) for share in shares] == [
        ("10002", Decimal("0.4"), False),
        ("10003", Decimal("0.6"), False),
    ]


def test_parts_that_meet_again_are_one_share():
    third = date(2027, 1, 1)
    tree = Territory(
        [
            Unit("62", "province", "tinh", "Kon Tum", None, START),
            commune("10001", START, BEFORE),
            commune("10002", AFTER, third - timedelta(days=1)),
            commune("10003", AFTER, third - timedelta(days=1)),
            commune("10004", third),
        ],
        [
            Succession("10001", START, "10002", AFTER, AFTER, "split", Decimal("0.25")),
            Succession("10001", START, "10003", AFTER, AFTER, "split", Decimal("0.75")),
            Succession("10002", AFTER, "10004", third, third, "merged"),
            Succession("10003", AFTER, "10004", third, third, "merged"),
        ],
    )
    (share,) = tree.map_onto("10001", BEFORE, third)
    assert (share.unit.code, share.weight, share.unchanged) == ("10004", Decimal(1), False)


def test_a_unit_that_ended_without_a_word_is_not_placed():
    tree = make(commune("10001", START, BEFORE))
    with pytest.raises(NoCounterpartOnMap):
        tree.map_onto("10001", BEFORE, AFTER)


def test_villages_hang_on_their_commune():
    tree = KON_TUM.with_units([village("23512.01", date(2022, 1, 1)), village("23512.02", date(2022, 1, 1))])
    on = date(2023, 12, 31)
    assert to_commune_code("23512.01") == "23512"
    assert to_commune_code("23512") is to_commune_code("23512.1") is None
    assert [unit.code for unit in tree.children("23512", on)] == ["23512.01", "23512.02"]
    assert [unit.code for unit in tree.ancestors("23512.01", on)] == ["23512", "615", "62"]
    assert tree.answering_unit("23512.01", on).code == "615"
    assert tree.is_within("23512.01", "615", on)
    assert len(tree.communes("62", on)) == 102
    assert tree.communes("23512.01", on) == ()
    with pytest.raises(UnknownUnit):
        KON_TUM.unit("23512.01", on)


def test_a_village_ends_with_its_communes_meaning_and_lies_where_that_commune_went():
    tree = KON_TUM.with_units([village("23509.01", date(2022, 1, 1)), village("23368.01", date(2022, 1, 1))])
    assert tree.unit("23509.01", date(2023, 1, 1)).valid_to == date(2025, 6, 30)
    (share,) = tree.map_onto("23509.01", date(2023, 1, 1), AFTER)
    assert (share.unit.code, share.unchanged) == ("23510", False)
    assert tree.unit("23368.01", AFTER).valid_to is None


def test_a_village_goes_on_where_its_commune_only_changed_its_name():
    tree = KON_TUM.with_units([village("23473.01", date(2018, 1, 1))])
    assert tree.unit("23473.01", date(2023, 1, 1)).valid_to == date(2025, 6, 30)


def test_rights_of_a_root_that_did_not_stand():
    assert not KON_TUM.is_within("23341", "610", AFTER)
    assert not KON_TUM.is_within("23341", "62", AFTER)
    assert KON_TUM.is_within("23341", "51", AFTER)
    assert not KON_TUM.is_within("23341", "nowhere", AFTER)


@pytest.mark.parametrize(
    ("units", "links", "message"),
    [
        ([commune("10001"), commune("10001", AFTER)], [], "names two units"),
        ([commune("10001", parent="61")], [], "outlives its parent"),
        ([village("10001.01")], [], "outlives its parent"),
        ([commune("10001", START, BEFORE)], [("10001", "10002", "merged", None)], "unknown unit"),
        (
            [commune("10001", START, BEFORE), commune("10002", AFTER), commune("10003", AFTER)],
            [("10001", "10002", "split", Decimal("0.5")), ("10001", "10003", "split", Decimal("0.4"))],
            "do not add up to 1",
        ),
    ],
)
def test_a_broken_table_is_refused(units, links, message):
    with pytest.raises(ValueError, match=message):
        make(*units, links=links)


def test_a_child_may_live_through_several_meanings_of_its_parent():
    tree = Territory(
        [
            Unit("62", "province", "tinh", "A", None, START, BEFORE),
            Unit("62", "province", "tinh", "B", None, AFTER),
            commune("10001"),
        ]
    )
    parents = [tree.parent("10001", on) for on in (BEFORE, AFTER)]
    assert [parent and parent.name for parent in parents] == ["A", "B"]


def test_the_whole_country_is_loaded_and_read_with_few_calls_for_each_unit():
    """Twice what it takes: 10,000 communes are loaded in a tenth of a second, and a question takes ten microseconds."""
    units, successions = country(provinces=63, districts=11, communes=15, merged=3)
    assert sum(unit.level == "commune" and unit.is_valid_on(BEFORE) for unit in units) > 10_000
    with count_calls() as loading:
        tree = Territory(units, successions)
    assert loading.calls < 40 * len(units)
    communes = [unit for unit in tree.units(BEFORE) if unit.level == "commune"]
    with count_calls() as finding:
        for unit in communes:
            tree.is_within(unit.code, "01", BEFORE)
    assert finding.calls < 30 * len(communes)
    with count_calls() as mapping:
        for unit in communes:
            tree.map_onto(unit.code, BEFORE, AFTER)
    assert mapping.calls < 50 * len(communes)


def test_the_shipped_successions_are_the_ones_of_the_shipped_units():
    assert {row.predecessor for row in read_successions()} <= {unit.code for unit in read_units()}
