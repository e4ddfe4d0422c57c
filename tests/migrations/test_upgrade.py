"""A database of v0.1.0 is migrated to the present schema: nothing is lost, and the services work on it."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from migrations.owners import OWNERS
from migrations.roles import create_roles
from migrations.run import migrate
from shared.local.postgres_programs import find_programs
from tests.contracts.documents import build_app
from tests.issuer import Issuer
from tests.postgres import PASSWORDS, Server, TestDatabase
from tests.territory.shipped import read_country_successions, read_country_units

DATA = Path(__file__).parent / "data"
ANSWERS: Mapping[str, list[dict[str, object]]] = json.loads(
    (DATA / "v0_1_0.json").read_text(encoding="utf-8")
)
"""What v0.1.0 answered, by address."""

COLUMNS = """
    SELECT format('%I.%I', nspname, relname), attname, format_type(atttypid, atttypmod)
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = ANY($1) AND relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped
    ORDER BY 1, attnum"""
VERSION_TABLE = ".alembic_version_"
OWNERS_OF_V0_1_0 = ("rural", "poverty", "ethnic", "funding", "gateway")

Columns = dict[tuple[str, str], str]
"""The type of each column, by table and name."""


@dataclass(frozen=True)
class Contents:
    """The columns of every table, and how many rows each table holds."""

    columns: Columns
    rows: dict[str, int]
    units: dict[str, set[tuple[object, ...]]]
    """The units and successions of each schema, in the columns of v0.1.0."""


@dataclass(frozen=True)
class Upgrade:
    """A database of v0.1.0 after its migration, with its contents before and after."""

    database: TestDatabase
    before: Contents
    after: Contents


async def read_contents(database: TestDatabase) -> Contents:
    connection = await asyncpg.connect(database.admin_url)
    try:
        columns: Columns = {
            (table, column): kind for table, column, kind in await connection.fetch(COLUMNS, [*OWNERS])
        }
        tables = sorted({table for table, _ in columns})
        rows = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
        units = {owner: await read_units(connection, owner) for owner in OWNERS_OF_V0_1_0}
    finally:
        await connection.close()
    return Contents(columns, rows, units)


async def read_units(connection: asyncpg.Connection, owner: str) -> set[tuple[object, ...]]:
    rows = await connection.fetch(
        f"""SELECT code, valid_from, valid_to, level, kind, name, name_en, parent, lat, lon, min_lat, min_lon,
                   max_lat, max_lon, area_km2, border, confidence FROM {owner}.units"""
    )
    links = await connection.fetch(
        f"""SELECT predecessor, predecessor_valid_from, successor, successor_valid_from, effective_on, kind, weight
            FROM {owner}.unit_successions"""
    )
    return {tuple(row) for row in (*rows, *links)}


async def make_database(database: TestDatabase) -> None:
    """Make the roles that the dump's tables belong to, and an empty database."""
    admin = await asyncpg.connect(database.server)
    try:
        await create_roles(admin, PASSWORDS, database=database.name)
    finally:
        await admin.close()


def restore(database: TestDatabase) -> None:
    asyncio.run(make_database(database))
    command = [str(find_programs() / "pg_restore"), "--exit-on-error", "--single-transaction"]
    subprocess.run([*command, f"--dbname={database.admin_url}", str(DATA / "v0_1_0.dump")], check=True)


SPELLED_OTHERWISE = """
    INSERT INTO rural.recognitions
    SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),
        'decision_number', upper(decision_number) || ' '))).* FROM rural.recognitions r;
    INSERT INTO rural.ocop_evaluations
    SELECT (jsonb_populate_record(o::rural.ocop_evaluations, jsonb_build_object('id', gen_random_uuid(), 'code', spelling,
        'decision_date', '2016-05-04'))).*
    FROM (SELECT o FROM rural.ocop_evaluations o LIMIT 1) AS product (o), unnest(ARRAY['KT-Sam.01', 'kt-SAM.01']) AS spelling;
    INSERT INTO ethnic.classifications
    SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
        'decision_number', lower(decision_number) || ' '))).* FROM ethnic.classifications c;
    INSERT INTO funding.vouchers
    SELECT book, lower(source) || ' ', number || chr(8203), entry_id FROM funding.vouchers ORDER BY number LIMIT 5;
"""
"""Decisions, a product and vouchers that are recorded twice, spelled in two ways, as v0.1.0 let them be."""


async def record_twice(database: TestDatabase) -> None:
    """Record rows of the registers twice, which v0.1.0 did not refuse."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(SPELLED_OTHERWISE)
    finally:
        await connection.close()


async def upgrade(database: TestDatabase) -> Upgrade:
    before = await read_contents(database)
    await migrate(database.server, passwords=PASSWORDS, database=database.name)
    return Upgrade(database, before, await read_contents(database))


@pytest.fixture(scope="module")
def upgraded(postgres_server: Server) -> Iterator[Upgrade]:
    database = TestDatabase(name=f"ntp_test_upgrade_{secrets.token_hex(4)}", server=postgres_server.url)
    try:
        restore(database)
        asyncio.run(record_twice(database))
        yield asyncio.run(upgrade(database))
    finally:
        postgres_server.drop(database)


def test_the_dump_holds_what_v0_1_0_kept(upgraded: Upgrade) -> None:
    reports = {owner: upgraded.before.rows[f"{owner}.reports"] for owner in ("rural", "poverty", "ethnic")}
    assert reports == {"rural": 10, "poverty": 27, "ethnic": 10}
    assert upgraded.before.rows["funding.entries"] == 483
    assert upgraded.before.rows["gateway.clients"] == 19


def test_every_table_and_column_is_kept(upgraded: Upgrade) -> None:
    assert upgraded.before.columns.items() - upgraded.after.columns.items() == set()


def test_every_row_is_kept(upgraded: Upgrade) -> None:
    counts = {
        table: count
        for table, count in upgraded.before.rows.items()
        if VERSION_TABLE not in table and not table.endswith((".units", ".unit_successions"))
    }
    assert {table: upgraded.after.rows.get(table) for table in counts} == counts


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("rural.recognitions", "decision_key"),
        ("rural.ocop_evaluations", "code_key"),
        ("ethnic.classifications", "decision_key"),
        ("funding.vouchers", "key"),
    ],
)
async def test_rows_that_collide_are_both_kept(upgraded: Upgrade, table: str, key: str) -> None:
    connection = await asyncpg.connect(upgraded.database.admin_url)
    keys = [row[key] for row in await connection.fetch(f"SELECT {key} FROM {table}")]
    await connection.close()
    numbered = [text for text in keys if text.endswith(" #2")]
    assert len(keys) == upgraded.before.rows[table]
    assert len(numbered) == {"code_key": 1, "key": 5}.get(key, len(keys) / 2)
    assert {text.removesuffix(" #2") for text in numbered} <= set(keys)


@pytest.mark.parametrize("owner", OWNERS_OF_V0_1_0)
def test_every_unit_is_kept_and_those_of_the_country_are_added(upgraded: Upgrade, owner: Any) -> None:
    before, after = upgraded.before.units[owner], upgraded.after.units[owner]
    villages = upgraded.before.rows[f"{owner}.units"] - 155
    assert len(before) == 155 + 114 + villages
    assert before <= after
    assert len(after - before) == len(read_country_units()) + len(read_country_successions())


@asynccontextmanager
async def service(upgraded: Upgrade, name: str) -> AsyncIterator[Any]:
    """Start a service on the migrated database, as its own role."""
    issuer = Issuer()
    app = issuer.trust(build_app(name, NTP_DATABASE_URL=upgraded.database.url(name)))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client,
    ):
        scopes = ("report", "read", "funding", "admin")
        token = issuer.token("upgrade", scopes, units=("62",))
        client.headers.update({"Authorization": f"Bearer {token}", "Idempotency-Key": "upgrade-1"})
        yield client


def select_expected(answer: Mapping[str, Any], expected: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return what an answer states of the expected figures, in the keys of v0.1.0, where the total was a row.

    Later figures may be added.
    """
    members = [*answer["rows"], answer["total"]] if "rows" in answer else answer["figures"]
    if "figures" in answer:
        codes = [figure["indicator"] for figure in expected]
        members = [figure for figure in members if figure["indicator"] in codes]
    return [{key: member[key] for key in earlier} for member, earlier in zip(members, expected, strict=True)]


@pytest.mark.parametrize("name", ["rural", "poverty", "ethnic", "funding"])
async def test_figures_are_what_v0_1_0_answered(upgraded: Upgrade, name: str) -> None:
    addresses = [address for address in ANSWERS if address.startswith(f"/v1/{name}/")]
    assert addresses
    async with service(upgraded, name) as client:
        for address in addresses:
            response = await client.get(address)
            assert response.status_code == 200, response.text
            assert select_expected(response.json(), ANSWERS[address]) == ANSWERS[address], address


async def test_a_report_can_be_posted(upgraded: Upgrade) -> None:
    body = {"unit": "616", "period": "2024", "form": "annual_results", "observations": [], "nil": True}
    async with service(upgraded, "poverty") as client:
        response = await client.post("/v1/poverty/reports", json=body)
    assert response.status_code == 201, response.text


async def test_reports_keep_their_states(upgraded: Upgrade) -> None:
    async with service(upgraded, "poverty") as client:
        response = await client.get("/v1/poverty/reports", params={"period": "2024"})
        states = sorted(report["state"] for report in response.json()["items"] if report["unit"] != "616")
    assert states == ["accepted", "accepted", "returned", "submitted", "submitted", "superseded", "withdrawn"]


async def test_money_that_was_left_can_be_spent_and_no_more(upgraded: Upgrade) -> None:
    line = {"year": 2025, "program": "poverty", "capital": "investment", "source": "central", "unit": "610"}
    async with service(upgraded, "funding") as client:
        for amount, status, number in ((2_000_000_001, 409, "U-1"), (2_000_000_000, 201, "U-2")):
            body = {**line, "amount_vnd": amount, "effective_on": "2025-06-30"}
            response = await client.post(
                "/v1/funding/commitments",
                json={**body, "voucher": {"source": "KBNN Kon Tum", "number": number}},
                headers={"Idempotency-Key": number},
            )
            assert response.status_code == status, response.text


def test_the_journal_is_still_whole(upgraded: Upgrade) -> None:
    verified = subprocess.run(
        [sys.executable, "-m", "services.funding.journal"],
        env={**os.environ, "NTP_DATABASE_URL": upgraded.database.url("funding")},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_the_gateway_makes_new_keys_and_knows_its_clients(upgraded: Upgrade) -> None:
    async with service(upgraded, "gateway") as client:
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        clients = (await client.get("/v1/clients", params={"limit": 100})).json()["items"]
    assert keys
    assert {"admin", "district-610", "reviewer-poverty", "finance"} <= {
        registered["client_id"] for registered in clients
    }
