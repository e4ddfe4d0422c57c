"""The settings of the papers service."""

from pydantic import Field

from shared.kit.settings import ServiceSettings


class PapersSettings(ServiceSettings):
    """The settings of every service, and the limits of work on files."""

    jobs_at_once: int = Field(2, ge=1, le=16, description="files that are written or read at the same time")
    job_within_s: float = Field(20.0, gt=0, description="seconds for one file")
    job_memory_mb: int = Field(1024, ge=256, description="address space for one file, in MiB")
