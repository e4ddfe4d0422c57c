"""What a list states for all its rows, resolved to its kind, level and law. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from services.ethnic.area_laws import AreaFacts, AreaLaw, KindOfList, ListLevel
from services.ethnic.lists.fault_sentences import (
    ENDS_AFTER_LAW,
    ENDS_BEFORE_EFFECT,
    KIND_UNKNOWN,
    LAW_UNKNOWN,
    LEVEL_REQUIRED,
)
from shared.dated_facts.facts import select_in_force
from shared.kit.problems import Fault, make_fault


@dataclass(frozen=True, slots=True)
class ListHeader:
    """What a list states for all its rows."""

    kind: str
    level: ListLevel | None
    unit: str
    law: str | None
    whole: bool
    effective_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class ResolvedHeader:
    """A header without faults, with its kind, level and law."""

    kind: KindOfList
    level: ListLevel
    law: AreaLaw
    ends_on: date | None


def resolve_header(
    header: ListHeader, facts: AreaFacts, unread: Collection[str]
) -> tuple[ResolvedHeader | None, list[Fault]]:
    """Return the kind, level and law of a list, or the faults of what it states; fields in `unread` are at fault already."""
    if {"kind", "effective_on", "law", "level"}.intersection(unread):
        return None, []
    kind = facts.find_kind(header.kind, header.effective_on)
    if kind is None:
        kinds = ", ".join(other.code for other in select_in_force(facts.kinds, header.effective_on))
        return None, [make_fault("/kind", "list_kind_unknown", KIND_UNKNOWN, kind=header.kind, kinds=kinds)]
    level = header.level or (kind.levels[0] if len(kind.levels) == 1 else None)
    if level not in kind.levels:
        levels = ", ".join(kind.levels)
        return None, [
            make_fault("/level", "list_level_required", LEVEL_REQUIRED, kind=kind.code, levels=levels)
        ]
    laws = facts.list_laws(kind.code, level, header.effective_on)
    law = next((law for law in laws if header.law in (None, law.code)), None)
    if law is None:
        fault = make_fault(
            "/law",
            "law_not_in_force",
            LAW_UNKNOWN,
            law=header.law or "-",
            kind=kind.code,
            level=level,
            on=header.effective_on,
            laws=", ".join(law.code for law in laws) or "-",
        )
        return None, [fault]
    resolved = ResolvedHeader(kind, level, law, header.ends_on or law.lists_end_on)
    return resolved, list(_find_end_faults(header, law, unread))


def _find_end_faults(header: ListHeader, law: AreaLaw, unread: Collection[str]) -> Iterator[Fault]:
    if header.ends_on is None or "ends_on" in unread:
        return
    if header.ends_on < header.effective_on:
        days = {"ends_on": header.ends_on, "effective_on": header.effective_on}
        yield make_fault("/ends_on", "ends_before_effect", ENDS_BEFORE_EFFECT, **days)
    if law.lists_end_on is not None and header.ends_on > law.lists_end_on:
        yield make_fault(
            "/ends_on",
            "ends_after_law",
            ENDS_AFTER_LAW,
            law=law.label,
            lists_end_on=law.lists_end_on,
            ends_on=header.ends_on,
        )
