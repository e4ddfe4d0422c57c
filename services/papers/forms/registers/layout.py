"""What the form of a register shows for a unit and period, and where each part stands on the sheet. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from services.papers.forms.layout import LAYOUT_VERSION
from services.papers.forms.registers.definitions import RegisterCell, RegisterForm, to_cell

EXISTING_SHEET = "Hiện có"
CHOICE_SHEET = "Danh mục"
FIRST_FIELD_ROW = 3
FIELD_VALUE_COLUMN = 2
BLANK_ROWS = 200
"""Rows with borders on a blank form; those below are open as well."""

MAX_REGISTER_ROWS = 300
"""As many requests, twice, as are answered within the time of one."""
MAX_BODY_ROWS = 10_000
"""As many rows as a batch may have."""


@dataclass(frozen=True)
class RegisterLayout:
    """The form of a register for a unit and period."""

    program: str
    form: str
    label: str
    legal_basis: str
    unit: str
    unit_name: str
    period: str
    fields: tuple[RegisterCell, ...]
    columns: tuple[RegisterCell, ...]
    units: tuple[tuple[str, str, str], ...]
    """Code, name and level of each unit that a row may name."""
    prefilled: tuple[tuple[str, str], ...]
    """Code and name of the unit of each row that is there already."""
    existing_columns: tuple[str, ...]
    existing: tuple[tuple[Any, ...], ...]
    """What the register has already."""
    sends_rows_alone: bool

    @property
    def label_row(self) -> int:
        """Return the row of the column heads, counted from 0."""
        return FIRST_FIELD_ROW + len(self.fields) + 2

    @property
    def code_row(self) -> int:
        """Return the row of the codes."""
        return self.label_row + 1

    @property
    def first_row(self) -> int:
        """Return the first row of records."""
        return self.code_row + 1

    @property
    def total_row(self) -> int:
        """Return the row of the totals, above the table, so that rows can be added below."""
        return FIRST_FIELD_ROW + len(self.fields)

    @property
    def most_rows(self) -> int:
        """Return how many rows one file may have."""
        return MAX_REGISTER_ROWS if self.sends_rows_alone else MAX_BODY_ROWS

    def to_document(self) -> dict[str, Any]:
        """Return the layout as JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the layout that a JSON document holds."""
        parts = dict(document)
        for name in ("fields", "columns"):
            parts[name] = tuple(to_cell(cell) for cell in document[name])
        for name in ("units", "prefilled", "existing"):
            parts[name] = tuple(tuple(row) for row in document[name])
        parts["existing_columns"] = tuple(document["existing_columns"])
        return cls(**parts)

    def to_meta(self) -> dict[str, str]:
        """Return what the hidden sheet says of the form."""
        return {
            "layout": str(LAYOUT_VERSION),
            "program": self.program,
            "form": self.form,
            "unit": self.unit,
            "period": self.period,
            "locale": "vi",
            "columns": ",".join(column.key for column in self.columns),
        }


def make_register_layout(
    register: RegisterForm,
    *,
    unit: Mapping[str, Any],
    period: str,
    year: int,
    units: Sequence[Mapping[str, Any]],
    choices: Mapping[str, Sequence[tuple[str, str]]],
    existing: Sequence[Mapping[str, Any]],
) -> RegisterLayout:
    """Return the form of a register; `choices` are those that services answered, by their name."""
    return RegisterLayout(
        program=register.program,
        form=register.form,
        label=register.label,
        legal_basis=register.legal_basis,
        unit=unit["code"],
        unit_name=unit["full_name"],
        period=period,
        fields=tuple(_resolve(cell, choices, year) for cell in register.fields),
        columns=tuple(_resolve(cell, choices, year) for cell in register.columns),
        units=tuple((row["code"], row["full_name"], row["level"]) for row in units),
        prefilled=tuple((row["code"], row["full_name"]) for row in units if row["level"] == "commune")
        if register.prefilled
        else (),
        existing_columns=tuple(label for label, _ in register.existing.columns),
        existing=tuple(
            tuple(find_member(row, member) for _, member in register.existing.columns) for row in existing
        ),
        sends_rows_alone=not register.rows_member,
    )


def _resolve(cell: RegisterCell, choices: Mapping[str, Sequence[tuple[str, str]]], year: int) -> RegisterCell:
    defaults = {"year": str(year), "mark": "x"}
    words = dict(cell.choices)
    default = defaults.get(cell.default, words.get(cell.default, cell.default))
    resolved = cell.choices or tuple(choices.get(cell.source, ()))
    return RegisterCell(**{**asdict(cell), "choices": resolved, "default": default})


def find_member(row: Mapping[str, Any], member: str) -> Any:
    """Return the member of a row by its pointer without the first slash; None where there is none."""
    value: Any = row
    for name in member.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def print_choice(cell: RegisterCell, code: str, word: str) -> str:
    """Return a choice as the list of a cell shows it: a word of the form, or the code and its name."""
    return f"{code} – {word}" if cell.source else word
