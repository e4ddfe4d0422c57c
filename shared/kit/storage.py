"""Whether the disk of the database is full: PostgreSQL reported it within the last minute, or the disk of this process has no space.

On one machine both are the same disk, so a database that a full disk stopped is not taken for a busy one.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Gauge

from shared.kit.problems import Sentence, Unavailable

DISK_FULL = "53100"
"""SQLSTATE disk_full."""

LEAST_FREE_BYTES = 16 * 1024 * 1024
"""PostgreSQL needs a file of its log of this size to go on."""

REMEMBERED_SECONDS = 60.0
RETRY_SECONDS = 30

STORAGE_FULL = Gauge("ntp_storage_full", "1 while the disk of the database is full, else 0", ("service",))
STORAGE_FREE = Gauge("ntp_storage_free_bytes", "Free bytes on the disk of the process's files", ("service",))


class StorageFull(Unavailable):
    """The disk of the database is full, so nothing can be written until an operator makes space."""

    code = "storage_full"
    detail = Sentence(
        "Ổ đĩa của cơ sở dữ liệu đã đầy; không ghi được cho đến khi người vận hành giải phóng chỗ.",
        "The disk of the database is full; nothing can be written until an operator makes space.",
    )
    advice = Sentence(
        "Báo cho người vận hành; gửi lại nguyên yêu cầu với cùng Idempotency-Key sau đó.",
        "Tell the operator; send the same request with the same Idempotency-Key afterwards.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(RETRY_SECONDS)})


@dataclass
class Storage:
    """The disk of one process."""

    service: str
    folder: Path | None
    """A folder of the process's own files; None where it has none."""
    seconds: Callable[[], float] = time.monotonic
    _refused_at: float | None = None

    def note_refusal(self) -> None:
        """Note that PostgreSQL refused a statement because its disk is full."""
        self._refused_at = self.seconds()

    def is_full(self) -> bool:
        """Whether the disk is full, by what PostgreSQL reported or by the free space here; shown in the metrics."""
        refused = self._refused_at is not None and self.seconds() - self._refused_at < REMEMBERED_SECONDS
        free_bytes = self._read_free_bytes()
        is_full = refused or (free_bytes is not None and free_bytes < LEAST_FREE_BYTES)
        STORAGE_FULL.labels(self.service).set(is_full)
        if free_bytes is not None:
            STORAGE_FREE.labels(self.service).set(free_bytes)
        return is_full

    def _read_free_bytes(self) -> int | None:
        try:
            return None if self.folder is None else shutil.disk_usage(self.folder).free
        except OSError:
            return None
