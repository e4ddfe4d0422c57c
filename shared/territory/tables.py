"""Read tables of units, successions and spellings: UTF-8 CSV, plain or packed by gzip."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from shared.territory.units import Box, Level, Spelling, Succession, SuccessionKind, Unit

TABLES = ("units", "successions", "areas")
BEYOND = "(beyond the header)"


def read_units(path: Path) -> tuple[Unit, ...]:
    """Return the units; empty fields are unknown."""
    return tuple(_unit(row) for row in _rows(path))


def read_successions(path: Path) -> tuple[Succession, ...]:
    """Return the successions."""
    return tuple(
        Succession(
            predecessor=row["predecessor"],
            predecessor_valid_from=date.fromisoformat(row["predecessor_valid_from"]),
            successor=row["successor"] or None,
            successor_valid_from=_date(row["successor_valid_from"]),
            effective_on=date.fromisoformat(row["effective_on"]),
            kind=cast("SuccessionKind", row["kind"]),
            weight=Decimal(row["weight"]) if row["weight"] else None,
            main_part=row.get("main_part") == "1",
        )
        for row in _rows(path)
    )


def read_spellings(path: Path) -> tuple[Spelling, ...]:
    """Return the spellings."""
    return tuple(
        Spelling(row["code"], date.fromisoformat(row["valid_from"]), row["spelling"], row["source"])
        for row in _rows(path)
    )


def read_raw_rows(folder: Path, name: str) -> list[Any]:
    """Return the rows of a table of a folder as texts, `NAME.csv` or `NAME.csv.gz`; none where there is no such table.

    Cells beyond the header have the column `(beyond the header)`. Raises `OSError` for a folder without tables.
    """
    if not any((folder / f"{table}.csv{packed}").exists() for table in TABLES for packed in ("", ".gz")):
        raise FileNotFoundError(f"{folder} has no units.csv, successions.csv or areas.csv")
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.exists():
            return [{column or BEYOND: cell for column, cell in row.items()} for row in _rows(path)]
    return []


def _rows(path: Path) -> Iterator[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    yield from csv.DictReader(text.splitlines())


def _unit(row: Mapping[str, str]) -> Unit:
    corners = [_float(row[side]) for side in ("min_lat", "min_lon", "max_lat", "max_lon")]
    return Unit(
        code=row["code"],
        level=cast("Level", row["level"]),
        kind=row["kind"],
        name=row["name"],
        name_en=row["name_en"],
        parent=row["parent"] or None,
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=_date(row["valid_to"]),
        lat=_float(row["lat"]),
        lon=_float(row["lon"]),
        bbox=Box(*(corner for corner in corners if corner is not None)) if None not in corners else None,
        area_km2=_float(row["area_km2"]),
        border=row["border"] == "1",
        source=row["source"],
        confidence=row["confidence"],
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _float(text: str) -> float | None:
    return float(text) if text else None
