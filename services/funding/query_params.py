"""Query parameters that several routes have."""

from collections.abc import Collection
from functools import partial
from typing import Annotated

from fastapi import Depends, Query

from services.funding.field_types import FIRST_YEAR, LAST_YEAR, Code
from services.funding.ledger import Book, Capital
from shared.kit.date_fields import IsoDate
from shared.kit.problems import Sentence, make_fault, raise_if_any
from shared.kit.query_lists import CommaSeparated
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
SourcesQuery = Annotated[
    list[Code] | None,
    CommaSeparated,
    Query(description="one or more sources, separated by commas or repeated", max_length=20),
]
FundingUnitQuery = Annotated[
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


def require_groupings(names: Collection[str], groupings: Collection[str]) -> None:
    """Raise `Invalid` that names every unknown grouping."""
    grouping_names = ", ".join(groupings)
    raise_if_any(
        make_fault("", "grouping_unknown", GROUPING_UNKNOWN, value=name, known=grouping_names)
        for name in names
        if name not in groupings
    )


def depends_on_groupings(groupings: Collection[str], default: Collection[str]) -> object:
    """Return the dependency that reads the parameter `group_by`, one or more of these groupings."""
    description = f"one or more of {', '.join(groupings)}, separated by commas or repeated"

    async def read_group_by(
        group_by: Annotated[
            list[str],
            CommaSeparated,
            Query(max_length=20, description=description, default_factory=lambda: list(default)),
            parseable_by(partial(require_groupings, groupings=groupings)),
        ],
    ) -> list[str]:
        return group_by

    return Depends(read_group_by)
