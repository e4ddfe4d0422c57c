"""A service starts only on a schema that it was written for; an older or an incompatible newer one is named."""

import asyncio
import os
import subprocess
import sys

import pytest

from migrations.owners import OWNERS
from migrations.run import make_config
from shared.kit.database import Database
from shared.kit.resources import get_resources
from shared.kit.schema_revisions import (
    AppliedRevision,
    SchemaMismatchError,
    SchemaRevision,
    SchemaRevisions,
    find_mismatches,
    require_schema,
)
from tests.contracts.documents import build_app
from tests.kit.notes import OWNER, running_notes

HISTORY = "kit"


@pytest.mark.parametrize(
    ("applied", "word"),
    [
        (AppliedRevision("kit_0003", "kit_0003"), None),
        (AppliedRevision("kit_0004", "kit_0003"), None),
        (AppliedRevision("kit_0005", "kit_0002"), None),
        (AppliedRevision("kit_0002", "kit_0002"), "run the migrations"),
        (AppliedRevision("kit_0004", "kit_0004"), "newer version of the service"),
        (None, "never migrated"),
    ],
)
def test_a_schema_fits_at_its_revision_or_at_a_compatible_newer_one(applied, word):
    histories = {HISTORY: applied} if applied else {}
    reasons = find_mismatches([SchemaRevision(HISTORY, "kit_0003")], histories)
    assert len(reasons) == (word is not None)
    assert all(word in reason and HISTORY in reason for reason in reasons)


@pytest.mark.parametrize("owner", OWNERS)
def test_each_service_was_written_for_the_last_revisions(owner):
    from alembic.script import ScriptDirectory

    expected = {
        history: head
        for history in OWNERS[owner]
        if (head := ScriptDirectory.from_config(make_config(history)).get_current_head())
    }
    revisions = get_resources(build_app(owner)).get(SchemaRevisions)
    assert {
        expected_revision.history: expected_revision.revision for expected_revision in revisions
    } == expected
    assert len(revisions) == len(expected)


async def test_a_migrated_schema_fits(common_database):
    for owner in OWNERS:
        database = Database(common_database.url(owner))
        async with database.reading() as session:
            await require_schema(session, get_resources(build_app(owner)).get(SchemaRevisions))
        await database.close()


@pytest.mark.own_database
async def test_a_service_does_not_start_on_an_older_schema_and_starts_on_a_compatible_newer_one(
    database,
):
    async with running_notes(database) as notes:
        set_revision = f"UPDATE {OWNER}.alembic_version_kit SET version_num = '{{}}'"
        comment = f"COMMENT ON TABLE {OWNER}.alembic_version_kit IS '{{}}'"
        await notes.sql(set_revision.format("kit_0001"))
        with pytest.raises(SchemaMismatchError, match="kit is at kit_0001"):
            async with running_notes(database):
                pass
        await notes.sql(set_revision.format("kit_9999"))
        async with running_notes(database) as newer:
            assert (await newer.client.get("/readyz")).status_code == 200
        await notes.sql(comment.format("kit_9999"))
        with pytest.raises(SchemaMismatchError, match="newer version of the service"):
            async with running_notes(database):
                pass


@pytest.mark.own_database
async def test_the_process_says_why_and_exits_with_a_code_of_its_own(database):
    async with running_notes(database) as notes:
        await notes.sql(f"UPDATE {OWNER}.alembic_version_kit SET version_num = 'kit_0001'")
    command = [sys.executable, "-m", "shared.kit.serve", "services.ethnic.app:create_app", "--port", "0"]
    environment = {**os.environ, "NTP_DATABASE_URL": database.url(OWNER)}
    process = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode == os.EX_CONFIG, process.stdout
    assert "kit is at kit_0001, before kit_0004: run the migrations" in process.stdout
