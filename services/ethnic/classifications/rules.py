"""Rules of a classification, and the region of a commune on a day. Pure: frozen values and the day in.

A region states what is at least true of its communes: a commune of region III is in special difficulty. A commune of
another region, or of none, may be so under a decision of its own (border and safe-zone communes). A decision may take
effect before its own date: a commune recognized as new rural leaves region III on the day on which that recognition takes effect.

A decision classifies a commune until a later one takes effect. Meanwhile a recognition may put the commune into another
region, from its own day to the day before its revocation: the consequence that the law attaches to it. A later
recognition of the same level replaces an earlier one, which does not return when the later one is revoked. The decision
and the consequence are always stated separately.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Conflict, Fault, Sentence, make_fault
from shared.periods import ONE_DAY

REGION_UNKNOWN = Sentence(
    "Không có khu vực “{region}” có hiệu lực vào ngày {on}; các khu vực: {regions}.",
    "There is no region “{region}” in force on {on}; regions: {regions}.",
)
REGION_SPECIALLY_DIFFICULT = Sentence(
    "Xã khu vực {region} là xã đặc biệt khó khăn ({legal_basis}).",
    "A commune of region {region} is in special difficulty ({legal_basis}).",
)


class ClassificationExists(Conflict):
    """The same decision classifies the commune from the same day on in another way."""

    code = "classification_exists"
    detail = Sentence(
        "Quyết định này đã phân loại đơn vị từ ngày đó với nội dung khác.",
        "The same decision already classifies the unit from that day on in another way.",
    )


@dataclass(frozen=True, slots=True)
class Region(DatedFact):
    """A region of the ethnic-minority and mountainous area."""

    code: str
    label: Sentence
    specially_difficult: bool


@dataclass(frozen=True, slots=True)
class Consequence(DatedFact):
    """The region that a recognition of a level puts a commune of a region into.

    It is in force for the recognitions that take effect on its days.
    """

    region: str
    level: str
    becomes: str
    ends_special_difficulty: bool
    revocation_restores: bool
    """Whether the revocation of the recognition ends the consequence."""
    revocation_confidence: str


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """The regions, and the consequences of recognitions for their communes."""

    regions: tuple[Region, ...]
    consequences: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True)
class ClassificationDecision:
    """The content of a decision on a commune."""

    unit: str
    region: str | None
    specially_difficult: bool
    decision_number: str
    decided_on: date
    effective_on: date


@dataclass(frozen=True, slots=True)
class EffectiveClassification:
    """A classification with the day on which it takes effect."""

    id: uuid.UUID
    """Its id; that of the list where a whole list left the commune out."""
    region: str | None
    specially_difficult: bool
    effective_on: date
    ends_on: date | None = None
    """The legal end; None where none is stated."""
    law: str | None = None


@dataclass(frozen=True, slots=True)
class CommuneRecognition:
    """A recognition of a commune, with the days on which it takes effect and ends by a revocation."""

    id: uuid.UUID
    level: str
    effective_on: date
    ended_on: date | None = None
    decided_on: date | None = None
    """The day of the decision; None where it does not matter."""


@dataclass(frozen=True, slots=True)
class AppliedConsequence:
    """A consequence, and the recognition by which it applies."""

    consequence: Consequence
    recognition: CommuneRecognition


@dataclass(frozen=True, slots=True)
class CommuneStatus:
    """The status of a commune on a day: its classification, and the consequence that applies, if any."""

    classification: EffectiveClassification
    applied: AppliedConsequence | None

    @property
    def region(self) -> str | None:
        """The region of the commune, the consequence included; None: it is in no region."""
        return self.classification.region if self.applied is None else self.applied.consequence.becomes

    @property
    def specially_difficult(self) -> bool:
        """Whether the commune is in special difficulty, the consequence included."""
        ended = self.applied is not None and self.applied.consequence.ends_special_difficulty
        return self.classification.specially_difficult and not ended

    @property
    def out_by_recognition(self) -> bool:
        """Whether the commune is out of special difficulty only by a consequence, and not by a decision."""
        return self.classification.specially_difficult and not self.specially_difficult


def find_decision_faults(
    decision: ClassificationDecision, regions: Collection[Region], unread: Collection[str] = ()
) -> Iterator[Fault]:
    """Yield the faults of a decision; fields in `unread` are at fault already."""
    if {"region", "effective_on"}.intersection(unread) or decision.region is None:
        return
    in_force = {region.code: region for region in regions if region.is_in_force(decision.effective_on)}
    region = in_force.get(decision.region)
    if region is None:
        yield make_fault(
            "/region",
            "region_unknown",
            REGION_UNKNOWN,
            region=decision.region,
            on=decision.effective_on,
            regions=", ".join(in_force) or "-",
        )
    elif (
        region.specially_difficult
        and not decision.specially_difficult
        and "specially_difficult" not in unread
    ):
        yield make_fault(
            "/specially_difficult",
            "region_is_specially_difficult",
            REGION_SPECIALLY_DIFFICULT,
            region=region.code,
            legal_basis=region.legal_basis,
        )


def find_status(
    on: date,
    classifications: Iterable[EffectiveClassification],
    recognitions: Iterable[CommuneRecognition],
    consequences: Sequence[Consequence],
) -> CommuneStatus | None:
    """Return the status of a commune on a day; None where nothing classifies it, or its classification has ended.

    At most one of the classifications takes effect on each day.
    """
    effective = [row for row in classifications if row.effective_on <= on]
    if not effective:
        return None
    classification = max(effective, key=lambda row: row.effective_on)
    if classification.ends_on is not None and classification.ends_on < on:
        return None
    decided = [recognition for recognition in recognitions if recognition.effective_on <= on]
    ended = _find_ended(decided, on)
    applied = [
        AppliedConsequence(consequence, recognition)
        for recognition in decided
        for consequence in consequences
        if classification.effective_on <= recognition.effective_on
        and (recognition.level, classification.region) == (consequence.level, consequence.region)
        and consequence.is_in_force(recognition.effective_on)
        and not (consequence.revocation_restores and recognition.id in ended)
    ]
    first = min(applied, key=lambda row: (row.recognition.effective_on, row.recognition.id), default=None)
    return CommuneStatus(classification, first)


def find_exit(
    first: date,
    last: date,
    classifications: Sequence[EffectiveClassification],
    recognitions: Sequence[CommuneRecognition],
    consequences: Sequence[Consequence],
) -> CommuneStatus | None:
    """Return the status on the last day of a period if the commune left special difficulty in it, else None.

    It left when it is not in special difficulty on the last day, and was on the day before the first or later.
    """
    status = find_status(last, classifications, recognitions, consequences)
    if status is None or status.specially_difficult:
        return None
    day_before = first - ONE_DAY
    days_of_change = {
        day_before,
        *(classification.effective_on for classification in classifications),
        *(recognition.effective_on for recognition in recognitions),
        *(recognition.ended_on for recognition in recognitions if recognition.ended_on is not None),
    }
    for day in days_of_change:
        if day_before <= day <= last:
            earlier = find_status(day, classifications, recognitions, consequences)
            if earlier is not None and earlier.specially_difficult:
                return status
    return None


def _find_ended(recognitions: Sequence[CommuneRecognition], on: date) -> set[uuid.UUID]:
    """Return the ids of the recognitions that have ended by a day.

    A revoked recognition has ended; with the latest of a level, so have those that it replaced.
    """
    by_day = sorted(recognitions, key=lambda recognition: (recognition.effective_on, recognition.id))
    latest = {recognition.level: recognition for recognition in by_day}
    return {
        recognition.id
        for recognition in recognitions
        for revocable in (recognition, latest[recognition.level])
        if revocable.ended_on is not None and revocable.ended_on <= on
    }
