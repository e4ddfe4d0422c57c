"""Where the past lies on another day's map, in SQL: the same as the tree says."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from shared.territory.store import load_tree
from shared.territory.succession_queries import unit_versions_within
from shared.territory.units import SplitWithoutWeight

EARLY, BEFORE, AFTER = date(2010, 1, 1), date(2023, 12, 31), date(2025, 7, 1)
DAYS = (EARLY, BEFORE, AFTER)


@pytest.fixture
async def session(common_database):
    engine = create_async_engine(common_database.url("rural"), poolclass=NullPool)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


async def read_versions_within(session, codes, on, *, adds):
    lands = unit_versions_within(codes, on, adds=adds)
    rows = (await session.execute(select(lands.c.code, lands.c.valid_from, lands.c.unit_of_day))).all()
    return sorted((code, valid_from, unit_of_day) for code, valid_from, unit_of_day in rows)


def find_shares(territory, unit, on):
    """Return the shares of a unit on the later map; none where it was divided without weights."""
    try:
        return territory.map_onto(unit.code, on, AFTER)
    except SplitWithoutWeight:
        return ()


async def test_what_adds_goes_wherever_the_tree_puts_it(session):
    territory = await load_tree(session)
    expected = {
        (*unit.key, share.unit.code)
        for on in DAYS
        for unit in territory.units(on)
        for share in find_shares(territory, unit, on)
    }
    standing = [unit.code for unit in territory.units(AFTER)]
    assert await read_versions_within(session, standing, AFTER, adds=True) == sorted(expected)


async def test_what_does_not_add_stays_with_the_same_land(session):
    territory = await load_tree(session)
    expected = {
        (*unit.key, share.unit.code)
        for on in DAYS
        for unit in territory.units(on)
        for share in find_shares(territory, unit, on)
        if share.unchanged
    }
    standing = [unit.code for unit in territory.units(AFTER)]
    assert await read_versions_within(session, standing, AFTER, adds=False) == sorted(expected)


async def test_on_an_own_day_everything_is_where_it_was(session):
    territory = await load_tree(session)
    units = list(territory.units(BEFORE))
    for adds in (True, False):
        lands = await read_versions_within(session, [unit.code for unit in units], BEFORE, adds=adds)
        assert {(code, place) for code, _, place in lands} == {(unit.code, unit.code) for unit in units}
