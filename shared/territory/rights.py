"""Rights over units: which grants of a client cover a unit on a day. Pure.

A grant is a text: `610@2004-07-08` names the unit that bore the code 610 from that day; a bare `610` names whatever unit
bears the code on the day of what is done, which only tokens of another issuer, and grants of agencies, do. A grant covers
the unit, what lies below it on each of its days, and exactly the same land under another name or code. A unit that was
merged, divided or abolished is covered by no grant of its predecessors (see ADR 0018).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from shared.kit.problems import Sentence
from shared.territory.tree import Territory
from shared.territory.units import Unit, UnitNotGranted, UnknownUnit, to_names

SEPARATOR = "@"
MOST_NAMED_GRANTS = 5
"""Ended grants that a refusal names; a client may have hundreds."""

ENDED_GRANT = Sentence(
    "; quyền đối với {unit} ({name}) đã hết cùng đơn vị này ngày {ended_on}, đơn vị kế tiếp: {successors}; quản trị viên xác "
    "nhận việc chuyển quyền tại /v1/clients/grant-proposals",
    "; its grant of {unit} ({name}) ended with that unit on {ended_on}, succeeded by {successors}; an administrator confirms the "
    "new grant at /v1/clients/grant-proposals",
)

GrantedDays = Mapping[str, frozenset[date] | None]
"""The first days of the granted units by code; None: any unit of the code."""


def to_grant(code: str, valid_from: date | None) -> str:
    """Return the text of a grant."""
    return code if valid_from is None else f"{code}{SEPARATOR}{valid_from.isoformat()}"


def from_grant(grant: str) -> tuple[str, date | None]:
    """Return the code of a grant and the first day of its unit; raises `ValueError` for another text."""
    code, separator, day = grant.partition(SEPARATOR)
    return code, date.fromisoformat(day) if separator else None


@lru_cache(maxsize=1024)
def parse_grants(grants: frozenset[str]) -> GrantedDays:
    """Return grants by code; a text that is no grant grants nothing."""
    parsed: dict[str, frozenset[date] | None] = {}
    for grant in grants:
        try:
            code, valid_from = from_grant(grant)
        except ValueError:
            continue
        days = parsed.get(code, frozenset())
        parsed[code] = None if valid_from is None or days is None else days | {valid_from}
    return parsed


def is_granted(territory: Territory, line: Iterable[str], on: date, grants: Collection[str]) -> bool:
    """Whether a grant covers a unit of a line: codes of a unit and of those above it on a day."""
    parsed = parse_grants(frozenset(grants))
    return any(_covers(territory, code, on, parsed) for code in line)


def select_granted(
    territory: Territory, line: Iterable[str], on: date, grants: Collection[str]
) -> tuple[str, ...]:
    """Return the codes of a line that a grant names, so that it covers them and those below them."""
    parsed = parse_grants(frozenset(grants))
    return tuple(code for code in line if _covers(territory, code, on, parsed))


def _covers(territory: Territory, code: str, on: date, grants: GrantedDays) -> bool:
    if code in grants and grants[code] is None:
        return True
    unit = territory.find(code, on)
    return unit is not None and any(
        valid_from in (grants.get(same_code) or ())
        for same_code, valid_from in territory.find_keys_of_land(unit)
    )


def make_refusal(
    territory: Territory, unit: str, line: Sequence[str], on: date, grants: Collection[str]
) -> UnitNotGranted:
    """Return the refusal of a unit on a day; it names the ended grants whose land the unit has now, and their successors."""
    ended: list[Sentence] = []
    for granted in _find_ended(territory, on, grants):
        successors = territory.find_successors(granted, on)
        if len(ended) < MOST_NAMED_GRANTS and any(successor.code in line for successor in successors):
            ended.append(
                ENDED_GRANT.filled(
                    unit=granted.code,
                    name=granted.full_name,
                    ended_on=(granted.valid_to or on).isoformat(),
                    successors=to_names(successors),
                )
            )
    reason = Sentence("".join(part.vi for part in ended), "".join(part.en for part in ended))
    return UnitNotGranted(unit=unit, reason=reason)


def _find_ended(territory: Territory, on: date, grants: Collection[str]) -> Iterable[Unit]:
    """Yield the granted units that had ended by a day, by code."""
    for code, days in sorted(parse_grants(frozenset(grants)).items()):
        try:
            versions = territory.versions(code)
        except UnknownUnit:
            continue
        for version in versions:
            is_named = days is None or version.valid_from in days
            if is_named and version.valid_to is not None and version.valid_to < on:
                yield version


def propose_successors(territory: Territory, unit: Unit, on: date) -> tuple[Unit, ...]:
    """Return the units that a grant of an ended unit may move to: its successors, of a district the communes on its land."""
    if unit.valid_to is None or unit.valid_to >= on:
        return ()
    if territory.successors(unit.code, unit.valid_to) or unit.level != "district":
        return territory.find_successors(unit, on)
    codes = territory.communes_sharing_land(unit.code, unit.valid_to, on)
    return tuple(territory.unit(code, on) for code in sorted(codes))


def find_unit_as_of(territory: Territory, code: str, on: date) -> Unit | None:
    """Return the latest unit that bore a code on or before a day; raises `UnknownUnit` for a code that never was."""
    before = [version for version in territory.versions(code) if version.valid_from <= on]
    return before[-1] if before else None
