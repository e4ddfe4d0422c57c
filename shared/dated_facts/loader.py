"""Read a file of dated facts into frozen dataclasses, and name every fault of it at once.

    with open_facts(path) as facts:
        bands = facts.rows("band", Band, one_in_force=["stars"])

A TOML file holds its tables as arrays of tables; a folder holds a CSV file for each table. The fields of a dataclass are
the columns of its table. When the block ends, every fault that was found is raised in one `FaultyFactsError`: with its
file, table, row, field and what is wrong. A field or table that is not known is a fault too: a misspelt due day would be no
due day at all.
"""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.dated_facts.facts import Dated

FactRow = Mapping[str, Any]
"""A row as the file states it."""

FactT = TypeVar("FactT")

Aliases = Mapping[str, str]
"""The name of a field in the file, where it has another name there."""

BEYOND_HEADER = "(cells beyond the header)"
NEVER_BLANK = frozenset({"code", "legal_basis", "confidence", "vi", "en"})
"""Fields that state something wherever they stand."""
MAX_CODE = 80
CODE = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_CODE}}}")
"""A code is part of paths, queries and series keys: readers cannot address what has another one."""
WHAT_A_CODE_IS = f"a code is up to {MAX_CODE} letters without accents, digits, dots, dashes and underscores"


class FaultyFactsError(ValueError):
    """A file of dated facts that cannot be used; `faults` names everything that is wrong, one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass
class FactsFile:
    """An open file, or a folder, of dated facts, and the faults that were found in it so far."""

    path: Path
    tables: FactRow
    """The content of a TOML file; empty for a folder, whose tables are read when they are asked for."""
    faults: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def rows(
        self,
        table: str,
        row_type: type[FactT],
        *,
        optional: bool = False,
        aliases: Aliases | None = None,
        prepare: Callable[[FactRow], FactRow] | None = None,
        split: Sequence[str] = (),
        one_in_force: Sequence[str] | None = None,
    ) -> tuple[FactT, ...]:
        """Return the rows of a table that have no fault.

        `prepare` completes a row before it is read. `split` names columns whose cells are lists, parted by spaces.
        Two rows with equal values in the fields of `one_in_force` must not be in force on one day.
        """
        prepared = [prepare(row) if prepare else row for row in self.raw_rows(table, optional=optional)]
        for name in split:
            prepared = [{**row, name: str(row.get(name, "")).split()} for row in prepared]
        parsed = [
            self.parse(row_type, row, table, row_name(row, number), aliases=aliases)
            for number, row in enumerate(prepared, 1)
        ]
        facts = tuple(fact for fact in parsed if fact is not None)
        if one_in_force is not None:
            self.refuse_overlaps(
                table, facts, lambda fact: tuple(getattr(fact, name) for name in one_in_force)
            )
        return facts

    def raw_rows(self, table: str, *, optional: bool = False) -> list[FactRow]:
        """Return the rows of a table as the file states them."""
        self.read.add(table)
        if self.path.is_dir():
            return _read_csv(self.path / f"{table}.csv")
        rows = self.tables.get(table, [] if optional else None)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.add_fault(table, what=f"wanted: rows, each under [[{table}]]")
            return []
        return rows

    def header(self, row_type: type[FactT]) -> FactT | None:
        """Return the values that stand outside the tables of a TOML file; None where they have a fault."""
        values = {name: value for name, value in self.tables.items() if not isinstance(value, list | dict)}
        self.read |= values.keys()
        return self.parse(row_type, values)

    def parse(
        self,
        row_type: type[FactT],
        row: FactRow,
        table: str = "",
        name: str = "",
        *,
        aliases: Aliases | None = None,
    ) -> FactT | None:
        """Return a row, called by its name in faults, as the dataclass that it is; None where it has a fault."""
        adapter = _make_adapter(row_type, frozenset((aliases or {}).items()))  # type: ignore[arg-type]
        try:
            fact: FactT = adapter.validate_python([row])[0]
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self.add_fault(table, name, _field_name(row, details["loc"][1:]), what=_explain(details))
            return None
        faults = list(_find_row_faults(row))
        for loc, what in faults:
            self.add_fault(table, name, _field_name(row, loc), what=what)
        return None if faults else fact

    def refuse_overlaps(
        self,
        table: str,
        facts: Iterable[FactT],
        key: Callable[[FactT], object],
        overlap: Callable[[FactT, FactT], bool] | None = None,
    ) -> None:
        """Add a fault for each two rows of one key that overlap: by default, that are in force on one day."""
        for first, second in combinations(facts, 2):
            if key(first) == key(second) and (overlap or _in_force_together)(first, second):
                what = f"two rows in force at once for {_format_key(key(first))}{_format_days(first, second)}"
                self.add_fault(table, what=what)

    def add_fault(self, table: str, row: str = "", field_name: str = "", *, what: str) -> None:
        """Add a fault: the table, the name of the row, the field, what is wrong."""
        path = self.path / f"{table}.csv" if self.path.is_dir() else self.path
        parts = (str(path), f"{table} {row}".strip(), field_name, what)
        self.faults.append(": ".join(part for part in parts if part))

    def raise_faults(self) -> None:
        """Raise what was found so far, where what follows needs rows without faults."""
        if self.faults:
            raise FaultyFactsError(self.faults)


@contextmanager
def open_facts(path: Path) -> Iterator[FactsFile]:
    """Open a TOML file or a folder of CSV files; raise its faults when the block ends, unknown tables among them."""
    tables: FactRow = {}
    if not path.is_dir():
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except ValueError as error:
            raise FaultyFactsError([f"{path}: {error}"]) from error
    with check_facts(FactsFile(path, tables)) as file:
        yield file


@contextmanager
def check_facts(file: FactsFile) -> Iterator[FactsFile]:
    """Yield facts that are read already; raise their faults when the block ends, unknown tables among them."""
    yield file
    for name in file.tables.keys() - file.read:
        file.add_fault(name, what="is not a known table")
    file.raise_faults()


@cache
def _make_adapter(row_type: type[Any], aliases: frozenset[tuple[str, str]]) -> TypeAdapter[list[Any]]:
    """Return the adapter for a list of rows; it takes longer to make than a table takes to read.

    A list, since the configuration of a dataclass itself cannot be given from outside.
    """
    names = dict(aliases)
    config = ConfigDict(extra="forbid", alias_generator=lambda name: names.get(name, name))
    return TypeAdapter(list[row_type], config=config)  # type: ignore[valid-type]


def row_name(row: FactRow, number: int) -> str:
    """Return the code of a row, or its place in the table where it has none."""
    return row["code"] if isinstance(row.get("code"), str) else f"#{number}"


def fill_nested(row: FactRow, path: Sequence[str], values: FactRow) -> FactRow:
    """Return a row in which the tables at a path of names have these values, unless they state their own."""
    name, *rest = path
    nested = row.get(name)
    if not isinstance(nested, list):
        return row
    return {
        **row,
        name: [_fill(table, rest, values) if isinstance(table, dict) else table for table in nested],
    }


def _fill(row: FactRow, path: Sequence[str], values: FactRow) -> FactRow:
    return fill_nested(row, path, values) if path else {**values, **row}


def _read_csv(path: Path) -> list[FactRow]:
    """Return the rows of a CSV file; an empty cell is left out, so that the field has its default."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            {name: cell for name, cell in row.items() if cell}
            for row in csv.DictReader(lines, restkey=BEYOND_HEADER)
        ]


def _in_force_together(first: object, second: object) -> bool:
    return not isinstance(first, Dated) or not isinstance(second, Dated) or first.overlaps(second)


def _format_days(first: object, second: object) -> str:
    if isinstance(first, Dated) and isinstance(second, Dated):
        return f": from {first.valid_from} and from {second.valid_from}"
    return ""


def _format_key(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _find_row_faults(row: Any, loc: Sequence[int | str] = ()) -> Iterator[tuple[Sequence[int | str], str]]:
    """Yield the field and the fault of texts without a character, codes that are none and days in the wrong order, at every depth."""
    nested = row.items() if isinstance(row, Mapping) else enumerate(row) if isinstance(row, list) else ()
    for name, value in nested:
        if name in NEVER_BLANK and isinstance(value, str) and not value.strip():
            yield (*loc, name), "is blank"
        elif name == "code" and isinstance(value, str) and not CODE.fullmatch(value):
            yield (*loc, name), f"is {value[:MAX_CODE]!r}; {WHAT_A_CODE_IS}"
        yield from _find_row_faults(value, (*loc, name))
    if isinstance(row, Mapping):
        first, last = row.get("valid_from"), row.get("valid_to")
        if first is not None and last is not None and str(last) < str(first):
            yield (*loc, "valid_to"), f"is {last}, before valid_from, {first}"


def _field_name(row: Any, loc: Sequence[int | str]) -> str:
    """Return the path to a field, with the rows on it by their codes: `step certified: level`."""
    names: list[str] = []
    for step in loc:
        row = _value_at(row, step)
        if isinstance(step, int) and names:
            names[-1] += f" {row_name(row, step + 1) if isinstance(row, dict) else f'#{step + 1}'}"
        else:
            names.append(str(step))
    return ": ".join(names)


def _value_at(row: Any, step: int | str) -> Any:
    try:
        return row[step]
    except (KeyError, IndexError, TypeError):
        return None


def _explain(details: ErrorDetails) -> str:
    value, expected = details["input"], details.get("ctx", {}).get("expected")
    match details["type"]:
        case "missing" | "missing_argument":
            return "is missing"
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "is not a known field"
        case "literal_error" | "enum":
            return f"is {_text(value)}, and can only be {expected}"
        case "value_error":
            return str(details["ctx"]["error"])
        case _:
            return f"is {_text(value)}; {details['msg'][:1].lower()}{details['msg'][1:]}"


def _text(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)
