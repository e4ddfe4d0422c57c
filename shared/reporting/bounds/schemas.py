"""Wire forms of contradictions between reports of two programs."""

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from pydantic import Field

from shared.kit.decimal_fields import JsonDecimal, to_number_text
from shared.kit.problems import Sentence
from shared.reporting.bounds.contradictions import Contradiction
from shared.reporting.catalogue.bounds import BoundRelation
from shared.reporting.field_types import StandardCodeOut, UnitCode
from shared.territory.named_rows import NamedUnitRow, find_unit_names, name_units_on
from shared.territory.tree import Territory

SENTENCES: dict[BoundRelation, Sentence] = {
    "at_most": Sentence(
        "{label}: {own} lớn hơn {other} do chương trình {program} nêu.",
        "{label}: {own} is above {other}, which the program {program} states.",
    ),
    "at_least": Sentence(
        "{label}: {own} nhỏ hơn {other} do chương trình {program} nêu.",
        "{label}: {own} is below {other}, which the program {program} states.",
    ),
    "equal": Sentence(
        "{label}: {own} khác {other} do chương trình {program} nêu.",
        "{label}: {own} differs from {other}, which the program {program} states.",
    ),
    "met_at_most": Sentence(
        "{label}: nêu là đạt, trong khi chương trình {program} nêu {other}, quá {limit}.",
        "{label}: it is stated as met, while the program {program} states {other}, above {limit}.",
    ),
    "at_most_if_met": Sentence(
        "{label}: {own} quá {limit}, trong khi chương trình {program} nêu là đạt.",
        "{label}: {own} is above {limit}, while the program {program} states it as met.",
    ),
}


class OtherReportOut(NamedUnitRow):
    """The report of the other program; where several units add up, that of the first of them."""

    program: str = Field(description="the program")
    id: uuid.UUID = Field(description="the report's id")
    address: str = Field(description="where it is read")
    unit: UnitCode
    form: str = Field(description="the form")
    standard: StandardCodeOut = None
    state: Literal["submitted", "accepted"] = Field(description="its state, as received")


class ContradictionOut(NamedUnitRow):
    """A value that contradicts what another program's report states for the same unit and period."""

    bound: str = Field(description="code of the bound in the catalogue")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit: UnitCode
    relation: BoundRelation = Field(description="how the value should compare with that of the other program")
    value: JsonDecimal = Field(description="the value of this report")
    other_value: JsonDecimal = Field(description="the value of the other program")
    value_units: list[str] = Field(
        description="the unit, or the districts or communes below it whose values add up to value"
    )
    other_value_units: list[str] = Field(description="the same of other_value")
    limit: JsonDecimal | None = Field(
        description="the greatest value with which a verdict goes together; null where the values are compared themselves"
    )
    excess: JsonDecimal = Field(description="by how much they contradict each other")
    tolerance: JsonDecimal = Field(description="the difference up to which they agree")
    text: str = Field(description="the contradiction in words, in Vietnamese")
    text_en: str = Field(description="the same in English")
    legal_basis: str = Field(description="the document or clause behind it")
    report: OtherReportOut

    @classmethod
    def from_contradiction(cls, found: Contradiction) -> Self:
        """Serialize a contradiction."""
        bound = found.bound
        numbers = {
            "own": to_number_text(found.own),
            "other": to_number_text(found.other),
            "limit": "" if bound.limit is None else to_number_text(bound.limit),
        }
        sentence, program = SENTENCES[bound.relation], bound.other.program
        return cls(
            bound=bound.code,
            label=bound.label.vi,
            label_en=bound.label.en,
            unit=found.unit,
            relation=bound.relation,
            value=found.own,
            other_value=found.other,
            value_units=list(found.own_units),
            other_value_units=list(found.other_units),
            limit=bound.limit,
            excess=bound.compute_excess(found.own, found.other),
            tolerance=bound.tolerance,
            text=sentence.vi.format(label=bound.label.vi, program=program, **numbers),
            text_en=sentence.en.format(label=bound.label.en, program=program, **numbers),
            legal_basis=bound.legal_basis,
            report=OtherReportOut(
                program=program,
                id=found.other_report,
                address=f"/v1/{program}/reports/{found.other_report}",
                unit=found.reported_by,
                form=bound.other.form,
                standard=found.standard,
                state=found.state,
            ),
        )


def name_contradicting_units(
    territory: Territory, contradictions: Iterable[ContradictionOut], on: date
) -> list[ContradictionOut]:
    """Return contradictions with the names of their units, and of those of the other reports, on a day."""
    named = name_units_on(territory, contradictions, on)
    return [
        row.model_copy(
            update={"report": row.report.model_copy(update=find_unit_names(territory, row.report.unit, on))}
        )
        for row in named
    ]
