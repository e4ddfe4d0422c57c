"""Answers about printed amounts."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from services.funding.progress.printing import PrintUnit, find_differences
from services.funding.progress.rules import ProgressGroup
from shared.kit.problems import Language


class PrintedDifferenceOut(BaseModel):
    """A measure whose printed parts do not add up to its printed total."""

    measure: str = Field(description="measure, as in `printed`", examples=["disbursed"])
    sum_of_printed_parts: int = Field(description="sum of the printed parts", examples=[976_937])
    printed_total: int = Field(description="the printed total", examples=[976_938])
    explanation: str = Field(description="the reason in words")


class PrintingOut(BaseModel):
    """The unit of the printed amounts, and where printed parts do not add up."""

    unit: PrintUnit = Field(description="million or billion đồng")
    differences: list[PrintedDifferenceOut] = Field(description="empty where all printed parts add up")

    @classmethod
    def from_groups(
        cls, groups: Sequence[ProgressGroup], total: ProgressGroup, unit: PrintUnit, language: Language
    ) -> Self:
        """Serialize the differences of groups and their total."""
        return cls(
            unit=unit,
            differences=[
                PrintedDifferenceOut(
                    measure=difference.measure,
                    sum_of_printed_parts=difference.parts,
                    printed_total=difference.total,
                    explanation=difference.explanation.render(language, {}),
                )
                for difference in find_differences(groups, total, unit)
            ],
        )
