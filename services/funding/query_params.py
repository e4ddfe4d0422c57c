"""What readers may narrow by, in the same words on every route."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import StringConstraints

from services.funding.ledger import Book, Capital
from services.funding.unit_versions import UnitVersion
from shared.kit.date_fields import IsoDate
from shared.kit.problems import Sentence, make_fault, raise_if_any
from shared.kit.validation_faults import parseable_by

FIRST_YEAR, LAST_YEAR = 2016, 2100
"""Before 2016 the medium-term plan that the programs are funded from did not exist."""

Code = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_.]+$", max_length=40)]
"""A code of the catalogue or of a unit; which ones there are is not a matter of shape."""

BudgetYearQuery = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="budget year")]
AnyYearQuery = Annotated[
    int | None,
    Query(ge=FIRST_YEAR, le=LAST_YEAR, description="budget year; carried money counts in both of its years"),
]
OriginYearQuery = Annotated[
    int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="year of origin of the money")
]
ProgramQuery = Annotated[Code | None, Query(description="rural, poverty or ethnic")]
ComponentQuery = Annotated[
    Code | None, Query(description="code of a component; none: the program as a whole")
]
CapitalQuery = Annotated[Capital | None, Query(description="investment or recurrent")]
SourcesQuery = Annotated[list[Code] | None, Query(description="one or more sources", max_length=20)]
UnitQuery = Annotated[
    Code | None, Query(description="a province, district, commune or agency with everything below it")
]
BookQuery = Annotated[
    Book,
    Query(description="agency: payments as reported by agencies; treasury: as confirmed by the treasury"),
]
UntilQuery = Annotated[
    IsoDate | None,
    Query(
        description="day of effect, as 2023-09-30: what took effect later does not count; by default everything counts, "
        "payments until the deadlines in the next year included",
        examples=["2023-09-30"],
    ),
]
BelowQuery = Annotated[bool, Query(description="with everything below the unit; false: the unit alone")]

GROUPING_UNKNOWN = Sentence(
    "“{value}” không phải là cách phân nhóm; có: {known}.", "“{value}” is no grouping; there are: {known}."
)


def groupings(text: str, known: Collection[str]) -> list[str]:
    """Read the names of a grouping, each once; refuses unknown ones."""
    by = list(dict.fromkeys(word.strip() for word in text.split(",")))
    there_are = ", ".join(known)
    raise_if_any(
        make_fault("", "grouping_unknown", GROUPING_UNKNOWN, value=word, known=there_are)
        for word in by
        if word not in known
    )
    return by


def grouped_by(known: Collection[str], default: str) -> object:
    """Make the question `group_by`, over the groupings that there are."""
    said = f"one or more of {', '.join(known)}, separated by commas"

    async def grouped(
        group_by: Annotated[
            str, Query(max_length=100, description=said), parseable_by(lambda text: groupings(text, known))
        ] = default,
    ) -> list[str]:
        return groupings(group_by, known)

    return Depends(grouped)


NO_COMPONENT = "none"


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which lots a reader asks for; None does not narrow."""

    year: int | None = None
    program: str | None = None
    component: str | None = None
    capital: str | None = None
    sources: Collection[str] | None = None
    places: Collection[UnitVersion] | None = None
    origin_year: int | None = None
