"""Wire forms of the catalogue."""

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, Field

from shared.dated_facts.schemas import DatedOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.catalogue.bounds import Bound, BoundRelation
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import DueRule, Figure, Form, WholeTable
from shared.reporting.catalogue.dimensions import Dimension, IdentityKind
from shared.reporting.catalogue.formulas import (
    Average,
    CountUnits,
    EndToEndChange,
    FromRegister,
    Ratio,
    Sum,
    TotalOrParts,
)
from shared.reporting.catalogue.relations import IndicatorRelationKind
from shared.reporting.catalogue.standards import Standard

FigureKind = Literal["observed", "sum", "total_or_parts", "ratio", "average", "count", "register", "change"]
KINDS: dict[type, FigureKind] = {
    Sum: "sum",
    TotalOrParts: "total_or_parts",
    Ratio: "ratio",
    Average: "average",
    CountUnits: "count",
    FromRegister: "register",
    EndToEndChange: "change",
}


class ReviewStepOut(LabelOut):
    """A step that a report passes before it is accepted."""

    code: str = Field(description="code of the step, as reviews name it")
    level: str | None = Field(description="level of the units that pass it; null: any reviewer")
    legal_basis: str = Field(description="the document or clause behind it")


class WholeTableOut(LabelOut):
    """Columns that a unit states all together, or not at all."""

    code: str = Field(description="code of the table")
    columns: list[str] = Field(description="codes of its indicators")
    opened_by: list[str] = Field(description="the columns of which one makes the table whole; empty: any")

    @classmethod
    def from_table(cls, table: WholeTable) -> Self:
        """Serialize a table."""
        return cls.from_fact(table, columns=list(table.columns), opened_by=list(table.opened_by))


class DueRuleOut(DatedOut):
    """A row of the reporting calendar."""

    level: str = Field(description="level whose reports are due by the day")
    days_after_end: int = Field(description="days after the period's last day; negative: before it")

    @classmethod
    def from_rule(cls, rule: DueRule, owed_by: str) -> Self:
        """Serialize a row; one without a level is for the level that owes the form."""
        return cls.from_fact(rule, level=rule.level or owed_by, legal_basis=rule.clause)


class OwingRuleOut(DatedOut):
    """The level that owes a district's form where there are no districts."""

    level: str = Field(description="level of the units that owe it in place of districts")


class FormOut(BaseModel):
    """The form that an indicator is on."""

    code: str = Field(description="code of the form")
    label: str = Field(description="its name in Vietnamese")
    owed_by: str = Field(description="level of the units that owe it")
    owing: list[OwingRuleOut] = Field(
        default_factory=list,
        description="who owes it, from which day, where there are no districts; without a row only districts owe it",
    )
    periods: list[str] = Field(description="kinds of period it is for")
    steps: list[ReviewStepOut] = Field(
        description="the steps of its reports before they are accepted, in this order"
    )
    due: list[DueRuleOut] = Field(
        default_factory=list, description="the days by which each level owes it; empty where none was found"
    )
    regime: str | None = Field(
        None, description="the regime of the legal windows in which its facts are counted"
    )
    numbers: list[int] | None = Field(
        None, description="the periods of a year that are reported, by number, such as months; null for all"
    )
    tables: list[WholeTableOut] = Field(
        default_factory=list, description="tables that a unit states whole, 0 or nil where nothing moved"
    )

    @classmethod
    def from_form(cls, form: Form) -> Self:
        """Serialize a form."""
        return cls(
            code=form.code,
            label=form.label.vi,
            owed_by=form.owed_by,
            owing=[OwingRuleOut.from_fact(rule) for rule in form.owing],
            periods=sorted(form.periods),
            steps=[ReviewStepOut.from_fact(step) for step in form.steps],
            due=[DueRuleOut.from_rule(rule, form.owed_by) for rule in form.due],
            regime=form.regime,
            numbers=None if form.numbers is None else sorted(form.numbers),
            tables=[WholeTableOut.from_table(table) for table in form.tables],
        )


class MemberOut(LabelOut):
    """One of the values of a dimension."""

    code: str = Field(description="its code, as observations state it")
    valid_from: date = Field(description="first day on which it can be stated")
    valid_to: date | None = Field(description="last day; null while it can be stated")


class DimensionDetailOut(LabelOut, DatedOut):
    """A closed list by whose members an indicator is stated."""

    code: str = Field(description="its code, as observations state it")
    members: list[MemberOut] = Field(description="its members")

    @classmethod
    def from_dimension(cls, dimension: Dimension) -> Self:
        """Serialize a dimension with its members."""
        return cls.from_fact(dimension, members=[MemberOut.from_fact(member) for member in dimension.members])


class IdentityOut(DatedOut):
    """The relation between the members of an indicator and a total, where a unit states both."""

    kind: IdentityKind = Field(
        description="sum_equals_total: the members add up to the total; each_at_most_total: they are parts of it, each and "
        "all together; overlapping: each is at most the total, together they may be more"
    )
    total: str = Field(description="code of the total")


class IndicatorRelationOut(LabelOut, DatedOut):
    """What must hold between two sums of a unit and period; within a form, or between forms that both state their terms."""

    code: str = Field(description="its code")
    kind: IndicatorRelationKind = Field(description="how the left side compares with the right one")
    left: list[str] = Field(description="series whose sum is the left side, members after a full stop")
    right: list[str] = Field(description="series whose sum is the right side")
    factor: JsonDecimal = Field(description="the right sum is multiplied by it")

    @classmethod
    def list_of(cls, catalogue: Catalogue, code: str) -> list[Self]:
        """Return the relations that name an indicator."""
        series = frozenset(catalogue.list_series(code))
        return [
            cls.from_fact(relation, left=list(relation.left), right=list(relation.right))
            for relation in catalogue.relations
            if series & relation.codes
        ]


class ReportStandardOut(LabelOut, DatedOut):
    """A standard: the definition under which the indicators of some forms are measured while it is in force."""

    code: str = Field(description="its code")
    forms: list[str] = Field(description="codes of the forms whose reports belong to it")

    @classmethod
    def from_standard(cls, standard: Standard) -> Self:
        """Serialize a standard."""
        return cls.from_fact(standard, forms=sorted(standard.forms))


class BoundOut(LabelOut, DatedOut):
    """How a value compares with one of another program, for the same unit and period."""

    code: str = Field(description="its code")
    indicators: list[str] = Field(description="the indicators of this program that it compares")
    relation: BoundRelation = Field(description="how the value should compare with that of the other program")
    program: str = Field(description="the other program")
    form: str = Field(description="the form of the other program")
    other_indicators: list[str] = Field(description="the indicators of the other program")
    tolerance: JsonDecimal = Field(description="the difference up to which they agree")
    limit: JsonDecimal | None = Field(description="the greatest value with which a verdict goes together")

    @classmethod
    def from_bound(cls, bound: Bound) -> Self:
        """Serialize a bound."""
        return cls.from_fact(
            bound,
            indicators=list(bound.own.inputs),
            program=bound.other.program,
            form=bound.other.form,
            other_indicators=list(bound.other.inputs),
        )


class SeriesBreakOut(BaseModel):
    """A break in a series."""

    on: date = Field(description="first day of the new meaning")
    standard: str | None = Field(
        None, description="the standard that begins; null where something else changed"
    )
    note: str = Field(description="what changed, in Vietnamese")
    note_en: str = Field(description="what changed, in English")


class IndicatorOut(LabelOut):
    """An entry of the catalogue: an indicator that is stated, or a figure that is computed."""

    code: str = Field(description="its code")
    kind: FigureKind = Field(description="observed values are stated in reports; the rest is computed")
    definition: str = Field(description="what it means, in Vietnamese")
    definition_en: str = Field(description="what it means, in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places")
    formula: str = Field(description="how it is made from other indicators")
    inputs: list[str] = Field(description="the indicators it is made from")
    form: FormOut | None = Field(description="the form it is stated on, when it is observed")
    level: str | None = Field(description="level of the units that state it")
    component: str | None = Field(
        None, description="the project or sub-project whose result it is; null for any other"
    )
    dimension: DimensionDetailOut | None = Field(
        None, description="the dimension by whose members it is stated; null: as a whole"
    )
    identities: list[IdentityOut] = Field(
        default_factory=list, description="what must hold between its members and a total"
    )
    relations: list[IndicatorRelationOut] = Field(
        default_factory=list, description="what must hold between it and other indicators"
    )
    standards: list[str] = Field(
        default_factory=list,
        description="the standards that it is read under, the earliest first; none: of no standard",
    )
    unit_kinds: list[str] | None = Field(description="kinds of unit that state it; null for all")
    flow: bool | None = Field(description="true: happens during the period; false: a state at its end")
    starts_from: str | None = Field(
        None, description="the indicator whose value at the end of the period before it repeats"
    )
    minimum: JsonDecimal | None = Field(description="smallest value allowed")
    maximum: JsonDecimal | None = Field(description="largest value allowed")
    better: Literal["higher", "lower"] = Field(description="which direction is better")
    adds: bool = Field(description="whether it adds up over units that merge")
    headline: bool = Field(description="whether the province-wide status shows it")
    breaks: list[SeriesBreakOut] = Field(description="breaks in its series")
    legal_basis: str = Field(description="the document or clause behind it")
    valid_from: date = Field(description="first day of validity")
    valid_to: date | None = Field(description="last day of validity")
    version: int = Field(description="version of the definition")

    @classmethod
    def from_figure(cls, catalogue: Catalogue, figure: Figure) -> Self:
        """Serialize a figure, with the form, level and limits of the indicator that it is, where it is one."""
        versions = catalogue.indicators.get(catalogue.list_series(figure.code)[0])
        dimension = catalogue.find_dimension(figure.code)
        indicator = versions[-1] if versions else None
        return cls.from_fact(
            figure,
            kind=_find_kind(catalogue, figure),
            definition=figure.definition.vi,
            definition_en=figure.definition.en,
            formula=figure.formula_text,
            inputs=list(figure.inputs),
            form=FormOut.from_form(catalogue.forms[indicator.form]) if indicator else None,
            level=indicator.level if indicator else None,
            component=indicator.component if indicator else None,
            dimension=DimensionDetailOut.from_dimension(dimension) if dimension else None,
            identities=[
                IdentityOut.from_fact(identity)
                for identity in catalogue.identities
                if identity.indicator == figure.code
            ],
            relations=IndicatorRelationOut.list_of(catalogue, figure.code),
            standards=[standard.code for standard in catalogue.list_figure_standards(figure)],
            unit_kinds=sorted(indicator.kinds) if indicator and indicator.kinds else None,
            flow=indicator.flow if indicator else None,
            starts_from=indicator.starts_from if indicator else None,
            minimum=indicator.minimum if indicator else None,
            maximum=indicator.maximum if indicator else None,
            adds=figure.is_additive,
            breaks=[
                SeriesBreakOut(
                    on=series_break.on,
                    standard=series_break.standard,
                    note=series_break.note.vi,
                    note_en=series_break.note.en,
                )
                for series_break in catalogue.list_series_breaks(figure)
            ],
        )


def _find_kind(catalogue: Catalogue, figure: Figure) -> FigureKind:
    match figure.formula:
        case Sum((code,)) | TotalOrParts(code) if code == figure.code and code in catalogue.indicators:
            return "observed"
        case formula:
            return KINDS[type(formula)]


class IndicatorsOut(BaseModel):
    """The catalogue of a program."""

    items: list[IndicatorOut]
    standards: list[ReportStandardOut] = Field(
        default_factory=list, description="the standards that indicators are measured under"
    )
    bounds: list[BoundOut] = Field(
        default_factory=list, description="what holds between values and those of other programs"
    )
