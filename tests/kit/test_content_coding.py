"""Compressed bodies are read like others; what would fill the memory, is damaged, or ends too early is refused."""

import gzip
import json
import os
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.content_coding import CODINGS, PackedBody, RatioTooHigh
from shared.kit.problems import Malformed, TooLarge
from tests.kit.notes import LIMIT_BYTES, running_notes

pytestmark = pytest.mark.anyio

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": partial(brotli.compress, quality=5),
    "zstd": zstandard.compress,
}
NOTE = json.dumps({"text": "đã nén", "lines": [{"word": "ok"}] * 50}).encode()
MEGABYTE = 1024 * 1024


def receive_in(pieces):
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages[-1]["more_body"] = False

    async def receive():
        return messages.pop(0)

    return receive


async def unpack(coding, *pieces, limit=MEGABYTE):
    body, unpacked, more = PackedBody(coding, receive_in(pieces), limit), b"", True
    while more:
        message = await body.receive()
        unpacked += message["body"]
        more = message["more_body"]
    return unpacked


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=3000), cut=st.integers(1, 40))
async def test_what_was_packed_is_unpacked_however_it_arrives(coding, content, cut):
    packed = PACK[coding](content)
    assert await unpack(coding, *(packed[at : at + cut] for at in range(0, len(packed), cut))) == content


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_several_members_follow_each_other(coding):
    assert await unpack(coding, PACK[coding](b"one") + PACK[coding](b"two")) == b"onetwo"


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_body_that_ends_too_early_or_is_damaged_is_refused(coding):
    packed = PACK[coding](os.urandom(5000))
    for damaged in (packed[:-3], packed[:2], b"", b"\x00\x01 no coding at all", packed + b"more"):
        with pytest.raises(Malformed):
            await unpack(coding, damaged)


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_bomb_is_refused_before_it_is_unpacked(coding):
    bomb = PACK[coding](bytes(200 * MEGABYTE))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            await unpack(coding, bomb, limit=10 * MEGABYTE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MEGABYTE


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_ratio_that_no_report_has_is_refused(coding):
    with pytest.raises(RatioTooHigh):
        await unpack(coding, PACK[coding](bytes(20 * MEGABYTE)), limit=100 * MEGABYTE)


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_compressed_body_is_the_same_request(database, coding):
    async with running_notes(database) as notes:
        plain = await notes.post(NOTE, **{"Idempotency-Key": "k"})
        packed = await notes.post(
            PACK[coding](NOTE), **{"Idempotency-Key": "k", "Content-Encoding": coding.upper()}
        )
        assert (packed.status_code, packed.json()) == (201, plain.json()), packed.text
        assert packed.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("coding", CODINGS)
async def test_the_limit_is_that_of_what_it_unpacks_to(database, coding):
    async with running_notes(database) as notes:
        large = PACK[coding](b'{"text": "' + b"a" * LIMIT_BYTES + b'"}')
        refused = await notes.post(large, **{"Content-Encoding": coding})
        assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large"), refused.text
        assert refused.json()["limit_bytes"] == LIMIT_BYTES
        damaged = await notes.post(large[:-20], **{"Content-Encoding": coding, "Accept-Language": "en"})
        assert damaged.status_code in {400, 413}
        assert (await notes.write()).status_code == 201


@pytest.mark.parametrize("coding", ["deflate", "compress", "gzip, br", "aws-chunked"])
async def test_another_coding_is_415_and_names_those_that_are_taken(database, coding):
    async with running_notes(database) as notes:
        refused = await notes.post(zlib.compress(NOTE), **{"Content-Encoding": coding})
        assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_content_coding")
        assert refused.headers["accept-encoding"] == "gzip, br, zstd"
        assert refused.headers["x-request-id"]


async def test_identity_is_no_coding(database):
    async with running_notes(database) as notes:
        assert (await notes.post(NOTE, **{"Content-Encoding": "identity"})).status_code == 201
