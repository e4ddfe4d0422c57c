"""The contexts of the routes of oversight: the unit of work of a request, with the caller that a guard lets in.

The territory of a context holds every registered village, because a village may have been received after the process started.
"""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends

from shared.kit.identity import Guard
from shared.reporting.context import ReportingContext, context_for
from shared.roles import INSIDE, INSIDER_SCOPES, OVERSEE, PUBLIC
from shared.territory.villages.store import with_registered_villages


def record_context_for(guard: Guard) -> Any:
    """Return the dependency that gives the context of a caller that a guard lets in, with all registered villages."""

    async def add_villages(context: Annotated[ReportingContext, context_for(guard)]) -> ReportingContext:
        territory = await with_registered_villages(context.session, context.territory)
        return replace(context, territory=territory)

    return Depends(add_villages)


OverseerContext = Annotated[ReportingContext, record_context_for(OVERSEE)]
"""For writes: a client with the scope `oversight`."""
InsiderContext = Annotated[ReportingContext, record_context_for(INSIDE)]
"""For what is not public: not for a client that only reports."""
PublicRecordContext = Annotated[ReportingContext, record_context_for(PUBLIC)]
"""For titles and numbers, which anyone may read."""


def reads_as_public(context: ReportingContext) -> bool:
    """Whether the caller reads what is public only: it is anonymous, or it only reports."""
    return not context.caller.scopes & set(INSIDER_SCOPES)
