"""The forms of registers as the product ships them: columns, cells above the table, and the address that takes their rows. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

RegisterCellKind = Literal["text", "unit", "integer", "number", "date", "choice", "choice_number", "mark"]

CHOICE_KINDS = frozenset({"choice", "choice_number"})
NUMBER_KINDS = frozenset({"integer", "number"})
FILE = Path(__file__).with_name("registers.toml")


@dataclass(frozen=True, slots=True)
class RegisterCell:
    """What a column holds, or a cell above the table: the member of the body that it fills, and how it is read."""

    key: str
    label: str
    member: str
    """The pointer in the body of a row, or of all rows, without its first slash; empty for what is only shown."""
    kind: RegisterCellKind = "text"
    definition: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """Code and word of each choice."""
    source: str = ""
    """The name of choices that a service answers."""
    names_row: bool = False
    """Whether the row states nothing by this cell alone."""
    rows: bool = False
    """Of a cell above the table: whether it fills the member of each row that leaves it empty."""
    always: bool = False
    """Of such a cell: whether it fills rows of every kind."""
    default: str = ""
    total: bool = False
    width: int = 14


@dataclass(frozen=True, slots=True)
class ExistingRecords:
    """What the register has already, listed on a sheet of its own."""

    path: str
    columns: tuple[tuple[str, str], ...]
    """Label and member of each column."""
    day: str = ""
    """The query parameter of the day."""
    year: str = ""
    """The query parameter of the year."""
    items: str = "items"
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class RegisterForm:
    """A register that can be filled in Excel."""

    program: str
    form: str
    label: str
    label_en: str
    path: str
    legal_basis: str
    fields: Sequence[RegisterCell]
    columns: Sequence[RegisterCell]
    existing: ExistingRecords
    rows_member: str = ""
    """The member of the body that holds the rows; empty where each row is a body of its own."""
    unit_member: str = ""
    """The member of the body that holds the unit of the form; empty where only rows have units."""
    prefilled: bool = False
    """Whether the rows are the units below the unit of the form."""
    fields_unless: tuple[str, ...] = ()
    """A row that has one of these members is not filled from cells above the table."""


@cache
def load_registers() -> Mapping[tuple[str, str], RegisterForm]:
    """Return the registers by program and form."""
    with FILE.open("rb") as file:
        rows = tomllib.load(file)["register"]
    registers = (_to_register(row) for row in rows)
    return {(register.program, register.form): register for register in registers}


def find_register(program: str | None, form: str | None) -> RegisterForm | None:
    """Return the register of a program and form; None where it is a form of reports."""
    return load_registers().get((program or "", form or ""))


def _to_register(row: Mapping[str, Any]) -> RegisterForm:
    existing = row["existing"]
    return RegisterForm(
        program=row["program"],
        form=row["form"],
        label=row["label"]["vi"],
        label_en=row["label"]["en"],
        path=row["path"],
        legal_basis=row["legal_basis"],
        fields=tuple(to_cell(cell) for cell in row.get("field", ())),
        columns=tuple(to_cell(cell) for cell in row["column"]),
        existing=ExistingRecords(
            path=existing["path"],
            columns=tuple((label, member) for label, member in existing["columns"]),
            day=existing.get("day", ""),
            year=existing.get("year", ""),
            items=existing.get("items", "items"),
            query=tuple(existing.get("query", {}).items()),
        ),
        rows_member=row.get("rows_member", ""),
        unit_member=row.get("unit_member", ""),
        prefilled=row.get("prefilled", False),
        fields_unless=tuple(row.get("fields_unless", ())),
    )


def to_cell(row: Mapping[str, Any]) -> RegisterCell:
    """Return a column or a cell above the table from its row in the file, or from JSON."""
    choices = row.get("choices", ())
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    parts = {"member": "", **row, "choices": tuple((str(code), str(word)) for code, word in pairs)}
    return RegisterCell(**parts)
