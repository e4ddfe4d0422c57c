"""Decisions as events of other services name them, and the documents that they are. Pure."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

NAMING_MEMBERS = ("decision", "revoked_by")
"""The members of an event's data that name a decision; a revocation is decided by `revoked_by`."""


@dataclass(frozen=True, slots=True)
class NamedDecision:
    """A decision by its number, and its date where it is named."""

    number: str
    decided_on: date | None


@dataclass(frozen=True, slots=True)
class Citation:
    """What names a decision: a service, the type of its event, and the first subject of such an event."""

    service: str
    event: str
    subject: str


@dataclass(frozen=True, slots=True)
class CitedDecision:
    """A decision that services name, with what names it."""

    key: str
    """The canonical form of its number, as `make_key` returns it."""
    number: str
    decided_on: date | None
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class NumberedDocument:
    """A document as far as a decision is looked up by it."""

    id: uuid.UUID
    key: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class DecisionMatch:
    """The documents that a decision may be."""

    same: tuple[uuid.UUID, ...]
    """Those with its number and date; with its number, where no date is named."""
    other_date: tuple[uuid.UUID, ...]
    """Those with its number and another date."""


def find_named_decisions(event_type: str, data: Mapping[str, Any]) -> Iterator[NamedDecision]:
    """Yield the decisions that an event names; a revocation names that of the revocation alone."""
    members = ("revoked_by",) if event_type.endswith("_revoked") else NAMING_MEMBERS
    for member in members:
        named = data.get(member)
        if isinstance(named, str) and named.strip():
            yield NamedDecision(named, _read_date(data.get("decision_date")))
        elif isinstance(named, Mapping) and isinstance(named.get("number"), str) and named["number"].strip():
            yield NamedDecision(named["number"], _read_date(named.get("date")))


def _read_date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def match_documents(
    decision: CitedDecision, documents: Mapping[str, Iterable[NumberedDocument]]
) -> DecisionMatch:
    """Return the documents that a decision may be, among documents by the canonical form of their number."""
    same, other_date = list[uuid.UUID](), list[uuid.UUID]()
    for document in documents.get(decision.key, ()):
        matches = decision.decided_on in {None, document.signed_on}
        (same if matches else other_date).append(document.id)
    return DecisionMatch(tuple(same), tuple(other_date))
