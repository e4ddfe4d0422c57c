"""A full disk is told as such, and not as a busy service."""

import shutil
from types import SimpleNamespace

import pytest
from asyncpg.exceptions import DiskFullError
from sqlalchemy.exc import OperationalError

from shared.kit import storage
from shared.kit.exception_handlers import _statement_problem
from shared.kit.storage import Storage, StorageFull
from tests.kit.notes import OWNER, running_notes

pytestmark = pytest.mark.anyio

RAISE_DISK_FULL = f"""
    CREATE FUNCTION {OWNER}.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON {OWNER}.notes FOR EACH ROW EXECUTE FUNCTION {OWNER}.refuse();
"""


async def test_a_full_disk_has_a_problem_of_its_own_and_is_shown(database):
    async with running_notes(database) as notes:
        await notes.sql(RAISE_DISK_FULL)
        refused = await notes.write("one", key="one")
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_full")
        assert refused.headers["retry-after"] == "30"
        assert (await notes.client.get("/notes")).status_code == 200
        ready = await notes.client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["storage"]) == (200, "full")
        assert 'ntp_storage_full{service="notes"} 1.0' in (await notes.client.get("/metrics")).text
        await notes.sql(f"DROP FUNCTION {OWNER}.refuse CASCADE")
        assert (await notes.write("one", key="one")).status_code == 201


def test_the_disk_is_full_for_a_minute_after_a_refusal_or_without_free_space(monkeypatch, tmp_path):
    now = [0.0]
    disk = Storage("disk", tmp_path, lambda: now[0])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=storage.LEAST_FREE_BYTES))
    assert not disk.is_full()
    disk.note_refusal()
    assert disk.is_full()
    now[0] = storage.REMEMBERED_SECONDS
    assert not disk.is_full()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=storage.LEAST_FREE_BYTES - 1))
    assert disk.is_full()
    assert not Storage("disk", None).is_full()


def test_the_state_of_postgresql_is_recognized():
    error = OperationalError("INSERT", {}, DiskFullError("could not extend file"))
    assert isinstance(_statement_problem(error, {}), StorageFull)
