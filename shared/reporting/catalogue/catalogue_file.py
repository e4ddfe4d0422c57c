"""A program's catalogue as a TOML file: read whole, checked whole, bound to the rules that it names.

What is wrong with it stops the start, with the file, the entry and the field.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from shared.dated_facts.loader import FactRow, FactsFile, check_facts, open_facts, row_name
from shared.kit.problems import Sentence
from shared.reporting.catalogue.bounds import Bound
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Form, Indicator
from shared.reporting.catalogue.derivations import Check, DerivationRule
from shared.reporting.catalogue.dimensions import (
    Dimension,
    DimensionIdentity,
    expand_indicators,
    from_series_key,
)
from shared.reporting.catalogue.formulas import (
    Average,
    CountUnits,
    EndToEndChange,
    Formula,
    FromRegister,
    Ratio,
    Sum,
    TotalOrParts,
    UnitRule,
)
from shared.reporting.catalogue.national_targets import NationalTarget
from shared.reporting.catalogue.owing import with_owing_rules
from shared.reporting.catalogue.program_tables import ProgramPart, ProgramTables
from shared.reporting.catalogue.relations import IndicatorRelation, expand_relation
from shared.reporting.catalogue.standards import Standard
from shared.reporting.catalogue.versions import make_version_name
from shared.reporting.catalogue.withholding import WithholdingRule
from shared.territory.units import KINDS

FORMULAS: Mapping[str, type[Formula]] = {
    "sum": Sum,
    "total_or_parts": TotalOrParts,
    "ratio": Ratio,
    "average": Average,
    "count": CountUnits,
    "register": FromRegister,
    "change": EndToEndChange,
}
"""By the `kind` of a figure in the file; the fields of a formula are in the same row as those of its figure."""
FORMULA_FIELDS = frozenset(column.name for formula in FORMULAS.values() for column in fields(formula))


@dataclass(frozen=True, slots=True)
class CatalogueHeader:
    """The head of the file."""

    program: str


@dataclass(frozen=True)
class CatalogueLoader:
    """Reads a program's catalogue, and binds the functions of the program that it names."""

    path: Path
    """The file that is shipped with the program."""
    rules: Mapping[str, UnitRule] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    derivation_rules: tuple[DerivationRule, ...] = ()
    program_tables: ProgramTables | None = None
    """How the program reads tables of its own; None: it has none."""
    has_forms: bool = True
    """Whether a file without forms and indicators is faulty; a service of registers alone has none."""
    validate: Callable[[Catalogue], None] | None = None
    """Raises `ValueError` for a catalogue that does not fit the rest of the program."""

    def load_file(self, path: Path | None = None) -> Catalogue:
        """Return the catalogue of a file, by default of the shipped one; raise `ValueError` with every fault of it."""
        path = path or self.path
        with open_facts(path) as facts:
            return self._read(facts, f"{path}: ")

    def load_tables(self, tables: FactRow, number: int) -> Catalogue:
        """Return the catalogue of the tables of a later version; raise `FaultyFactsError` or `ValueError`."""
        with check_facts(FactsFile(Path("tables"), tables)) as facts:
            return replace(self._read(facts, ""), version=make_version_name(number, tables))

    def _read(self, facts: FactsFile, name: str) -> Catalogue:
        header = facts.header(CatalogueHeader)
        forms = facts.rows(
            "form",
            Form,
            optional=not self.has_forms,
            aliases={"steps": "step", "tables": "table", "total_reviews": "total_review"},
        )
        indicators = facts.rows("indicator", Indicator, optional=not self.has_forms)
        standards = facts.rows("standard", Standard, optional=True)
        dimensions = facts.rows("dimension", Dimension, optional=True, aliases={"members": "member"})
        identities = facts.rows("identity", DimensionIdentity, optional=True)
        bounds = facts.rows("bound", Bound, optional=True)
        relations = facts.rows("relation", IndicatorRelation, optional=True)
        withholding = facts.rows("withholding", WithholdingRule, optional=True, one_in_force=["dimension"])
        national_targets = facts.rows("national_target", NationalTarget, optional=True, one_in_force=["code"])
        figures = _read_figures(facts, self.rules)
        _find_unknown_kinds(facts, indicators)
        _find_repeated_codes(facts, "form", (form.code for form in forms))
        for form in forms:
            facts.refuse_overlaps(f"form {form.code}: owing", form.owing, lambda _: "districts")
        _find_repeated_codes(facts, "figure", (figure.code for figure in figures))
        part, shipped_rows = self._read_program_tables(facts)
        facts.raise_faults()
        assert header is not None, "a head with faults was refused above"
        versions = _group_versions(expand_indicators([*indicators, *part.indicators], dimensions))
        expand = _make_expansion(versions)
        forms = tuple(with_owing_rules(_expand_tables(form, expand)) for form in forms)
        figure_codes = {figure.code for figure in figures}
        sums = [
            _sum_of(group)
            for code, group in versions.items()
            if code not in figure_codes and all(indicator.adds for indicator in group)
        ]
        try:
            catalogue = Catalogue(
                header.program,
                {form.code: form for form in forms},
                versions,
                {figure.code: figure for figure in (*figures, *sums)},
                self.checks,
                (*self.derivation_rules, *part.derivation_rules),
                standards,
                dimensions,
                identities,
                bounds,
                tuple(expand_relation(relation, expand) for relation in relations),
                withholding,
                national_targets,
                tables=facts.tables,
                program_rows=shipped_rows,
                program_content=part.content,
                version=make_version_name(0, facts.tables),
            )
            if self.validate is not None:
                self.validate(catalogue)
        except ValueError as error:
            raise ValueError(f"{name}{error}") from error
        return catalogue

    def _read_program_tables(self, facts: FactsFile) -> tuple[ProgramPart, FactRow]:
        """Return what the program reads from its tables, of which the shipped ones stand in for those that are not stated."""
        if self.program_tables is None:
            return ProgramPart(None), {}
        shipped = {
            table: rows for table, rows in self.program_tables.shipped.items() if table not in facts.tables
        }
        with_shipped = FactsFile(facts.path, {**shipped, **facts.tables}, facts.faults, facts.read)
        return self.program_tables.read(with_shipped), shipped


def load_catalogue(path: Path, **bound: Any) -> Catalogue:
    """Return the catalogue of a file; `bound` are fields of `CatalogueLoader`."""
    return CatalogueLoader(path, **bound).load_file()


def _read_figures(facts: FactsFile, rules: Mapping[str, UnitRule]) -> list[Figure]:
    figures = []
    for number, row in enumerate(facts.raw_rows("figure", optional=True), 1):
        name = row_name(row, number)
        formula = _read_formula(facts, row, name, rules)
        own = {name: value for name, value in row.items() if name not in FORMULA_FIELDS | {"kind"}}
        # A figure without a formula is read all the same, so that its other faults are named with it.
        fields = {**own, "formula": formula or Sum(())}
        figure = facts.parse(Figure, fields, "figure", name, aliases={"breaks": "break"})
        if formula is not None and figure is not None:
            figures.append(figure)
    return figures


def _read_formula(facts: FactsFile, row: FactRow, name: str, rules: Mapping[str, UnitRule]) -> Formula | None:
    kind = FORMULAS.get(str(row.get("kind")))
    if kind is None:
        fault = f"is of an unknown kind: {row.get('kind')}; kinds: {', '.join(FORMULAS)}"
        facts.add_fault("figure", name, "kind", what=fault)
        return None
    fields: dict[str, Any] = {field: value for field, value in row.items() if field in FORMULA_FIELDS}
    if "rule" in fields:
        rule = rules.get(fields["rule"])
        if rule is None:
            facts.add_fault("figure", name, "rule", what=f"names an unknown rule: {fields['rule']}")
            return None
        fields["rule"] = rule
    return facts.parse(kind, fields, "figure", name)


def _find_unknown_kinds(facts: FactsFile, indicators: Iterable[Indicator]) -> None:
    """Add a fault for each kind of unit that does not exist at the level of its indicator."""
    for indicator in indicators:
        for kind in sorted(indicator.kinds or ()):
            if kind not in KINDS[indicator.level]:
                fault = f"is {kind!r}, and can only be one of: {', '.join(KINDS[indicator.level])}"
                facts.add_fault("indicator", indicator.code, "kinds", what=fault)


def _find_repeated_codes(facts: FactsFile, table: str, codes: Iterable[str]) -> None:
    first_codes: set[str] = set()
    for code in codes:
        if code in first_codes:
            facts.add_fault(table, code, "code", what="is that of two rows")
        first_codes.add(code)


def _group_versions(indicators: Iterable[Indicator]) -> dict[str, tuple[Indicator, ...]]:
    """Return the versions of each code, the oldest first."""
    versions: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        versions.setdefault(indicator.code, []).append(indicator)
    return {
        code: tuple(sorted(group, key=lambda version: version.valid_from)) for code, group in versions.items()
    }


def _make_expansion(versions: Iterable[str]) -> Callable[[Iterable[str]], tuple[str, ...]]:
    """Return a function that puts, in place of the code of an indicator with a dimension, the series of its members."""
    series: dict[str, list[str]] = {}
    for key in versions:
        series.setdefault(from_series_key(key)[0], []).append(key)
    return lambda codes: tuple(key for code in codes for key in series.get(code, (code,)))


def _expand_tables(form: Form, expand: Callable[[Iterable[str]], tuple[str, ...]]) -> Form:
    """Return a form whose tables name series."""
    tables = (
        replace(
            table,
            columns=expand(table.columns),
            opened_by=expand(table.opened_by),
            leaving=expand(table.leaving),
        )
        for table in form.tables
    )
    return replace(form, tables=tuple(tables)) if form.tables else form


def _sum_of(versions: tuple[Indicator, ...]) -> Figure:
    """Return the figure that an indicator is by itself: the sum of its values, for as long as one of its versions is valid."""
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
