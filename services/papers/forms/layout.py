"""What a form shows: units as rows, indicators as columns; and where each part stands on the sheet. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

LAYOUT_VERSION = 1
"""Counted up when a form of an older layout could no longer be read."""

ENTRY_SHEET = "Biểu nhập"
REASON_SHEET = "Giải trình"
FAULT_SHEET = "Lỗi"
GUIDE_SHEET = "Hướng dẫn"
META_SHEET = "_form"

UNIT_CODE, NAME_CODE = "unit", "unit_name"
"""What the code row has in the two columns that name a row's unit."""

NIL_MARK = "x"
"""In a cell, in place of a number: nothing happened in this column."""

STATUS_WORDS = {"official": "chính thức", "preliminary": "sơ bộ", "estimate": "ước"}

HEADER_FIELDS: Mapping[str, tuple[str, str]] = {
    "nil": ("Cả kỳ không phát sinh (đánh dấu x)", "nil"),
    "status": ("Mức độ số liệu", "status"),
    "number": ("Số văn bản", "document/number"),
    "signed_on": ("Ngày ký (năm-tháng-ngày)", "document/signed_on"),
    "signer_role": ("Chức vụ người ký", "document/signer_role"),
    "note": ("Ghi chú", "note"),
    "supersedes": ("Mã báo cáo được thay", "supersedes"),
}
"""The cells above the table: label, and the member of the report that each fills."""

FIRST_HEADER_ROW = 3
LABEL_ROW = FIRST_HEADER_ROW + len(HEADER_FIELDS) + 1
CODE_ROW = LABEL_ROW + 1
FIRST_UNIT_ROW = CODE_ROW + 1
"""Rows are counted from 0 here, and from 1 in addresses."""

HEADER_VALUE_COLUMN = 2
FIRST_VALUE_COLUMN = 2
FIRST_REASON_ROW = 2


@dataclass(frozen=True, slots=True)
class FormColumn:
    """An indicator, or one member of an indicator that is stated by a dimension."""

    indicator: str
    dimension: str | None
    member: str | None
    label: str
    definition: str
    unit_of_measure: str
    decimals: int
    minimum: str | None
    maximum: str | None
    level: str
    unit_kinds: tuple[str, ...] | None
    adds: bool

    @property
    def key(self) -> str:
        """Return the series key: the indicator, and the member after a full stop."""
        return self.indicator if self.member is None else f"{self.indicator}.{self.member}"


@dataclass(frozen=True, slots=True)
class FormRow:
    """A unit that states values."""

    unit: str
    name: str
    kind: str
    level: str


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What must hold between the values of a row, by the catalogue."""

    label: str
    kind: str
    """equal, at_most, at_least."""
    left: tuple[str, ...]
    right: tuple[str, ...]
    factor: str


@dataclass(frozen=True)
class FormLayout:
    """A form of one unit and period."""

    program: str
    form: str
    label: str
    unit: str
    unit_name: str
    period: str
    catalogue_version: str
    legal_basis: str
    status: str
    rows: tuple[FormRow, ...]
    columns: tuple[FormColumn, ...]
    checks: tuple[RowCheck, ...]
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The value of the same period of the year before, by unit and series key."""
    period_before: str = ""
    version: int = LAYOUT_VERSION

    def to_document(self) -> dict[str, Any]:
        """Return the layout as JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the layout that a JSON document holds."""
        parts = dict(document)
        parts["rows"] = tuple(FormRow(**row) for row in document["rows"])
        parts["columns"] = tuple(
            FormColumn(**{**column, "unit_kinds": _to_tuple(column["unit_kinds"])})
            for column in document["columns"]
        )
        parts["checks"] = tuple(
            RowCheck(**{**check, "left": tuple(check["left"]), "right": tuple(check["right"])})
            for check in document["checks"]
        )
        return cls(**parts)

    def is_open(self, row: FormRow, column: FormColumn) -> bool:
        """Whether a unit states an indicator: by its level, and by its kind."""
        if row.level != column.level:
            return False
        return column.unit_kinds is None or row.level != "commune" or row.kind in column.unit_kinds

    @property
    def total_row(self) -> int:
        """Return the row of the totals, counted from 0."""
        return FIRST_UNIT_ROW + len(self.rows)

    def to_meta(self) -> dict[str, str]:
        """Return what the hidden sheet says of the form."""
        return {
            "layout": str(self.version),
            "program": self.program,
            "form": self.form,
            "unit": self.unit,
            "period": self.period,
            "catalogue": self.catalogue_version,
            "locale": "vi",
            "units": ",".join(row.unit for row in self.rows),
            "columns": ",".join(column.key for column in self.columns),
        }


def _to_tuple(values: Any) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def name_column(index: int) -> str:
    """Return the letters of a column that is counted from 0: A, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def name_cell(row: int, column: int, sheet: str = "") -> str:
    """Return the address of a cell, both counted from 0: `Biểu nhập!C8`."""
    address = f"{name_column(column)}{row + 1}"
    return f"{sheet}!{address}" if sheet else address
