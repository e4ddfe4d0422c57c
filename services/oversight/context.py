"""The contexts of the routes of oversight: the unit of work of a request, with the caller that a guard lets in."""

from typing import Annotated

from shared.reporting.context import ReportingContext, context_for
from shared.roles import INSIDE, INSIDER_SCOPES, OVERSEE

OverseerContext = Annotated[ReportingContext, context_for(OVERSEE)]
"""For writes: a client with the scope `oversight`."""
InsiderContext = Annotated[ReportingContext, context_for(INSIDE)]
"""For what is not public: not for a client that only reports."""


def reads_as_public(context: ReportingContext) -> bool:
    """Whether the caller reads what is public only: it is anonymous, or it only reports."""
    return not context.caller.scopes & set(INSIDER_SCOPES)
