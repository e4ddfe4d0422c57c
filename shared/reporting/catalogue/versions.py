"""Versions of a catalogue: their names, and what changes from one to the next. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from shared.kit.exact_json import mark_number, to_number
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.dimensions import from_series_key

ChangeKind = Literal["added", "changed", "removed"]
Tables = Mapping[str, Any]
"""The rows of a catalogue by table."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of a catalogue that another version has not, or has otherwise."""

    table: str
    code: str
    valid_from: str | None
    change: ChangeKind


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure that another version has not, or that it makes or reads otherwise."""

    figure: str
    change: ChangeKind


def to_plain(value: object) -> Any:
    """Return rows as JSON has them: dates as texts, decimals as numbers."""
    match value:
        case Mapping():
            return {str(name): to_plain(member) for name, member in value.items()}
        case list() | tuple():
            return [to_plain(member) for member in value]
        case Decimal():
            return to_number(value)
        case date():
            return value.isoformat()
        case _:
            return value


def hash_tables(tables: Tables) -> str:
    """Return the SHA-256 of the rows of a catalogue, in hex."""
    text = json.dumps(
        to_plain(tables), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=mark_number
    )
    return hashlib.sha256(text.encode()).hexdigest()


def make_version_name(number: int, tables: Tables) -> str:
    """Return the name of a version: its number, 0 for the file that is shipped, and the beginning of its hash."""
    return f"{number}-{hash_tables(tables)[:8]}"


def find_row_changes(before: Tables, after: Tables) -> list[RowChange]:
    """Return the rows that differ, by table in the order of the later version."""
    tables = [name for name, rows in {**before, **after}.items() if isinstance(rows, list)]
    changes = []
    for table in tables:
        old, new = _by_key(table, before.get(table, ())), _by_key(table, after.get(table, ()))
        for key in {**old, **new}:
            if key not in old or key not in new or old[key] != new[key]:
                change: ChangeKind = "added" if key not in old else "removed" if key not in new else "changed"
                changes.append(RowChange(table, *key, change))
    return changes


def _by_key(table: str, rows: Any) -> dict[tuple[str, str | None], Any]:
    """Return rows by their code and first day; an identity has the codes of its indicator and total.

    A row of a table without codes has all its columns, so that any two rows differ in their key.
    """
    by_key: dict[tuple[str, str | None], Any] = {}
    for row in to_plain(rows):
        code = f"{row.get('indicator')}/{row.get('total')}" if table == "identity" else row.get("code")
        if code is None:
            code = "/".join(f"{name}={row[name]}" for name in sorted(row) if name != "valid_from")
        by_key[str(code), row.get("valid_from")] = row
    return by_key


def find_figure_changes(before: Catalogue, after: Catalogue) -> list[FigureChange]:
    """Return the figures that are added, removed, or that are made, broken or read otherwise."""
    changes = []
    for code in {**before.figures, **after.figures}:
        old, new = before.figures.get(code), after.figures.get(code)
        if old is None or new is None:
            changes.append(FigureChange(code, "removed" if new is None else "added"))
        elif old != new or any(
            _describe_inputs(catalogue, figure) != _describe_inputs(other, figure)
            for catalogue, other, figure in ((before, after, new),)
        ):
            changes.append(FigureChange(code, "changed"))
    return changes


def _describe_inputs(catalogue: Catalogue, figure: Figure) -> tuple[object, ...]:
    """Return what decides how the values of a figure are stated and read."""
    indicators = [catalogue.indicators.get(code) for code in figure.inputs]
    existing = [code for code in figure.inputs if code in catalogue.indicators]
    forms = sorted(catalogue.find_forms_stating(existing))
    return (
        indicators,
        [catalogue.forms[form] for form in forms],
        catalogue.list_figure_standards(figure) if len(existing) == len(figure.inputs) else None,
    )


def find_changed_indicators(before: Catalogue, after: Catalogue) -> frozenset[str]:
    """Return the series whose sums have to be made again: theirs, or those of figures that are made from them unit by unit."""
    changed = {
        code
        for code, versions in after.indicators.items()
        if before.indicators.get(code) != versions or _forms(before, code) != _forms(after, code)
    }
    for code, figures in after.made_unit_by_unit.items():
        if before.made_unit_by_unit.get(code) != figures:
            changed.add(code)
    return frozenset(code for code in changed if code in before.indicators)


def _forms(catalogue: Catalogue, code: str) -> list[object]:
    codes = (code,) if code in catalogue.indicators else ()
    return [catalogue.forms[form].periods for form in sorted(catalogue.find_forms_stating(codes))]


def find_removed_rows(before: Catalogue, after: Catalogue) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Return what a later version lacks: the table, the code, and the forms whose reports name it."""
    for code in before.forms.keys() - after.forms.keys():
        yield "form", code, frozenset({code})
    for code in before.indicators.keys() - after.indicators.keys():
        forms = frozenset(version.form for version in before.indicators[code])
        yield "indicator", ".".join(filter(None, from_series_key(code))), forms
    for code in before.figures.keys() - after.figures.keys():
        yield "figure", code, frozenset()
    codes_after = {standard.code for standard in after.standards}
    for standard in before.standards:
        if standard.code not in codes_after:
            yield "standard", standard.code, standard.forms
