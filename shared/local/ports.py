"""Ports on this machine: whether one is free, whether a process answers on it."""

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"

READY_PATH = "/livez"

PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class PortAssignment:
    """A port, the process that is to listen on it, and the setting that moves it."""

    port: int
    name: str
    setting: str = ""


def find_port_faults(assignments: Sequence[PortAssignment]) -> list[str]:
    """Return a sentence for each port that is taken or assigned twice: whose it is and what to change."""
    faults = []
    for index, assignment in enumerate(assignments):
        port, name = assignment.port, assignment.name
        advice = f"set {assignment.setting} to another" if assignment.setting else "choose another"
        doubles = [other.name for other in assignments[:index] if other.port == port]
        if doubles:
            faults.append(f"port {port} is assigned to both {doubles[0]} and {name}; {advice}")
        elif reason := _find_bind_fault(port):
            faults.append(f"port {port}, assigned to {name}, {reason}; {advice}")
    return faults


async def is_responding(port: int, path: str = READY_PATH, *, within_seconds: float = PROBE_SECONDS) -> bool:
    """Whether the process on the port answers with status 200 in time."""
    try:
        async with asyncio.timeout(within_seconds):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _find_bind_fault(port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "may not be used by an ordinary user"
        except OSError as error:
            return f"is taken ({os.strerror(error.errno or 0).lower()})"
    return ""
