"""Servers other than the embedded one: from PostgreSQL 15 on, with an administrator who is no superuser."""

import asyncio
import tempfile
from pathlib import Path

import asyncpg
import pytest

from migrations.roles import OLDEST_VERSION, ServerRefusedError, require_server
from migrations.run import migrate
from shared.local.backup import require_restoring_programs
from shared.local.postgres import EmbeddedPostgres
from shared.local.postgres_programs import PostgresError, read_major_version
from tests.postgres import PASSWORDS, free_port

PACKAGED = sorted(
    folder
    for folder in Path("/usr/lib/postgresql").glob("*/bin")
    if (folder / "initdb").exists() and int(folder.parent.name) >= OLDEST_VERSION
)
"""The programs of Debian's packages on this machine."""


@pytest.mark.parametrize(
    ("version", "major", "sentence"),
    [
        ("PostgreSQL 14.9 on x86_64", 14, "the server is PostgreSQL 14; use PostgreSQL 15 or later"),
        ("CockroachDB CCL v24.1", 13, "the server is no PostgreSQL"),
    ],
)
def test_an_older_or_foreign_server_gets_one_sentence(version: str, major: int, sentence: str) -> None:
    with pytest.raises(ServerRefusedError, match=sentence):
        require_server(version, major)
    require_server("PostgreSQL 15.18 (Debian 15.18-0+deb12u1)", 15)


@pytest.mark.parametrize(
    ("programs", "server", "fits"),
    [(18, 18, True), (18, 17, True), (18, 16, False), (15, 15, True), (16, 15, True), (15, 16, False)],
)
def test_a_restore_needs_programs_that_fit_the_server(programs: int, server: int, fits: bool) -> None:
    if fits:
        require_restoring_programs(programs, server)
        return
    with pytest.raises(PostgresError, match=f"the programs of {server}"):
        require_restoring_programs(programs, server)


async def create_and_use(server: EmbeddedPostgres, port: int) -> tuple[int, int, int]:
    """Migrate twice as an administrator who is no superuser; return the histories of each run, and a UUID's version."""
    admin = await asyncpg.connect(server.admin_url)
    try:
        await admin.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        url = f"postgresql://plain:plain@127.0.0.1:{port}/postgres"
        with pytest.raises(ServerRefusedError, match="may not create roles and databases"):
            await migrate(url, passwords=PASSWORDS)
        await admin.execute("ALTER ROLE plain CREATEROLE CREATEDB")
    finally:
        await admin.close()
    first, second = [len(await migrate(url, passwords=PASSWORDS)) for _ in range(2)]
    funding = await asyncpg.connect(f"postgresql://funding:{PASSWORDS['funding']}@127.0.0.1:{port}/ntp")
    try:
        identifiers = [await funding.fetchval("SELECT uuidv7()") for _ in range(2)]
    finally:
        await funding.close()
    assert identifiers[0].int >> 80 <= identifiers[1].int >> 80
    return first, second, identifiers[0].version


@pytest.mark.long
@pytest.mark.skipif(not PACKAGED, reason="no packaged PostgreSQL is installed")
@pytest.mark.parametrize("programs", PACKAGED, ids=str)
def test_a_packaged_server_holds_the_product(programs: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ntp-tests-") as folder:
        Path(folder).chmod(0o755)
        port = free_port()
        server = EmbeddedPostgres(Path(folder) / "data", port=port, password="packaged", programs=programs)
        server.start()
        try:
            first, second, version = asyncio.run(create_and_use(server, port))
        finally:
            server.stop()
    assert (first > 0, second, version) == (True, 0, 7)
    assert read_major_version(programs) >= OLDEST_VERSION
