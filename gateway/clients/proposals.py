"""Proposals to move grants of ended units to their successors."""

from collections.abc import Iterator
from datetime import date

from gateway.clients.schemas import GrantProposalOut, UnitReferenceOut
from gateway.models import ClientRow
from shared.territory.rights import propose_successors
from shared.territory.tree import Territory


def make_proposals(client: ClientRow, territory: Territory, today: date) -> Iterator[GrantProposalOut]:
    """Yield a proposal for each granted unit that ended, with the successors that the client was not granted."""
    granted = {(row.unit, row.valid_from) for row in client.unit_grants}
    for code, valid_from in sorted(granted, key=str):
        unit = None if valid_from is None else territory.find(code, valid_from)
        if unit is None or unit.valid_to is None or unit.valid_to >= today:
            continue
        proposed = propose_successors(territory, unit, today)
        missing = [successor for successor in proposed if successor.key not in granted]
        if len(missing) == len(proposed):
            yield GrantProposalOut(
                client_id=client.client_id,
                granted=UnitReferenceOut.from_unit(unit),
                ended_on=unit.valid_to,
                successors=[UnitReferenceOut.from_unit(successor) for successor in missing],
            )
