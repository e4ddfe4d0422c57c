"""The bodies of evidence: a file that is kept, and a reference to one."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.reporting.field_types import Sha256


class EvidenceOut(BaseModel):
    """A file that is kept."""

    sha256: str = Field(description="SHA-256 of its bytes")
    media_type: str = Field(description="its type")
    size_bytes: int = Field(description="its size in bytes")
    kept_at: datetime = Field(description="when it was kept")


class EvidenceRef(BaseModel):
    """A file behind a report. It has a kind and no name, because scans are often named after persons."""

    model_config = ConfigDict(extra="forbid")

    sha256: Sha256
    kind: Literal["signed_document", "minutes", "table", "photo"] = Field(description="what the file is")
