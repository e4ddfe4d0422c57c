"""In which commune a village lies on a day: after a merger, a division, and on days before."""

from datetime import date

from shared.territory.tree import Territory
from shared.territory.units import Succession, SuccessionKind, Unit
from shared.territory.villages.rules import find_commune_keys, find_communes_of_village

START, END, REFORM = date(2010, 1, 1), date(2025, 6, 30), date(2025, 7, 1)


def commune(code, since=START, until=None):
    return Unit(code, "commune", "xa", f"Xã {code}", "99", since, until)


def village(code):
    return Unit(code, "village", "thon", "Thôn 1", code[:5], date(2020, 1, 1))


def link(code, successor, kind: SuccessionKind):
    return Succession(code, START, successor, REFORM, REFORM, kind)


TREE = Territory(
    [
        Unit("99", "province", "tinh", "Thử", None, START),
        *(commune(code, START, END) for code in ("10001", "10002", "10003")),
        commune("10004"),
        commune("10001", REFORM),
        commune("10005", REFORM),
    ],
    [
        link("10001", "10001", "merged"),
        link("10002", "10001", "merged"),
        link("10003", "10001", "split"),
        link("10003", "10005", "split"),
    ],
)


def find_parents(code, on):
    return [(unit.code, unit.valid_from) for unit in find_communes_of_village(TREE, village(code), on)]


def test_a_village_lies_in_the_commune_that_took_over_its_land():
    assert find_parents("10002.01", date(2019, 12, 31)) == []
    assert find_parents("10002.01", END) == [("10002", START)]
    assert find_parents("10002.01", REFORM) == [("10001", REFORM)]
    assert find_parents("10003.01", REFORM) == [("10001", REFORM), ("10005", REFORM)]
    assert find_parents("10004.01", REFORM) == [("10004", START)]
    assert find_parents("10009.01", REFORM) == []


def test_a_divided_commune_lies_where_all_its_parts_do():
    first, second = TREE.unit("10001", REFORM), TREE.unit("10005", REFORM)
    merged = {("10001", REFORM), ("10001", START), ("10002", START)}
    assert find_commune_keys(TREE, [first], REFORM) == merged
    assert find_commune_keys(TREE, [second], REFORM) == {("10005", REFORM)}
    assert find_commune_keys(TREE, [first, second], REFORM) == {*merged, ("10003", START), ("10005", REFORM)}
