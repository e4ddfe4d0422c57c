"""Answers of the catalogue of codes."""

from pydantic import BaseModel, Field

from services.funding.catalogue import InRate
from shared.dated_facts.schemas import DatedOut


class DatedCodeOut(DatedOut):
    """A code with its names and its days of validity."""

    code: str = Field(description="the code that entries name", examples=["poverty"])
    name_vi: str = Field(description="name in Vietnamese")
    name_en: str = Field(description="name in English")


class ProgramOut(DatedCodeOut):
    """A national target program."""

    budget_code: str = Field(description="code in the state budget classification", examples=["0470"])


class ComponentOut(DatedCodeOut):
    """A content, project or sub-project of a program."""

    program: str = Field(description="the program", examples=["poverty"])
    level: str = Field(description="content, thematic_programme, project or subproject")
    parent: str | None = Field(description="of a sub-project: its project")
    label_vi: str = Field(description="its label in the program, such as Dự án 1")


class SourceOut(DatedCodeOut):
    """A source of money."""

    group: str = Field(
        description="group of sources, of which it is shown as a part", examples=["local_budget"]
    )
    kind: str = Field(description="state budget, credit or non-state")
    in_rate: InRate = Field(
        description="yes: it counts in the disbursement rate; separate: it has a rate of its own; no: it has none"
    )
    counterpart: bool = Field(description="whether it counts towards the required local counterpart")
    official_codes: list[str] = Field(description="codes of the province's table of sources")


class AgencyOut(DatedCodeOut):
    """An agency of a province or district that holds money as a unit does."""

    seat: str = Field(description="code of the unit to whose government it belongs", examples=["62"])
    budget_chapter: str | None = Field(description="its chapter in the state budget classification")
    successor: str | None = Field(description="the agency that takes over its money when it ends")


class CatalogueOut(BaseModel):
    """The codes that entries may name."""

    programs: list[ProgramOut]
    components: list[ComponentOut]
    sources: list[SourceOut]
    agencies: list[AgencyOut]
