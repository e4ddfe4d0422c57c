"""The migration job: what it creates, the privileges afterwards, and what a second run does."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from migrations.__main__ import main
from migrations.owners import OWNERS
from migrations.roles import make_scram_verifier
from migrations.run import HistoryError, migrate
from shared.local.postgres import EmbeddedPostgres
from tests.postgres import PASSWORDS, Server, TestDatabase, free_port

REVISION = """
import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant, runner, yearly_partitions

revision = "{history}_0001"
down_revision = None


def upgrade():
    op.create_table(
        "{history}_facts",
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False, server_default=runner()),
        postgresql_partition_by="RANGE (year)",
    )
    yearly_partitions("{history}_facts", 2016, 2036)
    grant("SELECT, INSERT", "{history}_facts")
"""


@pytest.fixture
def empty(postgres_server: Server) -> Iterator[TestDatabase]:
    """A database that does not exist yet."""
    database = postgres_server.reserve()
    yield database
    postgres_server.drop(database)


@pytest.fixture
def histories(tmp_path: Path) -> Path:
    """Two small histories, one of them shared by all owners."""
    for history in ("kit", "rural"):
        (tmp_path / history).mkdir()
        (tmp_path / history / "0001_facts.py").write_text(REVISION.format(history=history))
    return tmp_path


async def fetch(url: str, statement: str, *values: Any) -> Any:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def run(database: TestDatabase, histories: Path, **options: Any) -> Any:
    return await migrate(
        database.server, passwords=PASSWORDS, database=database.name, histories=histories, **options
    )


async def test_each_history_is_applied_in_every_schema_that_needs_it(
    empty: TestDatabase, histories: Path
) -> None:
    applied = await run(empty, histories)
    assert applied == [
        ("rural", "kit", "kit_0001"),
        ("rural", "rural", "rural_0001"),
        *(
            (owner, "kit", "kit_0001")
            for owner in ("poverty", "ethnic", "funding", "oversight", "papers", "gateway")
        ),
    ]
    for owner in OWNERS:
        await fetch(empty.url(owner), "INSERT INTO kit_facts (year) VALUES (2023), (1999)")
        rows = await fetch(
            empty.url(owner), "SELECT who, tableoid::regclass::text FROM kit_facts ORDER BY year"
        )
        assert [tuple(row) for row in rows] == [(owner, "kit_facts_default"), (owner, "kit_facts_2023")]
        [[version]] = await fetch(empty.url(owner), "SELECT version_num FROM alembic_version_kit")
        assert version == "kit_0001"


async def test_the_second_run_applies_nothing(empty: TestDatabase, histories: Path) -> None:
    await run(empty, histories)
    assert await run(empty, histories) == []


async def test_two_jobs_at_once_apply_each_history_once(empty: TestDatabase, histories: Path) -> None:
    applied = await asyncio.gather(run(empty, histories), run(empty, histories))
    assert sorted(map(len, applied)) == [0, 8]


async def test_a_job_that_waits_too_long_for_another_fails_with_a_message(
    empty: TestDatabase, histories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrations.run.JOB_LOCK_TIMEOUT", "100ms")
    holder = await asyncpg.connect(empty.server)
    try:
        await holder.execute("SELECT pg_advisory_lock($1)", 0x4E54_5000)
        with pytest.raises(HistoryError, match="another migration"):
            await run(empty, histories)
    finally:
        await holder.close()


async def test_a_revision_that_fails_is_rolled_back(empty: TestDatabase, histories: Path) -> None:
    broken = (histories / "rural" / "0001_facts.py").read_text()
    (histories / "rural" / "0001_facts.py").write_text(f"{broken}    op.execute('SELECT 1 / 0')\n")
    with pytest.raises(Exception, match="division by zero"):
        await run(empty, histories)
    [[table]] = await fetch(empty.admin_url, "SELECT to_regclass('rural.rural_facts')::text")
    assert table is None
    (histories / "rural" / "0001_facts.py").write_text(broken)
    assert ("rural", "rural", "rural_0001") in await run(empty, histories)


async def test_beside_running_processes_a_revision_must_work_with_their_code(
    empty: TestDatabase, histories: Path
) -> None:
    await run(empty, histories, beside_running=True)
    following = histories / "rural" / "0002_more.py"
    lines = [
        "from alembic import op",
        'revision, down_revision = "rural_0002", "rural_0001"',
        "def upgrade(): op.execute('ALTER TABLE rural_facts ADD COLUMN note text')",
    ]
    following.write_text("\n".join(lines))
    with pytest.raises(
        HistoryError, match="rural is at rural_0001, and its code does not work with rural_0002"
    ):
        await run(empty, histories, beside_running=True)
    following.write_text("\n".join([*lines, 'compatible_from = "rural_0001"']))
    assert await run(empty, histories, beside_running=True) == [("rural", "rural", "rural_0002")]


async def test_only_the_named_owners_are_migrated(empty: TestDatabase, histories: Path) -> None:
    assert await run(empty, histories, owners=("funding",)) == [("funding", "kit", "kit_0001")]
    rows = await fetch(
        empty.admin_url, "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)", list(OWNERS)
    )
    assert [row[0] for row in rows] == ["funding"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM poverty.answered_requests",
        "CREATE TABLE mine (one int)",
        "CREATE TABLE public.mine (one int)",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (one int)",
        "DROP TABLE answered_requests",
        "UPDATE changes SET type = 'x'",
        "DELETE FROM changes",
        "TRUNCATE changes",
        "SET ROLE rural_owner",
        "DELETE FROM alembic_version_kit",
    ],
)
async def test_a_service_role_may_not(database: TestDatabase, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(database.url("rural"), statement)


async def test_a_service_role_connects_to_its_own_schema(database: TestDatabase) -> None:
    for owner in OWNERS:
        [[path]] = await fetch(database.url(owner), "SELECT current_schemas(false)")
        assert path == [owner]


async def test_a_password_is_stored_as_scram_and_the_old_one_stops_working(
    empty: TestDatabase, histories: Path
) -> None:
    await run(empty, histories)
    assert make_scram_verifier("x").startswith("SCRAM-SHA-256$4096:")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch(empty.url("rural").replace(PASSWORDS["rural"], "guess"), "SELECT 1")


@pytest.mark.e2e
async def test_an_administrator_who_is_not_a_superuser_suffices(histories: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as name:
        Path(name).chmod(0o755)  # noqa: ASYNC240
        server = EmbeddedPostgres(
            Path(name) / "postgres", port=free_port(), password="x", settings={"fsync": "off"}
        )
        server.start()
        try:
            await fetch(server.admin_url, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD 'y'")
            administrator = server.admin_url.replace("postgres:x@", "administrator:y@")
            assert len(await migrate(administrator, passwords=PASSWORDS, histories=histories)) == 8
            assert await migrate(administrator, passwords=PASSWORDS, histories=histories) == []
            assert await migrate(administrator, passwords=PASSWORDS, database="of_the_real_histories")
            rural = f"postgresql://rural:{PASSWORDS['rural']}@127.0.0.1:{server.port}/ntp"
            await fetch(rural, "INSERT INTO kit_facts (year) VALUES (2023)")
        finally:
            server.stop()


def test_the_job_names_everything_that_is_not_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["migrations", "rural", "mars"])
    monkeypatch.delenv("NTP_ADMIN_DATABASE_URL", raising=False)
    monkeypatch.delenv("NTP_RURAL_DATABASE_PASSWORD", raising=False)
    assert main() == 2
    errors = capsys.readouterr().err
    assert "mars is not an owner" in errors
    assert "NTP_ADMIN_DATABASE_URL is not set" in errors
    assert "NTP_RURAL_DATABASE_PASSWORD is not set" in errors
