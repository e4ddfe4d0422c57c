"""Kinds of documents, what is in force on a day, and what documents demand. Pure."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

DocumentState = Literal["not_yet_issued", "not_yet_in_force", "in_force", "expired", "replaced"]
DocumentRelationKind = Literal["amends", "replaces", "guides", "carries_out"]
DemandState = Literal["fulfilled", "open", "overdue"]

KIND_UNKNOWN = Sentence(
    "Không có loại văn bản “{kind}”; các loại: {kinds}.", "There is no kind “{kind}”; kinds: {kinds}."
)
DOCUMENT_UNKNOWN = Sentence("Không có văn bản {document}.", "There is no document {document}.")
DEMAND_UNKNOWN = Sentence(
    "Văn bản {document} không có yêu cầu số {demand}.", "The document {document} has no demand {demand}."
)
DEMAND_FULFILLED = Sentence(
    "yêu cầu số {demand} đã được văn bản {document} đáp ứng",
    "the demand {demand} is fulfilled by the document {document}",
)
REPLACES_ITSELF = Sentence("Văn bản không thể nêu chính nó.", "A document cannot name itself.")


class DocumentNumberUsed(Conflict):
    """The issuer has another document with this number in this year."""

    code = "document_number_used"
    detail = Sentence(
        "Số {number} đã dùng cho văn bản {document} ngày {date}; nếu là văn bản khác, nêu distinct_from và lý do.",
        "The number {number} is that of the document {document} of {date}; where this is another, send distinct_from with a "
        "reason.",
    )


@dataclass(frozen=True, slots=True)
class DocumentKind(DatedFact):
    """A kind of document."""

    code: str
    label: Sentence
    steers: bool
    """Whether it counts among the documents by which a unit steers the programs."""


@dataclass(frozen=True, slots=True)
class DocumentKinds:
    """All kinds of documents of this installation."""

    kinds: tuple[DocumentKind, ...]

    def find(self, code: str, on: date) -> DocumentKind | None:
        """Return the kind of a code on a day."""
        return next((kind for kind in self.kinds if kind.code == code and kind.is_in_force(on)), None)

    def find_faults(self, code: str, on: date | None, at: str = "/kind") -> Iterator[Fault]:
        """Yield the fault of a kind that is not in force on a day; without a day, of one that never is."""
        kinds = [kind.code for kind in self.kinds if on is None or kind.is_in_force(on)]
        if code not in kinds:
            yield make_fault(at, "document_kind_unknown", KIND_UNKNOWN, kind=code, kinds=", ".join(kinds))


@dataclass(frozen=True, slots=True)
class DocumentRelation:
    """What a document does to another."""

    kind: DocumentRelationKind
    document: uuid.UUID


@dataclass(frozen=True, slots=True)
class Demand:
    """What a document asks for by a day."""

    title: str
    owner: str
    unit: str | None
    due_on: date


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """A document as its newest version states it."""

    id: uuid.UUID
    number: str
    kind: str
    issuer: str
    unit: str
    land: tuple[str, date]
    """The code and first day of the unit that names the land of `unit`."""
    signed_on: date
    effective_on: date
    expires_on: date | None
    """Last day on which it is in force."""
    normative: bool
    relations: tuple[DocumentRelation, ...] = ()
    demands: tuple[Demand, ...] = ()
    fulfils: tuple[tuple[uuid.UUID, int], ...] = ()
    """The demands that it fulfils: a document, and the number of the demand, counted from 1."""


@dataclass(frozen=True, slots=True)
class DueDemand:
    """A demand, with the document that asks and the one that fulfils it."""

    document: IssuedDocument
    number: int
    demand: Demand
    fulfilled_by: IssuedDocument | None

    def find_state(self, on: date) -> DemandState:
        """Return its state on a day: overdue from the day after its due day."""
        if self.fulfilled_by is not None:
            return "fulfilled"
        return "overdue" if self.demand.due_on < on else "open"


def find_replacements(documents: Iterable[IssuedDocument]) -> dict[uuid.UUID, IssuedDocument]:
    """Return the document that replaces each replaced one; of several the one that takes effect first."""
    replacements: dict[uuid.UUID, IssuedDocument] = {}
    for document in documents:
        for relation in document.relations:
            first = replacements.get(relation.document)
            if relation.kind == "replaces" and (first is None or document.effective_on < first.effective_on):
                replacements[relation.document] = document
    return replacements


def find_document_state(
    document: IssuedDocument, replacements: Mapping[uuid.UUID, IssuedDocument], on: date
) -> DocumentState:
    """Return the state of a document on a day; on its last day it is still in force."""
    if on < document.signed_on:
        return "not_yet_issued"
    if on < document.effective_on:
        return "not_yet_in_force"
    replacement = replacements.get(document.id)
    if replacement is not None and replacement.effective_on <= on:
        return "replaced"
    if document.expires_on is not None and document.expires_on < on:
        return "expired"
    return "in_force"


def select_documents_in_force(documents: Sequence[IssuedDocument], on: date) -> list[IssuedDocument]:
    """Return the documents that are in force on a day."""
    replacements = find_replacements(documents)
    return [
        document for document in documents if find_document_state(document, replacements, on) == "in_force"
    ]


def list_demands(documents: Sequence[IssuedDocument], on: date) -> list[DueDemand]:
    """Return the demands of the documents that are or were in force by a day, the earliest due day first."""
    fulfilments = {
        fulfilled: document
        for document in sorted(documents, key=lambda document: document.signed_on, reverse=True)
        if document.signed_on <= on
        for fulfilled in document.fulfils
    }
    demands = [
        DueDemand(document, number, demand, fulfilments.get((document.id, number)))
        for document in documents
        if max(document.signed_on, document.effective_on) <= on
        for number, demand in enumerate(document.demands, 1)
    ]
    return sorted(demands, key=lambda due: (due.demand.due_on, due.document.number, due.number))


def find_reference_faults(
    document_id: uuid.UUID,
    relations: Sequence[uuid.UUID],
    fulfils: Sequence[tuple[uuid.UUID, int]],
    others: Mapping[uuid.UUID, IssuedDocument],
) -> Iterator[Fault]:
    """Yield the faults of the documents that the relations of a document name, and of the demands that it fulfils."""
    named = [
        *((f"/relations/{index}/document", other) for index, other in enumerate(relations)),
        *((f"/fulfils/{index}/document", other) for index, (other, _) in enumerate(fulfils)),
    ]
    for pointer, other in named:
        if other == document_id:
            yield make_fault(pointer, "document_names_itself", REPLACES_ITSELF)
        elif other not in others:
            yield make_fault(pointer, "document_unknown", DOCUMENT_UNKNOWN, document=str(other))
    for index, (other, number) in enumerate(fulfils):
        if other in others and number > len(others[other].demands):
            yield make_fault(
                f"/fulfils/{index}/demand",
                "demand_unknown",
                DEMAND_UNKNOWN,
                document=str(other),
                demand=number,
            )


def refuse_used_number(
    document: IssuedDocument, same_number: Iterable[IssuedDocument], distinct_from: Collection[uuid.UUID]
) -> None:
    """Raise `DocumentNumberUsed` where the issuer has another document with this number in the year.

    `distinct_from` are the documents that the client states to be others.
    """
    for other in same_number:
        if other.id not in {document.id, *distinct_from} and other.signed_on.year == document.signed_on.year:
            raise DocumentNumberUsed(
                number=document.number, document=str(other.id), date=other.signed_on.isoformat()
            )
