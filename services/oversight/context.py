"""The contexts of the routes of oversight: the unit of work of a request, with the caller that a guard lets in."""

from typing import Annotated

from shared.reporting.context import ReportingContext, context_for
from shared.roles import OVERSEE

OverseerContext = Annotated[ReportingContext, context_for(OVERSEE)]
"""For writes: a client with the scope `oversight`."""
