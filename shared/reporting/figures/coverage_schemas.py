"""Wire forms of the coverage of figures, and of what a reader has to know about it."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, Field

from shared.kit.problems import Sentence
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import Ratio, Sum
from shared.reporting.engine import Caveat, RegisterCount
from shared.reporting.figures.coverage import Coverage

UNEQUAL_COVERAGE = Sentence(
    "Các số hạng của chỉ tiêu này không do cùng số đơn vị nêu: {units}.",
    "The terms of this figure are not stated by the same number of units: {units}.",
)


class CoverageOut(BaseModel):
    """The coverage of a figure: silence is the difference between expected and the other two."""

    reported: int = Field(description="units whose values are in the figure")
    nil: int = Field(0, description="units that stated that nothing happened")
    expected: int = Field(description="units that were expected to report")

    @classmethod
    def from_coverage(cls, coverage: Coverage | None) -> "CoverageOut | None":
        """Serialize a coverage; null of none."""
        if coverage is None:
            return None
        return cls(reported=coverage.reported, nil=coverage.nil, expected=coverage.expected)


class InputOut(CoverageOut):
    """The coverage of one input of a figure."""

    indicator: str = Field(description="code of the indicator")

    @classmethod
    def from_input(cls, indicator: str, coverage: Coverage) -> Self:
        """Serialize the coverage of an input."""
        return cls(
            indicator=indicator, reported=coverage.reported, nil=coverage.nil, expected=coverage.expected
        )


class CaveatOut(BaseModel):
    """A caveat that a reader of a figure has to know."""

    code: str = Field(description="stable code")
    text: str = Field(description="the sentence, in Vietnamese")
    text_en: str = Field(description="the sentence, in English")

    @classmethod
    def from_caveat(cls, caveat: Caveat | None) -> "CaveatOut | None":
        """Serialize a caveat; null of none."""
        if caveat is None:
            return None
        return cls(code=caveat.code, text=caveat.sentence.vi, text_en=caveat.sentence.en)

    @classmethod
    def from_count(cls, count: RegisterCount | None) -> "CaveatOut | None":
        """Serialize the caveat of a count from a register; null where it has none."""
        return None if count is None else cls.from_caveat(count.caveat)


def warn_of_unequal_coverage(figure: Figure, unequal: Mapping[str, Coverage]) -> CaveatOut | None:
    """Return the caveat of a sum or ratio whose terms do not cover the same number of units."""
    if not isinstance(figure.formula, Sum | Ratio) or not unequal:
        return None
    units = ", ".join(f"{code} {covered.reported}/{covered.expected}" for code, covered in unequal.items())
    return CaveatOut(
        code="inputs_covered_unequally",
        text=UNEQUAL_COVERAGE.vi.format(units=units),
        text_en=UNEQUAL_COVERAGE.en.format(units=units),
    )
