"""Translate the records of a form into bodies, and the pointers of faults into cells. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.papers.forms.registers.definitions import CHOICE_KINDS, RegisterCell, RegisterForm
from services.papers.forms.registers.layout import RegisterLayout, print_choice
from services.papers.forms.translation import FormTarget
from shared.kit.problems import Invalid, Language, Sentence

HEADER_PLACE = -1
"""In place of a row: the cells above the table."""


class RegisterRowsRefused(Invalid):
    """Rows of the form are refused; `errors` names each fault with its cell, `rows` what became of each row."""

    code = "register_rows_refused"
    title = Sentence("Có hàng không nhận được", "Some rows cannot be taken")
    detail = Sentence(
        "{refused} trong {rows} hàng bị từ chối; {recorded} hàng đã được ghi.",
        "{refused} of {rows} rows are refused; {recorded} rows are recorded.",
    )

    def __init__(
        self,
        relayed: Sequence[Mapping[str, Any]],
        *,
        outcomes: Sequence[Mapping[str, Any]],
        refused: int,
        rows: int,
        recorded: int,
    ) -> None:
        super().__init__(refused=refused, rows=rows, recorded=recorded, outcomes=list(outcomes))
        self._relayed = relayed

    def document(self, language: Language, instance: str, origin: str = "") -> dict[str, Any]:
        """Return the document, with the faults that the program named."""
        document = super().document(language, instance, origin)
        document["errors"] = [*document.get("errors", ()), *self._relayed]
        return document


class RegisterRowsMissing(Invalid):
    """The form states no row."""

    code = "register_rows_missing"
    detail = Sentence("Biểu chưa có hàng nào.", "The form states no row.")


class RegisterRowsTooMany(Invalid):
    """The form has more rows than one file may have."""

    code = "register_rows_too_many"
    detail = Sentence(
        "Biểu có {rows} hàng, nhiều hơn {limit}; hãy chia thành nhiều tệp.",
        "The form has {rows} rows, more than {limit}; split it.",
    )


@dataclass(frozen=True)
class CellPlace:
    """Where a part of a body was stated: the row of the form, or the cells above the table, and the column."""

    row: int
    """Counted from 0; `HEADER_PLACE` above the table."""
    key: str
    cell: str
    """The cell of the file that was sent."""


@dataclass(frozen=True)
class RegisterBody:
    """A body to be sent, and where its parts were stated, by pointer."""

    body: dict[str, Any]
    places: Mapping[str, CellPlace]


def translate_register(
    register: RegisterForm, form: Mapping[str, Any], target: FormTarget, layout: RegisterLayout
) -> list[RegisterBody]:
    """Return the bodies that a form states: one with all rows, or one for each row.

    Raises `RegisterRowsMissing` or `RegisterRowsTooMany`.
    """
    rows = form["rows"]
    if not rows:
        raise RegisterRowsMissing
    if len(rows) > layout.most_rows:
        raise RegisterRowsTooMany(rows=len(rows), limit=layout.most_rows)
    bodies = [_translate_row(register, form, layout, index) for index in range(len(rows))]
    if not register.rows_member:
        return bodies
    body: dict[str, Any] = {}
    places: dict[str, CellPlace] = {}
    for field in layout.fields:
        if not field.rows and field.key in form["header"]:
            value, cell = form["header"][field.key]
            _put(body, field.member, _read_choice(field, value))
            places[f"/{field.member}"] = CellPlace(HEADER_PLACE, field.key, cell)
    if register.unit_member:
        body[register.unit_member] = target.unit
    for index, translated in enumerate(bodies):
        for pointer, place in translated.places.items():
            places[f"/{register.rows_member}/{index}{pointer}"] = place
    body[register.rows_member] = [translated.body for translated in bodies]
    return [RegisterBody(body, places)]


def _translate_row(
    register: RegisterForm, form: Mapping[str, Any], layout: RegisterLayout, index: int
) -> RegisterBody:
    record = form["rows"][index]
    body: dict[str, Any] = {}
    places: dict[str, CellPlace] = {"": CellPlace(index, "", record["cell"])}
    alone = any(record["values"].get(name) for name in register.fields_unless)
    for field in layout.fields:
        if field.rows and field.key in form["header"] and (field.always or not alone):
            value, cell = form["header"][field.key]
            _put(body, field.member, _read_choice(field, value))
            places[f"/{field.member}"] = CellPlace(HEADER_PLACE, field.key, cell)
    for column in layout.columns:
        if not column.member:
            continue
        pointer = f"/{column.member}"
        if column.key in record["values"]:
            _put(body, column.member, _read_choice(column, record["values"][column.key]))
            places[pointer] = CellPlace(index, column.key, record["cells"][column.key])
        elif column.key in record["cells"] and pointer not in places:
            places[pointer] = CellPlace(index, column.key, record["cells"][column.key])
    return RegisterBody(body, places)


def _put(body: dict[str, Any], member: str, value: Any) -> None:
    """Put a value into a body under its pointer."""
    *above, last = member.split("/")
    for name in above:
        body = body.setdefault(name, {})
    body[last] = value


def _read_choice(cell: RegisterCell, value: Any) -> Any:
    """Return the code of a choice that is stated by its code, its word or both; another value as it is."""
    if cell.kind not in CHOICE_KINDS:
        return value
    stated = str(value).strip().casefold()
    for code, word in cell.choices:
        if stated in {code.casefold(), word.casefold(), print_choice(cell, code, word).casefold()}:
            return int(code) if cell.kind == "choice_number" and code.isdigit() else code
    return int(stated) if cell.kind == "choice_number" and stated.isdigit() else value


def find_place(pointer: str, places: Mapping[str, CellPlace]) -> CellPlace | None:
    """Return where a part of a body was stated, or the nearest part around it, or the first one below it."""
    below = next((place for part, place in places.items() if part.startswith(f"{pointer}/")), None)
    if pointer in places or below is None:
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
        return places.get(pointer)
    return below


def add_places(
    faults: Sequence[dict[str, Any]], places: Mapping[str, CellPlace]
) -> list[tuple[dict[str, Any], CellPlace | None]]:
    """Add the cell of each fault, and return the faults with their places."""
    placed = []
    for fault in faults:
        place = find_place(fault.get("pointer", ""), places)
        if place is not None:
            fault["cell"] = place.cell
        placed.append((fault, place))
    return placed
