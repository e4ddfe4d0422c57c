"""A lot of which decisions extended a part, parted by its deadlines by the rule of `lapses`. Pure; amounts are whole đồng.

After each stretch what came of the lot and what is left of it are parted; the difference of a part is what was spent of it.
Payments are laid over that, the first to lapse first, and the rest of it was handed back or carried on. So the parts of
every flow, and of everything else that is said of a lot, add up to that of the lot.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.funding.foresight.learning import NOTHING, Flow, total
from services.funding.foresight.rules import Held
from services.funding.lapses.rules import (
    DeadlineRule,
    Extension,
    distribute,
    list_deadlines,
    split_by_deadline,
)


def by_deadline(rules: Sequence[DeadlineRule], held: Held, extensions: Iterable[Extension]) -> list[Held]:
    """Part a lot by its deadlines, the earliest first; a part that never had money is left out."""
    terms = list_deadlines(rules, held.lot, extensions)
    if len(terms) == 1:
        return [held]
    extended = [amount_vnd for _, amount_vnd in terms]
    flows: list[dict[date, Flow]] = [{} for _ in terms]
    known = [NOTHING] * len(terms)
    for first, so_far in _running(held):
        after = _flows(so_far, extended)
        for at, (before, now) in enumerate(zip(known, after, strict=True)):
            flows[at][first] = Flow(
                now.came_vnd - before.came_vnd, now.paid_vnd - before.paid_vnd, now.gone_vnd - before.gone_vnd
            )
        known = after
    told = [at for at, of in enumerate(flows) if any(flow != NOTHING for flow in of.values())] or [0]
    returned = distribute(held.returned_vnd, [known[at].gone_vnd for at in told])
    reserved = distribute(held.reserved_vnd, [known[at].left_vnd for at in told])
    return [
        replace(
            held,
            deadline=terms[at][0],
            flows=flows[at],
            returned_vnd=handed_back,
            carried_out_vnd=known[at].gone_vnd - handed_back,
            reserved_vnd=promised,
        )
        for at, handed_back, promised in zip(told, returned, reserved, strict=True)
    ]


def _running(held: Held) -> Iterator[tuple[date, Flow]]:
    """Go through the stretches: what a lot did until the end of each."""
    so_far = NOTHING
    for first in sorted(held.flows):
        so_far = total([so_far, held.flows[first]])
        yield first, so_far


def _flows(whole: Flow, extended: Sequence[int]) -> list[Flow]:
    """Part what a lot did by a day. What was paid or came back beyond what there is belongs to the law's part."""
    came, left = split_by_deadline(whole.came_vnd, extended), split_by_deadline(whole.left_vnd, extended)
    spent = [here - still for here, still in zip(came, left, strict=True)]
    paid = distribute(whole.paid_vnd, spent)
    gone = [of_it - of_payments for of_it, of_payments in zip(spent, paid, strict=True)]
    gone[0] += whole.gone_vnd - sum(gone)
    return [Flow(*each) for each in zip(came, paid, gone, strict=True)]
