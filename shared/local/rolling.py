"""A rolling restart: each process of a running stack ends and comes back, one after the other (see ADR 0034).

The launcher starts again what has ended, from the code that is in the folder now. So whoever brought in a new version rolls to it.
"""

import signal
import time
from collections.abc import Iterator, Sequence

from shared.local.launcher import SetupError
from shared.local.run_folder import RunFolder
from shared.local.settings import split_instance

BACK_WITHIN_S = 120.0
"""Seconds in which a process must be ready again: its last answers, its start, and a busy machine."""

POLL_S = 0.05


def order_instances(instances: Sequence[str]) -> list[str]:
    """Return the instances in the order of a roll: the first of each process, then the second; gateways last among these.

    So gateways have seen that an instance is back before its neighbour ends.
    """
    return sorted(instances, key=lambda instance: split_instance(instance)[1])


def list_single(instances: Sequence[str]) -> list[str]:
    """Return the processes that have one instance: while it starts nobody serves in its stead."""
    names = [split_instance(instance)[0] for instance in instances]
    return [name for name in names if names.count(name) == 1]


def roll(run_folder: RunFolder, instances: Sequence[str]) -> Iterator[str]:
    """Replace the processes; yield a line for each that is back. Raise `SetupError` where one does not come back.

    Then the processes after it still run as before.
    """
    for name in order_instances(instances):
        if run_folder.find_takeover(name) is not None:
            yield f"{name}: left to `make dev`"
            continue
        started_at = time.monotonic()
        ended = _end(run_folder, name)
        while (pid := _find_ready(run_folder, name)) is None or pid == ended:
            if run_folder.find_launcher() is None:
                raise SetupError("the launcher has ended; `make run` starts everything")
            if time.monotonic() - started_at > BACK_WITHIN_S:
                raise SetupError(
                    f"{name} is not ready again after {BACK_WITHIN_S:.0f} s; the log says why. "
                    "The processes that are not listed above still run as before"
                )
            time.sleep(POLL_S)
        yield f"{name}: back after {time.monotonic() - started_at:.1f} s (process {pid})"


def _end(run_folder: RunFolder, name: str) -> int | None:
    """Ask a process to end after its last answers; return its id, or None where it runs no more."""
    child = next((child for child in run_folder.find_children() if child.name == name), None)
    if child is None:
        return None
    child.send_signal(signal.SIGTERM)
    return child.pid


def _find_ready(run_folder: RunFolder, name: str) -> int | None:
    """Return the id of a process that is ready; None where it is not."""
    return next(
        (child.pid for child in run_folder.find_children() if child.name == name and child.ready), None
    )
