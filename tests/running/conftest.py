"""An installation that runs while the tests of a module do, and that the modules share one after another."""

import shutil
from collections.abc import Iterator

import pytest

from shared.local.settings import ROOT
from tests.running.installation import Installation, temporary_installation


@pytest.fixture(scope="session")
def shared_installation() -> Iterator[Installation]:
    """An installation that runs from a copy of the source tree, which `test_development.py` changes."""
    with temporary_installation() as installation:
        tree = installation.folder.parent / "tree"
        for folder in ("services", "gateway", "shared", "migrations"):
            shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("alembic.ini", "pyproject.toml"):
            shutil.copy(ROOT / file, tree / file)
        installation.tree = tree
        yield installation


@pytest.fixture(scope="module")
def installation(shared_installation: Installation) -> Installation:
    """The shared installation, started unless it runs."""
    shared_installation.start()
    return shared_installation
