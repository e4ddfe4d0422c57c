"""The product's version, which pyproject.toml alone states."""

import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


@cache
def product_version() -> str:
    """Return the version of this source tree, or of the installed package where no pyproject.toml lies beside it."""
    if PYPROJECT.exists():
        return str(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"])
    return version("ntp")
