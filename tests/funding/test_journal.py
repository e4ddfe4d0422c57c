"""The journal: sealed in the background, read by cursor; a changed, added or missing row is found."""

import asyncio
import json
from datetime import UTC, datetime

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.journal import __main__ as command
from services.funding.journal.rules import GENESIS, find_faults, fingerprint, seal
from services.funding.journal.sealer import seal_next
from services.funding.journal.verify import verify
from tests.application import get_clock, get_database
from tests.funding.conftest import LINE, build_app, voucher
from tests.waiting import poll_until

pytestmark = pytest.mark.anyio

AT = datetime(2024, 1, 5, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.text()), min_size=2, max_size=8, unique_by=lambda entry: entry[0]), st.data())  # fmt: skip
def test_a_block_verifies_its_own_entries_only(entries, data):
    sequences = sorted(sequence for sequence, _ in entries)
    prints = [fingerprint({"note": words}) for _, words in entries]
    block = seal(None, sequences, prints, AT)
    after = seal(block, sequences, prints, AT)
    assert (block.height, block.previous_hash, after.previous_hash) == (1, GENESIS, block.hash)
    assert find_faults(block, None, sequences, prints) == []
    assert find_faults(after, block, sequences, prints) == []
    at = data.draw(st.integers(0, len(prints) - 1))
    changed = [*prints[:at], fingerprint({"note": None}), *prints[at + 1 :]]
    assert find_faults(block, None, sequences, changed)
    assert find_faults(block, None, sequences[:at] + sequences[at + 1 :], prints[:at] + prints[at + 1 :])
    assert find_faults(after, None, sequences, prints) == [
        "block 1 is missing",
        "block 2 does not follow the block before it",
    ]


async def verify_ledger(app, noted=None):
    async with get_database(app).reading() as session:
        return await verify(session, noted)


async def seal_all(app):
    return await seal_next(get_database(app), get_clock(app))


@pytest.fixture
async def sealed(office, app):
    """A ledger of two blocks and an entry that is not sealed yet."""
    await office.allocate(100)
    paid = await office.disburse(30)
    await seal_all(app)
    await office.commit(20)
    await office.reverse(paid)
    block = await seal_all(app)
    await office.disburse(5)
    assert await seal_all(app) is not None
    await office.disburse(6)
    return block


async def test_the_journal_is_read_by_cursor_with_its_blocks(office, app, sealed):
    first = (await office.get("journal", limit=3)).json()
    assert ([item["block"] for item in first["items"]], first["more"]) == ([1, 1, 2], True)
    rest = (await office.get("journal", after=first["next"])).json()
    assert ([item["block"] for item in rest["items"]], rest["more"]) == ([2, 3, None], False)
    assert (await office.get("journal", after=rest["next"])).json() == {
        "items": [],
        "next": rest["next"],
        "more": False,
    }
    listed = (await office.get("entries")).json()["items"]
    assert [item["entry"] for item in first["items"] + rest["items"]] == listed[::-1]
    blocks = (await office.get("journal/blocks")).json()["items"]
    assert [block["entries"] for block in blocks] == [2, 2, 1]
    assert [block["previous_hash"] for block in blocks] == [GENESIS, blocks[0]["hash"], blocks[1]["hash"]]
    assert (await office.get("journal/blocks", after=1, limit=1)).json()["items"] == blocks[1:2]
    assert (await office.http.get("/v1/funding/journal")).status_code == 401


async def test_an_unchanged_ledger_verifies(office, app, sealed):
    findings = await verify_ledger(app, noted=sealed.hash)
    assert (findings.faults, findings.blocks, findings.entries, findings.unsealed) == ([], 3, 6, 1)
    assert findings.lots == 1
    assert (await verify_ledger(app, noted="f" * 64)).faults == [f"no block has the hash {'f' * 64}"]
    assert (await seal_all(app)).entries == 1
    assert await seal_all(app) is None, "nothing new makes no block"


TAMPERINGS = {
    "an amount": "UPDATE funding.entries SET amount_vnd = 31 WHERE kind = 'disbursement' AND amount_vnd = 30",
    "a note": "UPDATE funding.entries SET note = 'khác' WHERE kind = 'reversal'",
    "a day": "UPDATE funding.entries SET effective_on = effective_on + 1 WHERE kind = 'allocation'",
    "a posting": "UPDATE funding.postings SET allocated_vnd = 101 WHERE allocated_vnd = 100",
    "a posting gone": "DELETE FROM funding.postings WHERE allocated_vnd = 100",
    "an entry gone": "WITH gone AS (SELECT id FROM funding.entries WHERE kind = 'commitment'),"
    " its AS (DELETE FROM funding.postings WHERE entry_id IN (SELECT id FROM gone) RETURNING entry_id)"
    " DELETE FROM funding.entries WHERE id IN (SELECT entry_id FROM its)",
    "a lot's line": "UPDATE funding.lots SET unit = '611'",
    "a balance": "UPDATE funding.lots SET disbursed_vnd = disbursed_vnd - 1",
    "a block": "UPDATE funding.blocks SET entries = 1 WHERE height = 2",
    "a block gone": "DELETE FROM funding.blocks WHERE height = 2",
    "a block's time": "UPDATE funding.blocks SET sealed_at = sealed_at + interval '1 second' WHERE height = 1",
}


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_every_change_is_found(app, sealed, database, what):
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(TAMPERINGS[what])
    await connection.close()
    assert (await verify_ledger(app)).faults


async def test_an_inserted_entry_is_found(office, app, sealed, database):
    connection = await asyncpg.connect(database.admin_url)
    columns = "year, kind, program, capital, source, unit, amount_vnd, effective_on, client_id, recorded_at"
    await connection.execute(
        f"INSERT INTO funding.entries ({columns}, sequence) OVERRIDING SYSTEM VALUE SELECT {columns},"
        " sequence + 1000 FROM funding.entries WHERE kind = 'allocation'"
    )
    await connection.execute("UPDATE funding.blocks SET last_sequence = 2000 WHERE height = 3")
    await connection.close()
    assert (await verify_ledger(app)).faults


async def test_the_command_prints_its_findings(app, sealed, database, monkeypatch, capsys):
    monkeypatch.setenv("NTP_DATABASE_URL", database.url("funding"))
    assert await asyncio.to_thread(command.main, ["--noted", sealed.hash]) == 0
    output = capsys.readouterr().out
    assert json.loads(output[output.index("{") :])["faults"] == []
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(TAMPERINGS["a balance"])
    await connection.close()
    assert await asyncio.to_thread(command.main, []) == 1
    assert "does not hold the sum of its postings" in capsys.readouterr().out


@pytest.mark.parametrize("statement", ["UPDATE blocks SET hash = ''", "DELETE FROM blocks"])
async def test_the_running_role_cannot_change_a_block(app, sealed, statement):
    connection = get_database(app).engine
    with pytest.raises(Exception, match="permission denied"):
        async with connection.begin() as begun:
            await begun.exec_driver_sql(statement)


@pytest.mark.race
async def test_sealers_and_writers_at_once_make_one_chain(office, app):
    await office.allocate(10_000)

    async def write():
        for _ in range(10):
            body = {**LINE, "amount_vnd": 1, "voucher": voucher()}
            assert (await office.post("disbursements", body)).status_code == 201

    async def seal_often():
        for _ in range(15):
            await seal_all(app)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(write() for _ in range(5)), seal_often(), seal_often())
    await seal_all(app)
    findings = await verify_ledger(app)
    assert (findings.faults, findings.entries, findings.unsealed) == ([], 51, 0)
    assert findings.blocks > 1


async def test_the_service_seals_in_the_background(database, issuer, office):
    await office.allocate(100)
    app = issuer.trust(build_app(database, seal_every_seconds=0.05))
    async with app.router.lifespan_context(app):

        async def is_sealed():
            return not (await verify_ledger(app)).unsealed

        await poll_until(is_sealed)
        assert (await verify_ledger(app)).blocks == 1
