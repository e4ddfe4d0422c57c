"""Tables of facts by days of validity."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reporting.dated import Dated, dated, in_force, read_tables, refuse_two_at_once, sentence

days = st.dates(date(2020, 1, 1), date(2020, 3, 1))
spans = st.tuples(days, st.none() | days).filter(lambda it: it[1] is None or it[0] <= it[1])


def rule(span):
    return Dated("QĐ", "sourced", *span)


@given(st.lists(spans, max_size=4))
def test_two_rows_at_once_are_refused_and_no_others(found):
    rules = [rule(span) for span in found]
    last = date(2020, 3, 2)
    every_day = [date.fromordinal(at) for at in range(date(2020, 1, 1).toordinal(), last.toordinal() + 1)]
    at_once = any(len(in_force(rules, day)) > 1 for day in every_day)
    if at_once:
        with pytest.raises(ValueError, match="two rows at once for one case"):
            refuse_two_at_once(rules, lambda _: "one case")
    else:
        refuse_two_at_once(rules, lambda _: "one case")
    refuse_two_at_once(rules, id)


def test_a_table_is_read_from_its_file(tmp_path):
    path = tmp_path / "table.toml"
    path.write_text(
        'rule = [{label = {vi = "mức", en = "line"}, legal_basis = "QĐ", confidence = "unsure", valid_from = 2020-01-01}]',
        encoding="utf-8",
    )
    (row,) = read_tables(path)["rule"]
    assert Dated(**dated(row)) == Dated("QĐ", "unsure", date(2020, 1, 1), None)
    assert sentence(row) == ("mức", "line")
