"""`make check` can print its report of the write path."""

import asyncio
from pathlib import Path

import pytest

from tests.architecture.write_path import measure
from tests.postgres import TestDatabase


@pytest.mark.long
def test_the_files_of_a_write_are_recorded(database: TestDatabase) -> None:
    measured = asyncio.run(measure(database))
    folders = {
        name: {"/".join(Path(file).parts[:2]) for file in files if not file.startswith("shared/kit/")}
        for name, files in measured.items()
    }
    assert folders["report, service"] >= {"services/poverty", "shared/reporting"}
    assert folders["ledger entry"] >= {"services/funding"}
    assert "services/funding" not in folders["report, service"]
    assert "gateway/proxy.py" in folders["report, gateway"]
    assert not {folder for folder in folders["report, gateway"] if folder.startswith("services/")}
