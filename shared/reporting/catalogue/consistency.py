"""The faults of the parts of a catalogue: found when it is loaded, so that it fails in no report. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from shared.reporting.catalogue.definitions import MAX_DECIMALS, Figure, Form, Indicator
from shared.reporting.catalogue.formulas import CountUnits, EndToEndChange, FromRegister
from shared.reporting.catalogue.standards import Standard, list_standards


def find_figure_faults(
    figures: Iterable[Figure], indicators: Mapping[str, object], non_additive: Collection[str]
) -> Iterator[str]:
    """Return the figures that are made from unknown indicators, from values that do not add, or as a change of no such figure."""
    for figure in figures:
        if isinstance(figure.formula, EndToEndChange):
            if figure.changing is None:
                yield f"figure {figure.code} is the change of an unknown figure: {figure.formula.figure}"
            elif isinstance(figure.changing.formula, EndToEndChange | FromRegister):
                yield f"figure {figure.code} is the change of {figure.formula.figure}, which is a change or a count from a register"
            elif figure.read_before is None or (figure.formula.of is None) is (
                figure.formula.direction == "share"
            ):
                yield f"figure {figure.code} is a share of an unknown figure, or no share of {figure.formula.of}"
            elif isinstance(figure.read_before.formula, EndToEndChange | FromRegister):
                yield f"figure {figure.code} is a share of {figure.formula.of}, which is a change or a count from a register"
            continue
        unknown = [code for code in figure.inputs if code not in indicators]
        if unknown:
            yield f"figure {figure.code} is made from unknown indicators: {unknown}"
        if figure.is_made_unit_by_unit and figure.measure_code in indicators:
            yield f"figure {figure.code} is made unit by unit and has the code of an indicator"
        not_adding = [code for code in figure.inputs if code in non_additive]
        if not_adding and not isinstance(figure.formula, CountUnits):
            yield f"figure {figure.code} adds up indicators that do not add: {not_adding}"


def find_mixed_standards(
    figures: Iterable[Figure],
    forms: Iterable[str],
    standards: Collection[Standard],
    find_forms_stating: Callable[[Iterable[str]], Collection[str]],
) -> Iterator[str]:
    """Return the figures whose inputs would be read under different standards."""
    codes = {form: frozenset(standard.code for standard in list_standards(standards, form)) for form in forms}
    for figure in figures:
        if figure.changing is not None:
            continue
        kinds = {codes[form] for form in find_forms_stating(figure.inputs)}
        if not figure.is_made_unit_by_unit:
            kinds.discard(frozenset())
        if len(kinds) > 1:
            yield f"figure {figure.code} is made from forms of different standards"


def find_indicator_faults(
    indicators: Mapping[str, tuple[Indicator, ...]],
    forms: Mapping[str, Form],
    standards: Collection[Standard],
) -> Iterator[str]:
    """Return the indicators on unknown forms or of unknown standards, with faulty limits, or with two versions on a day."""
    for versions in indicators.values():
        for version in versions:
            if version.form not in forms:
                yield f"indicator {version.code} is on an unknown form: {version.form}"
            unknown = (version.standards or frozenset()).difference(
                standard.code for standard in list_standards(standards, version.form)
            )
            if unknown:
                yield f"indicator {version.code} is of unknown standards: {sorted(unknown)}"
            if version.starts_from is not None and version.starts_from not in indicators:
                yield f"indicator {version.code} starts from an unknown indicator: {version.starts_from}"
            if version.minimum > version.maximum or not 0 <= version.decimals <= MAX_DECIMALS:
                yield (
                    f"indicator {version.code} has its minimum above its maximum, or too many decimal places"
                )
        for earlier, later in pairwise(versions):
            if earlier.is_in_force(later.valid_from):
                yield f"indicator {earlier.code} has two versions on {later.valid_from}"


def find_table_faults(
    forms: Iterable[Form], indicators: Mapping[str, tuple[Indicator, ...]]
) -> Iterator[str]:
    """Return the tables of forms with columns that are not on the form, or with none."""
    for form in forms:
        on_form = {
            code
            for code, versions in indicators.items()
            if any(version.form in (form.code, form.preliminary_of) for version in versions)
        }
        for table in form.tables:
            unknown = [code for code in (*table.columns, *table.opened_by) if code not in on_form]
            if unknown or not table.columns:
                yield f"table {table.code} of form {form.code} has columns that are not on the form: {unknown}"
            if not set(table.leaving) <= set(table.columns[1:-1]):
                yield f"table {table.code} of form {form.code}: what leaves stands between the first and the last column"


def find_preliminary_faults(forms: Mapping[str, Form]) -> Iterator[str]:
    """Return the preliminary forms whose official form is unknown, preliminary itself, or for other periods."""
    for form in forms.values():
        if form.preliminary_of is None:
            continue
        official = forms.get(form.preliminary_of)
        if official is None or official.preliminary_of is not None:
            yield f"form {form.code} is preliminary to {form.preliminary_of}, which is no official form"
        elif official.periods != form.periods or len(form.periods) != 1:
            yield f"form {form.code} and its official form {official.code} are not for one and the same kind of period"
