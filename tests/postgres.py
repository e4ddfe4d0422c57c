"""A real PostgreSQL for the tests: started when the first test asks, one for each worker, gone at the end.

The real migrations run once, into a template; a test that needs a database of its own gets a clone of it.
NTP_TEST_DATABASE_URL names an administrator of an existing server instead.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from migrations.owners import OWNERS
from migrations.run import migrate
from shared.local.postgres import EmbeddedPostgres
from shared.local.processes import is_running
from tests.clearing import Clearer

Answer = TypeVar("Answer")

PASSWORDS = {owner: f"{owner}-of-the-tests" for owner in OWNERS}
"""The same in every run, so that workers on one external server agree on the roles they share."""

PREFIX = "ntp-tests-"
MEMORY = Path("/dev/shm")
ENOUGH_MEMORY_BYTES = 4 * 1024**3

UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "dynamic_shared_memory_type": "mmap",  # nothing is left in memory when a run is killed
}

QUICK_PASSWORDS = ";".join(
    [
        "SELECT set_config('scram_iterations', '1', false) FROM pg_settings WHERE name = 'scram_iterations'",
        *(f"ALTER ROLE {owner} PASSWORD '{password}'" for owner, password in PASSWORDS.items()),
        "SELECT set_config('scram_iterations', reset_val, false) FROM pg_settings WHERE name = 'scram_iterations'",
    ]
)
"""A connection with a password of the usual 4,096 iterations takes half as long again."""

PER_DATABASE = ";".join(
    [
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        *(f"GRANT CONNECT ON DATABASE {{name}} TO {owner}" for owner in OWNERS),
        *(f"ALTER ROLE {owner} IN DATABASE {{name}} SET search_path = {owner}" for owner in OWNERS),
    ]
)
"""What belongs to a database and is not copied with its template (`migrations/roles.py` lays it in a real one)."""


@dataclass(frozen=True)
class TestDatabase:
    """One migrated database and the ways into it."""

    __test__ = False

    name: str
    server: str
    """The administrator's URL of the server's maintenance database."""
    shared: bool = False
    """Whether a worker's tests use it one after another, each with `Server.clear` before."""

    @property
    def admin_url(self) -> str:
        """As the administrator (postgresql://…)."""
        return urlsplit(self.server)._replace(path=f"/{self.name}").geturl()

    def url(self, owner: str) -> str:
        """As the role that runs a service (postgresql+asyncpg://…)."""
        place = urlsplit(self.server)
        netloc = f"{owner}:{PASSWORDS[owner]}@{place.hostname}:{place.port or 5432}"
        return f"postgresql+asyncpg://{netloc}/{self.name}"


async def set_for_role(database: TestDatabase, owner: str, setting: str) -> None:
    """Make a setting of the sessions of a service that are opened from now on in a database of a test's own."""
    admin = await asyncpg.connect(database.server)
    await admin.execute(f"ALTER ROLE {owner} IN DATABASE {database.name} SET {setting}")
    await admin.close()


class Server:
    """The server, the template and its clones; every call may come from a sync or an async test.

    A durable one is on disk and set as the product's own: what is written there costs what it costs a user.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._folder = _on_disk() if durable else _make_folder()
        self._settings = {} if durable else UNSAFE_BUT_FAST
        self._postgres: EmbeddedPostgres | None = None
        self._template: str | None = None
        self._admin: asyncpg.Connection | None = None
        self._clones: set[str] = set()
        self._clearers: dict[str, Clearer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-databases", daemon=True)
        self._thread.start()
        self.url = os.environ.get("NTP_TEST_DATABASE_URL") or self._start()

    @property
    def data(self) -> Path:
        """The data folder of a server that was started here."""
        return self._folder / "postgres"

    def clone(self) -> TestDatabase:
        """A migrated database that nobody else uses."""
        return self._call(self._clone())

    def drop(self, database: TestDatabase) -> None:
        """Remove a clone, whoever is still connected."""
        self._call(self._drop(database.name))

    def clear(self, database: TestDatabase) -> None:
        """Delete every row of a clone that the migrations did not insert; the first time before any is inserted."""
        self._call(self._clear(database))

    def reserve(self) -> TestDatabase:
        """Return the name of a database that does not exist yet, for tests of the migrations; `drop` it afterwards."""
        return TestDatabase(name=_name(), server=self.url)

    def stop(self) -> None:
        """Leave nothing behind."""
        if self._postgres is None:
            for name in (*self._clones, *filter(None, [self._template])):
                self._call(self._drop(name))
        for clearer in self._clearers.values():
            self._call(clearer.close())
        if self._admin is not None:
            self._call(self._admin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._postgres is not None:
            self._postgres.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> str:
        self._postgres = EmbeddedPostgres(
            self.data,
            port=free_port(),
            password=secrets.token_urlsafe(16),
            settings=self._settings,
        )
        self._postgres.start()
        return self._postgres.admin_url

    async def _connected(self) -> asyncpg.Connection:
        if self._admin is None or self._admin.is_closed():
            self._admin = await asyncpg.connect(self.url)
        return self._admin

    async def _clone(self) -> TestDatabase:
        admin = await self._connected()
        if self._template is None:
            template = _name()
            await migrate(self.url, passwords=PASSWORDS, database=template)
            await admin.execute(QUICK_PASSWORDS)
            self._template = template
        name = _name()
        self._clones.add(name)
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        await admin.execute(PER_DATABASE.format(name=name))
        return TestDatabase(name=name, server=self.url)

    async def _clear(self, database: TestDatabase) -> None:
        if database.name not in self._clearers:
            self._clearers[database.name] = await Clearer.connect(database.admin_url)
        await self._clearers[database.name].clear()

    async def _drop(self, name: str) -> None:
        admin = await self._connected()
        if name in self._clearers:
            await self._clearers.pop(name).close()
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._clones.discard(name)

    def _call(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _make_folder() -> Path:
    """A folder for the server's data, in memory where there is room: a clone is some 1,500 small files, which takes
    30 ms there and a second on some disks. What a killed run left is removed first."""
    parent = Path(tempfile.gettempdir())
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY_BYTES:
        parent = MEMORY
        for old in MEMORY.glob(f"{PREFIX}*"):
            if not is_running(int(old.name.removeprefix(PREFIX).split("-")[0])):
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    folder.chmod(0o755)
    return folder


def _on_disk() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    return folder


_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, below those that the system hands out by itself; never twice."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _name() -> str:
    return f"ntp_test_{secrets.token_hex(6)}"
