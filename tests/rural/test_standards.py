"""District and province standards, computed from their communes."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.rural.standards.rules import judge, read_conditions, standard_met
from tests.registers import table
from tests.rural.bodies import recognition

CONDITIONS = read_conditions()
ON = date(2023, 12, 31)
codes = st.lists(st.integers(0, 99).map(str), unique=True, max_size=12)


@given(codes, st.data())
def test_a_share_is_met_when_enough_communes_have_it(communes, data):
    held = {code: data.draw(st.sets(st.sampled_from(["meets", "advanced"]))) for code in communes}
    for it in judge(CONDITIONS, "district", ON, communes, held):
        if it.condition.level is None:
            assert it.met is None
            continue
        having = sum(it.condition.level in levels for levels in held.values())
        assert it.met == (
            bool(communes) and Decimal(having * 100) >= it.condition.least_percent * len(communes)
        )
        assert len(it.lacking) == (0 if it.met or not communes else len(communes) - having)


def test_what_nobody_can_tell_leaves_the_standard_open():
    held = {"a": {"meets", "advanced"}, "b": {"meets", "advanced"}}
    every = judge(CONDITIONS, "district", ON, list(held), held)
    assert standard_met(every) is None
    assert standard_met([it for it in every if it.met is not None]) is True
    assert standard_met(judge(CONDITIONS, "district", ON, list(held), {})) is False
    assert judge(CONDITIONS, "district", date(2020, 12, 31), list(held), held) == []
    assert standard_met([]) is None


async def test_the_districts_of_the_demo(clients):
    for row in table("rural_recognitions"):
        if row["level"] == "meets" and "." not in row["unit"]:
            await clients.kept("recognitions", recognition(row))
    said = await clients.get("standards", on="2023-12-31")
    assert len(said["items"]) == 11
    province, *districts = said["items"]
    (share,) = province["conditions"]
    assert (share["having"], share["communes"], share["needed"], share["met"]) == (42, 85, 85, False)
    assert len(share["lacking"]) == 43
    assert sum(it["conditions"][0]["having"] for it in districts) == 42
    assert all(it["conditions"][-1]["met"] is None for it in districts)
    (one,) = (await clients.get("standards", unit="615", on="2023-12-31"))["items"]
    assert one == next(it for it in districts if it["unit"] == "615")
    assert (await clients.get("standards", unit="51", on="2025-12-31"))["items"][0]["level"] == "province"
