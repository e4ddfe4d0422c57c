"""CSV tables: reading, writing, and the row of a reported value."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Provenance = Literal["published", "derived", "apportioned", "illustrative"]
Row = dict[str, str | int]


@dataclass(frozen=True)
class Value:
    """One value of a report: what `district` states of `unit`, and the origin of the value."""

    district: str
    unit: str
    indicator: str
    value: int
    status: Literal["estimate", "preliminary", "official"]
    provenance: Provenance
    source: str


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def as_rows(values: Iterable[Value]) -> list[Row]:
    return [asdict(value) for value in values]
