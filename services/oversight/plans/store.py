"""Queries of plans. Flushes, never commits."""

from services.oversight.models import RecordVersion
from services.oversight.plans.rules import PlannedCapital, PlannedMoney, PlanState
from services.oversight.records.store import ROOT
from shared.periods import parse_plan_period

PATH = f"{ROOT}/plans"


def to_capital(row: RecordVersion) -> PlannedCapital:
    """Return the money of a plan as the rules use it."""
    rows = tuple(
        PlannedMoney(capital["source"], capital["program"], capital["amount_vnd"])
        for capital in row.content["capital"]
    )
    return PlannedCapital(parse_plan_period(row.content["period"]), rows)


def find_state(row: RecordVersion) -> PlanState:
    """Return the state of a plan."""
    state: PlanState = row.content.get("state", "draft")
    return state
