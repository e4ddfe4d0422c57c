"""A program's catalogue as a TOML file: read whole, checked whole, bound to the rules that it names.

What is wrong with it stops the start, with the file and the entry named.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from shared.kit.problems import Sentence
from shared.periods import PeriodKind
from shared.reporting.catalogue import (
    BETTERS,
    LARGEST,
    LEVELS,
    Break,
    Catalogue,
    Due,
    Figure,
    Form,
    Indicator,
    Step,
)
from shared.reporting.dated import sentence
from shared.reporting.derivations import Check, Derivation
from shared.reporting.formulas import Average, CountUnits, Formula, FromRegister, Ratio, Sum, UnitRule
from shared.territory.units import KINDS


def _written(kind: type, *also: str) -> frozenset[str]:
    """Give the words that a row may hold: the fields of what is read from it, and those that are written otherwise."""
    return frozenset({each.name for each in fields(kind)} | {*also})


Word = tuple[str, Any, Sequence[str]]
"""A word of the file: what it says of which entry, the word, and the words that it can be."""

FORM = _written(Form, "step") - {"steps"}
INDICATOR = _written(Indicator)
FORMULA = frozenset({"kind", "terms", "numerator", "denominator", "scale", "inputs", "rule", "register"})
FIGURE = _written(Figure, "break", *FORMULA) - {"formula", "breaks"}


def load_catalogue(
    path: Path,
    *,
    rules: Mapping[str, UnitRule] | None = None,
    checks: Iterable[Check] = (),
    derivations: Iterable[Derivation] = (),
    also: Iterable[Indicator] = (),
) -> Catalogue:
    """Read a program's catalogue and bind the rules that it names; `also` are indicators that it keeps elsewhere."""
    try:
        return _catalogue(
            tomllib.loads(path.read_text(encoding="utf-8")), rules or {}, checks, derivations, also
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _catalogue(
    document: Mapping[str, Any],
    rules: Mapping[str, UnitRule],
    checks: Iterable[Check],
    derivations: Iterable[Derivation],
    also: Iterable[Indicator],
) -> Catalogue:
    _refuse_unread(document)
    _refuse_misspelt(document)
    forms = {row["code"]: _form(row) for row in _once(document["form"], "forms")}
    indicators: dict[str, tuple[Indicator, ...]] = {}
    for one in (*map(_indicator, document["indicator"]), *also):
        indicators[one.code] = tuple(
            sorted((*indicators.get(one.code, ()), one), key=lambda version: version.valid_from)
        )
    derived = [_figure(row, rules) for row in _once(document.get("figure", ()), "figures")]
    named = {figure.code for figure in derived}
    plain = [
        _plain_figure(versions)
        for code, versions in indicators.items()
        if code not in named and all(one.adds for one in versions)
    ]
    figures = {figure.code: figure for figure in (*derived, *plain)}
    return Catalogue(document["program"], forms, indicators, figures, tuple(checks), tuple(derivations))


def _refuse_unread(document: Mapping[str, Any]) -> None:
    """Refuse a word that nobody reads: a due day by another name would be no due day at all."""
    tables = (
        ("form", FORM),
        ("indicator", INDICATOR),
        ("figure", FIGURE),
    )
    rows = [(f"{name} {row['code']}", row, known) for name, known in tables for row in document.get(name, ())]
    for form in document["form"]:
        parts = (("due", _written(Due)), ("closing", _written(Due)), ("step", _written(Step)))
        rows += [
            (f"{name} of {form['code']}", row, known) for name, known in parts for row in form.get(name, ())
        ]
    for figure in document.get("figure", ()):
        rows += [(f"break of {figure['code']}", row, _written(Break)) for row in figure.get("break", ())]
    for what, row, known in rows:
        if unread := sorted(row.keys() - known):
            raise ValueError(f"{what} says what nobody reads: {unread}")


def _refuse_misspelt(document: Mapping[str, Any]) -> None:
    """Refuse a word that is none of the few that it can be: a form owed by a level that there is not is owed by nobody."""
    misspelt = [
        f"{what} is {word!r}, and can only be one of: {', '.join(allowed)}"
        for what, word, allowed in (*_words_of_forms(document["form"]), *_words_of_figures(document))
        if word not in allowed
    ]
    if misspelt:
        raise ValueError("; ".join(misspelt))


def _words_of_forms(forms: Iterable[Mapping[str, Any]]) -> Iterator[Word]:
    for form in forms:
        yield f"owed_by of form {form['code']}", form["owed_by"], LEVELS
        for kind in form["periods"]:
            yield f"a period of form {form['code']}", kind, tuple(PeriodKind)
        for step in form.get("step", ()):
            if "level" in step:
                yield f"level of step {step['code']} of form {form['code']}", step["level"], LEVELS


def _words_of_figures(document: Mapping[str, Any]) -> Iterator[Word]:
    for one in document["indicator"]:
        yield f"level of indicator {one['code']}", one["level"], LEVELS
        for kind in one.get("kinds", ()) if one["level"] in LEVELS else ():
            yield f"a kind of unit of indicator {one['code']}", kind, tuple(KINDS[one["level"]])
    for figure in document.get("figure", ()):
        if "better" in figure:
            yield f"better of figure {figure['code']}", figure["better"], BETTERS


def _form(row: dict[str, Any]) -> Form:
    return Form(
        code=row["code"],
        label=sentence(row, "label"),
        periods=frozenset(PeriodKind(kind) for kind in row["periods"]),
        owed_by=row["owed_by"],
        legal_basis=row["legal_basis"],
        confidence=row["confidence"],
        valid_from=row["valid_from"],
        valid_to=row.get("valid_to"),
        due=_dues(row, "due"),
        closing=_dues(row, "closing"),
        steps=tuple(
            Step(step["code"], sentence(step), step["legal_basis"], step.get("level"))
            for step in row.get("step", ())
        ),
    )


def _dues(row: dict[str, Any], name: str) -> tuple[Due, ...]:
    return tuple(
        Due(
            days_after_end=due["days_after_end"],
            clause=due["clause"],
            confidence=due["confidence"],
            valid_from=due["valid_from"],
            valid_to=due.get("valid_to"),
        )
        for due in row.get(name, ())
    )


def _indicator(row: dict[str, Any]) -> Indicator:
    return Indicator(
        code=row["code"],
        label=sentence(row, "label"),
        form=row["form"],
        unit_of_measure=row["unit_of_measure"],
        level=row["level"],
        legal_basis=row["legal_basis"],
        valid_from=row["valid_from"],
        valid_to=row.get("valid_to"),
        version=row.get("version", 1),
        flow=row.get("flow", False),
        kinds=frozenset(row["kinds"]) if "kinds" in row else None,
        decimals=row.get("decimals", 0),
        minimum=Decimal(str(row.get("minimum", 0))),
        maximum=Decimal(str(row.get("maximum", LARGEST))),
        adds=row.get("adds", True),
    )


def _formula(row: dict[str, Any], rules: Mapping[str, UnitRule]) -> Formula:
    match row["kind"]:
        case "sum":
            return Sum(tuple(row["terms"]))
        case "ratio":
            return Ratio(
                tuple(row["numerator"]), tuple(row["denominator"]), Decimal(str(row.get("scale", 100)))
            )
        case "average":
            return Average(tuple(row["terms"]))
        case "count":
            if row["rule"] not in rules:
                raise ValueError(f"figure {row['code']} names an unknown rule: {row['rule']}")
            return CountUnits(tuple(row["inputs"]), rules[row["rule"]])
        case "register":
            return FromRegister(row["register"])
    raise ValueError(f"figure {row['code']} is of an unknown kind: {row['kind']}")


def _figure(row: dict[str, Any], rules: Mapping[str, UnitRule]) -> Figure:
    return Figure(
        code=row["code"],
        label=sentence(row, "label"),
        formula=_formula(row, rules),
        unit_of_measure=row["unit_of_measure"],
        decimals=row.get("decimals", 0),
        definition=sentence(row, "definition"),
        legal_basis=row["legal_basis"],
        valid_from=row["valid_from"],
        valid_to=row.get("valid_to"),
        version=row.get("version", 1),
        headline=row.get("headline", False),
        better=row.get("better", "higher"),
        adds=row.get("adds", True),
        breaks=tuple(Break(each["on"], sentence(each, "note")) for each in row.get("break", ())),
    )


def _plain_figure(versions: tuple[Indicator, ...]) -> Figure:
    """Every indicator that adds is a figure of its own: the sum of what is stated, for as long as one of its versions is valid."""
    indicator = versions[-1]
    return Figure(
        code=indicator.code,
        label=indicator.label,
        formula=Sum((indicator.code,)),
        unit_of_measure=indicator.unit_of_measure,
        decimals=indicator.decimals,
        definition=Sentence("Tổng các giá trị đã báo cáo.", "The sum of the values stated."),
        legal_basis=indicator.legal_basis,
        valid_from=versions[0].valid_from,
        valid_to=indicator.valid_to,
    )


def _once(rows: Iterable[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    found = list(rows)
    codes = Counter(row["code"] for row in found)
    if twice := [code for code, times in codes.items() if times > 1]:
        raise ValueError(f"{what} stand twice: {twice}")
    return found
