"""How a job and its runner talk: a length, JSON with exact numbers, then bytes. Nothing that is received is executed."""

import struct
from typing import Any

from shared.kit.exact_json import read_json, write_json

LENGTH = struct.Struct(">Q")


def pack(document: Any, content: bytes) -> bytes:
    """Return a message."""
    head = write_json(document)
    return LENGTH.pack(len(head)) + head + content


def unpack(message: bytes) -> tuple[Any, bytes]:
    """Return the JSON and the bytes of a message; raises `ValueError` where it is not whole."""
    if len(message) < LENGTH.size:
        raise ValueError("the message is shorter than its length")
    (length,) = LENGTH.unpack_from(message)
    end = LENGTH.size + length
    if len(message) < end:
        raise ValueError("the message is shorter than it says")
    return read_json(message[LENGTH.size : end]), message[end:]
