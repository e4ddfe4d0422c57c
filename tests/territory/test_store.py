"""Units in PostgreSQL: what the migration planted is what was shipped, and what the tables refuse."""

from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Database
from shared.territory import store
from shared.territory.models import UnitRow
from shared.territory.tree import Territory
from shared.territory.units import Box, Unit, UnknownUnit
from tests.territory.country import REFORM, START, country
from tests.territory.shipped import (
    country_territory,
    read_country_successions,
    read_country_units,
    read_spellings,
    read_successions,
    read_units,
    shipped_territory,
)
from tests.territory.test_shipped import NOW, THEN

pytestmark = pytest.mark.anyio
KON_TUM = shipped_territory()

VILLAGE = Unit(
    "23512.01", "village", "thon", "Thôn 1", "23512", THEN.replace(month=1, day=1), bbox=Box(14, 107, 15, 108)
)
"""Valid from 2023-01-31; the box makes the round trip."""


@pytest.fixture
async def session(common_database):
    kept = Database(common_database.url("rural"))
    async with AsyncSession(kept.engine) as session:
        yield session
        await session.rollback()
    await kept.close()


async def test_what_was_planted_is_what_was_shipped(session):
    territory = await store.load_tree(session)
    shipped = country_territory()
    for unit in (*read_units(), *read_country_units()):
        assert territory.versions(unit.code) == shipped.versions(unit.code) or unit.code == "51"
    assert [version.valid_from for version in territory.versions("51")] == [START, NOW]
    assert [share.unit for share in territory.map_onto("23281", THEN, NOW)] == [KON_TUM.unit("23293", NOW)]
    counts = await session.execute(
        text("SELECT (SELECT count(*) FROM unit_successions), (SELECT count(*) FROM unit_aliases)")
    )
    successions = (*read_successions(), *read_country_successions())
    assert counts.one() == (len(successions), len(read_spellings()))


async def test_the_first_release_is_kept_as_it_was_but_for_the_source_of_the_province(session):
    territory = await store.load_tree(session)
    for unit in read_units():
        (kept,) = (version for version in territory.versions(unit.code) if version.key == unit.key)
        assert kept == (unit if unit.key != ("51", NOW) else replace(unit, source="NQ 202/2025/QH15"))


async def test_without_geography_the_tree_is_the_same(session):
    with_geography, without = await store.load_tree(session), await store.load_tree(session, geography=False)
    for on in (THEN, NOW):
        assert [unit.key for unit in without.units(on)] == [unit.key for unit in with_geography.units(on)]
        assert without.unit("62" if on == THEN else "51", on).lat is None
    assert without.map_onto("610", THEN, NOW)[0].unit.key == ("51", NOW)


async def test_names_are_looked_up_with_the_planted_spellings(session):
    territory = await store.load_tree(session)
    names = await store.load_gazetteer(session, territory)
    assert names.find_unit("Bờ Y", "xa", "611", THEN).code == "23395"


async def test_villages_are_registered_and_left_out_unless_asked_for(session):
    await store.insert_units(session, [VILLAGE])
    without, with_them = await store.load_tree(session), await store.load_tree(session, villages=True)
    with pytest.raises(UnknownUnit):
        without.unit("23512.01", THEN)
    found = with_them.unit("23512.01", THEN)
    assert (found.name, found.bbox, found.valid_to) == (
        "Thôn 1",
        VILLAGE.bbox,
        KON_TUM.unit("23512", THEN).valid_to,
    )
    assert await store.find_villages(session, ["23512.01", "23512.02", "23512"]) == (VILLAGE,)
    assert await store.find_villages_in(session, ["23512"]) == (VILLAGE,)
    assert without.with_units([VILLAGE]).unit("23512.01", THEN) == found


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"code": "2351201"}, "ck_units_code_shape"),
        ({"code": "23512.1"}, "ck_units_code_shape"),
        ({"level": "hamlet"}, "ck_units_code_shape"),
        ({"kind": "xa"}, "ck_units_kind_of_level"),
        ({"parent": "23509"}, "ck_units_parent_of_level"),
        ({"parent": None}, "ck_units_parent_of_level"),
        ({"valid_to": START}, "ck_units_days"),
        ({"name": ""}, "ck_units_named"),
        ({"lat": 14.0}, "ck_units_centre"),
        ({"min_lat": 16.0}, "ck_units_box"),
    ],
)
async def test_the_table_refuses_what_is_no_unit(session, change, constraint):
    row = {**store.to_unit_row(VILLAGE), **change}
    with pytest.raises(DBAPIError) as refused:
        await session.execute(insert(UnitRow), row)
    assert constraint in str(refused.value)


async def test_a_code_stands_for_one_unit_only(session):
    await store.insert_units(session, [VILLAGE])
    with pytest.raises(DBAPIError, match="uq_units_standing"):
        await store.insert_units(session, [Unit("23512.01", "village", "thon", "Thôn 2", "23512", THEN)])


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("kind = 'renamed'", "ck_unit_successions_kind"),
        ("kind = 'abolished'", "ck_unit_successions_successor_unless_abolished"),
        ("weight = 0.5", "ck_unit_successions_weight_of_split"),
        ("kind = 'split', weight = 1.5", "ck_unit_successions_weight_of_split"),
        ("effective_on = predecessor_valid_from", "ck_unit_successions_"),
        ("successor = '99999'", "fk_unit_successions_successor_successor_valid_from"),
        ("predecessor = '99999'", "fk_unit_successions_predecessor_predecessor_valid_from"),
    ],
)
async def test_the_table_refuses_what_is_no_succession(common_database, change, constraint):
    admin = await asyncpg.connect(common_database.admin_url)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
            await admin.execute(f"UPDATE rural.unit_successions SET {change} WHERE predecessor = '23281'")
    finally:
        await admin.close()
    assert refused.value.constraint_name.startswith(constraint)


@pytest.mark.parametrize("owner", ["rural", "poverty", "ethnic", "funding", "gateway"])
async def test_a_service_reads_its_units_and_changes_none(common_database, owner):
    kept = Database(common_database.url(owner))
    async with kept.engine.connect() as connection:
        units = (*read_units(), *read_country_units())
        assert (await connection.execute(text("SELECT count(*) FROM units"))).scalar_one() == len(units)
        for statement in (
            "UPDATE units SET name = name",
            "DELETE FROM units",
            "DELETE FROM unit_successions",
            "DELETE FROM map_versions",
            "INSERT INTO unit_aliases SELECT * FROM unit_aliases",
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(statement))
            await connection.rollback()
    await kept.close()


async def test_the_rows_of_a_whole_country_fit_the_tables(session):
    units, successions = country(provinces=3, districts=2, communes=4, merged=3)
    assert Territory(units, successions).communes("01", REFORM)
    planted = (await store.load_tree(session))._versions
    fresh = [unit for unit in units if unit.code not in planted]
    assert fresh
    await store.insert_units(session, fresh)
