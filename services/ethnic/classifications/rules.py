"""What a classification may say. Pure: what is stated, the regions and the day in; every fault out.

A region says what is at least true of its communes: one of region III is in special difficulty. One of another region, or
of none, can be in special difficulty under a decision of its own (border and safe-zone communes). A decision may take
effect before its own date: a commune recognized as new rural leaves region III from the day of that recognition.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Conflict, Fault, Sentence, make_fault

REGION_UNKNOWN = Sentence(
    "Không có khu vực “{region}” có hiệu lực vào ngày {on}; các khu vực: {regions}.",
    "There is no region “{region}” in force on {on}; regions: {regions}.",
)
REGION_IS_DIFFICULT = Sentence(
    "Xã khu vực {region} là xã đặc biệt khó khăn ({legal_basis}).",
    "A commune of region {region} is in special difficulty ({legal_basis}).",
)


class ClassificationExists(Conflict):
    """The same decision says something else of this commune from the same day on."""

    code = "classification_exists"
    detail = Sentence(
        "Quyết định này đã phân loại đơn vị từ ngày đó với nội dung khác.",
        "The same decision already classifies the unit from that day on, in another way.",
    )


@dataclass(frozen=True, slots=True)
class Region(DatedFact):
    """A region while the decision behind it is in force."""

    code: str
    label: Sentence
    specially_difficult: bool


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated of a commune."""

    unit: str
    region: str | None
    specially_difficult: bool
    decision_number: str
    decided_on: date
    effective_on: date


def faults_of(stated: Stated, regions: Collection[Region], unread: Collection[str] = ()) -> Iterator[Fault]:
    """Give what is wrong with a statement; fields in `unread` are known to be at fault already."""
    if not {"region", "effective_on"}.intersection(unread) and stated.region is not None:
        by_code: Mapping[str, Region] = {it.code: it for it in regions if it.is_in_force(stated.effective_on)}
        region = by_code.get(stated.region)
        if region is None:
            yield make_fault(
                "/region",
                "region_unknown",
                REGION_UNKNOWN,
                region=stated.region,
                on=stated.effective_on,
                regions=", ".join(by_code) or "-",
            )
        elif (
            region.specially_difficult
            and not stated.specially_difficult
            and "specially_difficult" not in unread
        ):
            yield make_fault(
                "/specially_difficult",
                "region_is_specially_difficult",
                REGION_IS_DIFFICULT,
                region=region.code,
                legal_basis=region.legal_basis,
            )
