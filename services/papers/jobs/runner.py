"""Runs jobs in processes of their own, a few at a time.

Problem
├── Invalid
│   └── FileTooHeavy    422 file_too_heavy   the file needs more time or memory than one may have
└── Unavailable
    └── JobsBusy        503 jobs_busy        too many files at the same time
"""

import asyncio
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import Depends

from services.papers.jobs.messages import pack, unpack
from services.papers.jobs.names import JobResult
from shared.kit.problems import Invalid, Sentence, Unavailable
from shared.kit.resources import resource

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": str(ROOT),
    "OPENBLAS_NUM_THREADS": "1",
}
"""A job gets no variable of the service: it needs no secret."""

SHOWN_ERROR_CHARACTERS = 2000

log = structlog.get_logger()


class FileTooHeavy(Invalid):
    """Work on the file needed more time or memory than one file may have."""

    code = "file_too_heavy"
    detail = Sentence(
        "Tệp cần nhiều hơn {seconds} giây hoặc {megabytes} MiB bộ nhớ để xử lý.",
        "The file needs more than {seconds} seconds or {megabytes} MiB of memory.",
    )


class JobsBusy(Unavailable):
    """Too many files are written or read at the same time."""

    code = "jobs_busy"
    detail = Sentence("Đang xử lý nhiều tệp; hãy thử lại.", "Many files are being processed; try again.")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


class JobRunner:
    """Runs jobs; at most some at once, each within a time and an address space."""

    def __init__(self, *, at_once: int, within_s: float, megabytes: int) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._within_s = within_s
        self._megabytes = megabytes

    async def run(self, name: str, argument: Any, content: bytes = b"") -> JobResult:
        """Return what a job returns; raises `FileTooHeavy`, `JobsBusy`, or `RuntimeError` where the job has a fault."""
        try:
            async with asyncio.timeout(self._within_s):
                await self._slots.acquire()
        except TimeoutError as error:
            raise JobsBusy from error
        try:
            return await self._run(name, pack(argument, content))
        finally:
            self._slots.release()

    async def _run(self, name: str, message: bytes) -> JobResult:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.papers.jobs",
            name,
            str(self._megabytes),
            str(math.ceil(self._within_s)),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._within_s):
                output, errors = await process.communicate(message)
        except TimeoutError as error:
            raise self._refuse() from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        text = errors.decode(errors="replace")
        if process.returncode == 0:
            return unpack(output)
        log.warning("job failed", job=name, code=process.returncode, error=text[-SHOWN_ERROR_CHARACTERS:])
        if (process.returncode or 0) < 0 or "MemoryError" in text:
            raise self._refuse()
        raise RuntimeError(f"the job {name} ended with {process.returncode}")

    def _refuse(self) -> FileTooHeavy:
        return FileTooHeavy(seconds=self._within_s, megabytes=self._megabytes)


CurrentJobs = Annotated[JobRunner, Depends(resource(JobRunner))]
"""The runner of the process."""
