"""The change feed of a client that only reports: what happened to its own reports, and nothing else."""

from shared.kit.change_feed import ChangeFilter
from shared.kit.database import UnitOfWork
from shared.kit.models import Change
from shared.kit.resources import Resources
from shared.periods import Period
from shared.reporting.context import ReportingContext
from shared.reporting.engine import ReportingEngine
from shared.roles import INSIDER_SCOPES
from shared.territory.tree import Territory

EVENTS_OF_REPORTS = "report."


def find_own_changes(unit_of_work: UnitOfWork, resources: Resources) -> ChangeFilter | None:
    """Return the changes of the reports that the caller may read; None for a caller who sees what is not public."""
    if unit_of_work.caller.scopes.intersection(INSIDER_SCOPES):
        return None
    context = ReportingContext(unit_of_work, resources.get(ReportingEngine), resources.get(Territory))

    def accepts(change: Change) -> bool:
        return context.may_read(change.data["unit"], Period.parse(change.data["period"]))

    units = sorted(context.visible_units(None, None) or ())
    of_reports = Change.type.startswith(EVENTS_OF_REPORTS, autoescape=True)
    return ChangeFilter(of_reports & Change.data["unit"].astext.in_(units), accepts)
