"""The comparison for the gateway's status: one FastAPI route that answers the same document from memory."""

import json
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI

DOCUMENT = "NTP_BENCH_DOCUMENT"


def create_app() -> FastAPI:
    app = FastAPI()
    document = json.loads(Path(os.environ[DOCUMENT]).read_text())

    @app.get("/status")
    async def read_status() -> Any:
        return document

    return app
