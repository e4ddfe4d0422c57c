"""Make the layout of a form from what the services answer. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.papers.forms.layout import FormColumn, FormLayout, FormRow, RowCheck
from shared.kit.problems import Invalid, NotFound, Sentence
from shared.periods import FIRST_YEAR, Period

MAX_CELLS = 10_000
"""As many values as a report may have."""

COMPARISONS = {
    "sum_equals_total": "equal",
    "each_at_most_total": "at_most",
    "equal": "equal",
    "at_most": "at_most",
    "at_least": "at_least",
}

ServiceAnswer = Mapping[str, Any]


class FormNotFound(NotFound):
    """The program has no such form."""

    code = "form_not_found"
    detail = Sentence(
        "Chương trình {program} không có biểu {form}.", "The program {program} has no form {form}."
    )


class FormNotForPeriod(Invalid):
    """The form is not for periods of this kind."""

    code = "form_not_for_period"
    detail = Sentence(
        "Biểu {form} không lập cho kỳ {period}; dùng cho: {kinds}.",
        "The form {form} is not for {period}; it is for: {kinds}.",
    )


class FormNotForUnit(Invalid):
    """No indicator of the form is stated by this unit or by units below it."""

    code = "form_not_for_unit"
    detail = Sentence(
        "Đơn vị {unit} không có ô nào để nhập trên biểu {form} kỳ {period}.",
        "The unit {unit} has nothing to state on the form {form} for {period}.",
    )


class FormTooLarge(Invalid):
    """The form has more cells than a report may have values."""

    code = "form_too_large"
    detail = Sentence(
        "Biểu có {cells} ô, nhiều hơn {limit}; hãy lập cho đơn vị nhỏ hơn.",
        "The form has {cells} cells, more than {limit}; make it for a smaller unit.",
    )


@dataclass(frozen=True, slots=True)
class FormKind:
    """A form of a program's catalogue on a day."""

    code: str
    label: str
    label_en: str
    periods: tuple[str, ...]
    preliminary_of: str | None
    legal_basis: str


def list_forms(catalogue: ServiceAnswer) -> list[FormKind]:
    """Return the forms of a catalogue, those in force last where a code has several rows."""
    forms = {
        row["code"]: FormKind(
            row["code"],
            row["label"]["vi"],
            row["label"]["en"],
            tuple(row["periods"]),
            row.get("preliminary_of"),
            row.get("legal_basis", ""),
        )
        for row in catalogue["tables"].get("form", ())
    }
    return list(forms.values())


def require_form(program: str, form: str, catalogue: ServiceAnswer, period: Period) -> FormKind:
    """Return a form for a period; raises `FormNotFound` or `FormNotForPeriod`."""
    kind = next((kind for kind in list_forms(catalogue) if kind.code == form), None)
    if kind is None:
        raise FormNotFound(program=program, form=form)
    if period.kind not in kind.periods:
        raise FormNotForPeriod(form=form, period=str(period), kinds=", ".join(kind.periods))
    return kind


def find_period_before(period: Period) -> Period:
    """Return the same period of the year before."""
    return replace(period, year=period.year - 1)


def make_columns(indicators: ServiceAnswer, form: str, on: date) -> list[FormColumn]:
    """Return the columns of a form on a day, in the order of the catalogue."""
    standards = {
        standard["code"]
        for standard in indicators.get("standards", ())
        if is_valid(standard, on) and form in standard["forms"]
    }
    return [
        column
        for entry in indicators["items"]
        if entry["form"] and entry["form"]["code"] == form and is_valid(entry, on)
        if not entry["standards"] or not standards or standards & set(entry["standards"])
        for column in _make_columns_of(entry, on)
    ]


def _make_columns_of(entry: ServiceAnswer, on: date) -> Iterator[FormColumn]:
    dimension = entry["dimension"]
    members: list[ServiceAnswer | None] = [None]
    if dimension:
        members = [member for member in dimension["members"] if is_valid(member, on)]
    for member in members:
        yield FormColumn(
            indicator=entry["code"],
            dimension=dimension["code"] if dimension else None,
            member=member["code"] if member else None,
            label=f"{entry['label']}: {member['label']}" if member else entry["label"],
            definition=entry["definition"],
            unit_of_measure=entry["unit_of_measure"],
            decimals=entry["decimals"],
            minimum=_to_text(entry["minimum"]),
            maximum=_to_text(entry["maximum"]),
            level=entry["level"],
            unit_kinds=None if entry["unit_kinds"] is None else tuple(entry["unit_kinds"]),
            adds=entry["adds"],
        )


def _to_text(number: Any) -> str | None:
    return None if number is None else str(number)


def make_checks(indicators: ServiceAnswer, columns: Sequence[FormColumn], on: date) -> list[RowCheck]:
    """Return what must hold within a row: identities of dimensions, and relations whose terms all stand on the form."""
    keys = [column.key for column in columns]
    checks: dict[str, RowCheck] = {}
    for entry in indicators["items"]:
        members = tuple(key for key in keys if key.startswith(f"{entry['code']}."))
        for identity in entry["identities"]:
            comparison = COMPARISONS.get(identity["kind"])
            if comparison and members and identity["total"] in keys and is_valid(identity, on):
                label = f"{entry['label']}: tổng các phân tổ"
                checks[f"{entry['code']}="] = RowCheck(label, comparison, members, (identity["total"],), "1")
        for relation in entry["relations"]:
            left, right = (_expand(relation[side], keys) for side in ("left", "right"))
            if left and right and is_valid(relation, on):
                checks[relation["code"]] = RowCheck(
                    relation["label"], COMPARISONS[relation["kind"]], left, right, str(relation["factor"])
                )
    return list(checks.values())


def make_movement_checks(
    catalogue: ServiceAnswer, form: str, columns: Sequence[FormColumn], on: date
) -> list[RowCheck]:
    """Return for each table of movements that the end is the start less what left plus what came.

    Written without a minus: the start and what came are as much as the end and what left.
    """
    keys = [column.key for column in columns]
    checks = []
    tables = (
        table
        for row in catalogue["tables"].get("form", ())
        if row["code"] == form and is_valid({"valid_to": None, **row}, on)
        for table in row.get("table", ())
        if table.get("leaving")
    )
    for table in tables:
        start, *between, end = table["columns"]
        coming = [code for code in between if code not in table["leaving"]]
        left, right = _expand([start, *coming], keys), _expand([*table["leaving"], end], keys)
        if left and right:
            label = f"{table['label']['vi']}: cuối kỳ bằng đầu kỳ trừ giảm cộng tăng"
            checks.append(RowCheck(label, "equal", left, right, "1"))
    return checks


def _expand(terms: Iterable[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of the terms; none where a term does not stand on the form."""
    expanded: list[str] = []
    for term in terms:
        columns = [key for key in keys if key == term or key.startswith(f"{term}.")]
        if not columns:
            return ()
        expanded += columns
    return tuple(expanded)


def is_valid(row: ServiceAnswer, on: date) -> bool:
    """Whether a dated row holds on a day."""
    day = on.isoformat()
    return bool(row["valid_from"] <= day and (row["valid_to"] is None or day <= row["valid_to"]))


def make_rows(
    unit: ServiceAnswer, communes: Sequence[ServiceAnswer], districts: Sequence[ServiceAnswer]
) -> list[FormRow]:
    """Return the rows: each district before its communes; a commune alone where the form is its own."""
    if unit["level"] == "commune":
        return [_make_row(unit)]
    rows = []
    for district in districts:
        rows.append(_make_row(district))
        rows += [_make_row(commune) for commune in communes if commune["parent"] == district["code"]]
    of_districts = {district["code"] for district in districts}
    return rows + [_make_row(commune) for commune in communes if commune["parent"] not in of_districts]


def _make_row(unit: ServiceAnswer) -> FormRow:
    return FormRow(unit["code"], unit["full_name"], unit["kind"], unit["level"])


def assign_levels(
    columns: Sequence[FormColumn], rows: Sequence[FormRow], *, in_district: bool
) -> list[FormColumn]:
    """Return the columns with the level that states them here: communes state what districts did where there are none."""
    if in_district or any(row.level == "district" for row in rows):
        return list(columns)
    return [replace(column, level="commune") for column in columns]


def make_layout(
    program: str,
    kind: FormKind,
    period: Period,
    *,
    catalogue: ServiceAnswer,
    indicators: ServiceAnswer,
    unit: ServiceAnswer,
    communes: Sequence[ServiceAnswer],
    districts: Sequence[ServiceAnswer],
    before: Sequence[ServiceAnswer] = (),
) -> FormLayout:
    """Return the layout; raises `FormNotForUnit` or `FormTooLarge`."""
    on = period.ends_on
    rows = make_rows(unit, communes, districts)
    in_district = any(above["level"] == "district" for above in unit.get("ancestors", ()))
    columns = assign_levels(
        make_columns(indicators, kind.preliminary_of or kind.code, on), rows, in_district=in_district
    )
    levels = {column.level for column in columns}
    rows = [row for row in rows if row.level in levels]
    if not rows or not columns:
        raise FormNotForUnit(unit=unit["code"], form=kind.code, period=str(period))
    if len(rows) * len(columns) > MAX_CELLS:
        raise FormTooLarge(cells=len(rows) * len(columns), limit=MAX_CELLS)
    values: dict[str, dict[str, str]] = {}
    for value in before:
        if value["value"] is not None and not value["nil"]:
            member = next(iter((value["dimension"] or {}).values()), None)
            key = value["indicator"] if member is None else f"{value['indicator']}.{member}"
            values.setdefault(value["unit"], {})[key] = str(value["value"])
    return FormLayout(
        program=program,
        form=kind.code,
        label=kind.label,
        unit=unit["code"],
        unit_name=unit["full_name"],
        period=str(period),
        catalogue_version=catalogue["version"],
        legal_basis=kind.legal_basis,
        status="preliminary" if kind.preliminary_of else "official",
        rows=tuple(rows),
        columns=tuple(columns),
        checks=(
            *make_checks(indicators, columns, on),
            *make_movement_checks(catalogue, kind.preliminary_of or kind.code, columns, on),
        ),
        before=values,
        period_before=str(find_period_before(period)) if period.year > FIRST_YEAR else "",
    )
