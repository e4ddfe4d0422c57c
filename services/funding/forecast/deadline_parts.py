"""Splits a lot of which decisions extended a part by its deadlines, by the rule of `lapses`. Pure; amounts are whole đồng.

At the end of each period the inflow of the lot and what is left of it are split; the difference is what was used of each
part. Payments are distributed over that, to the part that lapses first, and the rest was returned or carried over. So the
parts of every flow, and of every other amount of a lot, add up to that of the lot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.funding.deadlines import DeadlineRule, Extension, distribute, list_deadlines, split_by_deadline
from services.funding.forecast.estimation import NO_FLOW, CashFlow, add_flows
from services.funding.forecast.rules import LotHistory


def split_lot(
    rules: Sequence[DeadlineRule], history: LotHistory, extensions: Iterable[Extension]
) -> list[LotHistory]:
    """Return the parts of a lot by deadline, the earliest first, without parts that never had money."""
    deadlines = list_deadlines(rules, history.lot, extensions)
    if len(deadlines) == 1:
        return [history]
    extended = [extended_vnd for _, extended_vnd in deadlines]
    flows: list[dict[date, CashFlow]] = [{} for _ in deadlines]
    before = [NO_FLOW] * len(deadlines)
    for first, cumulative in _accumulate_flows(history):
        after = _split_flow(cumulative, extended)
        for part_flows, part_before, part_after in zip(flows, before, after, strict=True):
            part_flows[first] = CashFlow(
                part_after.inflow_vnd - part_before.inflow_vnd,
                part_after.paid_vnd - part_before.paid_vnd,
                part_after.outflow_vnd - part_before.outflow_vnd,
            )
        before = after
    with_money = [
        index
        for index, part_flows in enumerate(flows)
        if any(flow != NO_FLOW for flow in part_flows.values())
    ] or [0]
    returned = distribute(history.returned_vnd, [before[index].outflow_vnd for index in with_money])
    reserved = distribute(history.reserved_vnd, [before[index].left_vnd for index in with_money])
    return [
        replace(
            history,
            deadline=deadlines[index][0],
            flows=flows[index],
            returned_vnd=returned_vnd,
            carried_out_vnd=before[index].outflow_vnd - returned_vnd,
            reserved_vnd=reserved_vnd,
        )
        for index, returned_vnd, reserved_vnd in zip(with_money, returned, reserved, strict=True)
    ]


def _accumulate_flows(history: LotHistory) -> Iterator[tuple[date, CashFlow]]:
    """Yield the first day of each period, and the flows of the lot until its end."""
    cumulative = NO_FLOW
    for first in sorted(history.flows):
        cumulative = add_flows([cumulative, history.flows[first]])
        yield first, cumulative


def _split_flow(flow: CashFlow, extended: Sequence[int]) -> list[CashFlow]:
    """Split the cumulative flows of a lot; what was paid or paid back beyond what there is belongs to the first part."""
    inflow, left = split_by_deadline(flow.inflow_vnd, extended), split_by_deadline(flow.left_vnd, extended)
    used = [inflow_vnd - left_vnd for inflow_vnd, left_vnd in zip(inflow, left, strict=True)]
    paid = distribute(flow.paid_vnd, used)
    outflow = [used_vnd - paid_vnd for used_vnd, paid_vnd in zip(used, paid, strict=True)]
    outflow[0] += flow.outflow_vnd - sum(outflow)
    return [CashFlow(*amounts) for amounts in zip(inflow, paid, outflow, strict=True)]
