"""Query parameters that several routes have."""

from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Query

from services.funding.field_types import FIRST_YEAR, LAST_YEAR, Code
from services.funding.ledger import Book, Capital
from shared.kit.date_fields import IsoDate
from shared.kit.problems import Sentence, make_fault, raise_if_any
from shared.kit.validation_faults import parseable_by

BudgetYearQuery = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="budget year")]
AnyYearQuery = Annotated[
    int | None,
    Query(
        ge=FIRST_YEAR,
        le=LAST_YEAR,
        description="budget year; carried-over money belongs to both of its years",
    ),
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
        description="last day of effect that counts, as 2023-09-30; by default everything counts, "
        "payments until the deadlines in the next year included",
        examples=["2023-09-30"],
    ),
]
BelowQuery = Annotated[bool, Query(description="with everything below the unit; false: the unit alone")]

GROUPING_UNKNOWN = Sentence(
    "“{value}” không phải là cách phân nhóm; có: {known}.",
    "“{value}” is not a grouping; the groupings are: {known}.",
)


def parse_groupings(text: str, groupings: Collection[str]) -> list[str]:
    """Return the groupings of a comma-separated list, each once; raises `Invalid` for unknown ones."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    known = ", ".join(groupings)
    raise_if_any(
        make_fault("", "grouping_unknown", GROUPING_UNKNOWN, value=name, known=known)
        for name in names
        if name not in groupings
    )
    return names


def depends_on_groupings(groupings: Collection[str], default: str) -> object:
    """Return the dependency that reads the parameter `group_by`, one or more of these groupings."""
    description = f"one or more of {', '.join(groupings)}, separated by commas"

    async def read_group_by(
        group_by: Annotated[
            str,
            Query(max_length=100, description=description),
            parseable_by(lambda text: parse_groupings(text, groupings)),
        ] = default,
    ) -> list[str]:
        return parse_groupings(group_by, groupings)

    return Depends(read_group_by)
