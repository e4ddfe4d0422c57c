"""The route of the movement of poor and near-poor households."""

from collections.abc import Mapping
from decimal import Decimal

from fastapi import APIRouter

from services.poverty.rules import NEAR_POOR, POOR, HouseholdMovement
from services.poverty.schemas import MovementOut, MovementRow, MovementTable
from shared.kit.change_feed import AsOf, read_newest_change
from shared.kit.transactions import TransactionRoute
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext
from shared.reporting.figures.reading import read_values_by_child
from shared.reporting.query_params import PeriodQuery, StandardQuery
from shared.territory.query_params import UnitQuery

FORM = "annual_review"
"""The form whose columns make the movement."""

router = APIRouter(prefix="/v1/poverty", tags=["movement"], route_class=TransactionRoute)


@router.get("/household-movement", summary="Read the movement of poor and near-poor households")
async def read_household_movement(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    standard: StandardQuery = None,
    as_of: AsOf = None,
) -> MovementOut:
    """Read forms 2 and 3 of the yearly review: from the start of the period to its end, by the units directly below."""
    root = unit.on(period.ends_on).code
    values = await read_values_by_child(context, root, period, basis, as_of, standard)
    _seen, changed_at = await read_newest_change(context.session)
    names = {code: context.territory.unit(code, period.ends_on).name for code in values}
    return MovementOut(
        unit=root,
        period=str(period),
        basis=basis,
        standard=context.engine.catalogue.select_standards(period.ends_on, standard).get(FORM),
        as_of=changed_at if as_of is None else as_of,
        poor=_to_table("Diễn biến hộ nghèo", POOR, root, values, names),
        near_poor=_to_table("Diễn biến hộ cận nghèo", NEAR_POOR, root, values, names),
    )


def _to_table(
    title: str,
    movement: HouseholdMovement,
    unit: str,
    values: Mapping[str, Mapping[str, Decimal]],
    names: Mapping[str, str],
) -> MovementTable:
    rows = {code: _to_row(movement, code, names[code], unit_values) for code, unit_values in values.items()}
    return MovementTable(
        title=title,
        columns=list(movement.columns),
        rows=[row for code, row in rows.items() if code != unit],
        total=rows[unit],
    )


def _to_row(movement: HouseholdMovement, unit: str, name: str, values: Mapping[str, Decimal]) -> MovementRow:
    computed, stated = movement.compute_end(values), values.get(movement.end)
    complete = computed is not None and stated is not None
    return MovementRow(
        unit=unit,
        name=name,
        columns=[values.get(code) for code in movement.columns],
        holds=computed == stated if complete else None,
    )
