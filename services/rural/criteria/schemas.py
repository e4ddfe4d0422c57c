"""Wire forms of criteria sets."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rural.criteria.sets import (
    CriteriaSet,
    Criterion,
    CriterionIndicator,
    Kind,
    RecognitionLevel,
    RevocationGround,
)
from services.rural.criteria.thresholds import Thresholds
from shared.dated_facts.schemas import BasisOut, DatedOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal


class CriteriaSetOut(LabelOut, BasisOut):
    """A criteria set, with its legal basis."""

    code: str = Field(description="code of the set")
    unit_level: str = Field(description="district, commune or village")
    level: RecognitionLevel = Field(description="the level that it recognizes")
    first_year: int = Field(description="first year recognized for")
    last_year: int = Field(description="last year recognized for")
    needs: RecognitionLevel | None = Field(description="the level that must be in force already")
    fields: list[str] = Field(description="fields, one of which must be named")
    criteria_count: int | None = Field(description="how many criteria it has; null where that was not found")
    indicators_count: int | None = Field(description="how many indicators; null where that was not found")


class CriteriaSetsOut(BaseModel):
    """The criteria sets of this installation."""

    items: list[CriteriaSetOut]


class ThresholdOut(BasisOut):
    """The threshold of an indicator, where and in which years."""

    place: str = Field(description="code of the region, or of the unit that sets it for itself")
    first_year: int = Field(description="first assessment year")
    last_year: int = Field(description="last assessment year")
    value: JsonDecimal = Field(description="the threshold, in the indicator's unit of measure")


class CriterionIndicatorOut(LabelOut, BasisOut):
    """An indicator of a criterion."""

    code: str = Field(description="what it is called in reports")
    number: str = Field(description="its number in the set")
    kind: Kind = Field(description="met or not, the same where it applies, a percentage, another amount")
    applies: str | None = Field(description="code under which is stated whether it applies; null: always")
    comparator: Literal[">=", "<=", "="] = Field(description="how its value is compared with the threshold")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    delegated: bool = Field(description="whether the threshold is left to the province")
    thresholds: list[ThresholdOut] = Field(
        description="by place and years; none where it is met or not, or where none is known"
    )

    @classmethod
    def from_indicator(cls, indicator: CriterionIndicator, thresholds: Thresholds) -> Self:
        """Serialize an indicator with its thresholds."""
        rows = thresholds.by_indicator.get(indicator.code, ())
        return cls.from_fact(
            indicator, thresholds=[ThresholdOut.from_fact(row, place=row.area) for row in rows]
        )


class CriterionOfSetOut(LabelOut):
    """A criterion of a set; it is met only when all of its indicators hold."""

    number: int = Field(description="its number in the set")
    code: str | None = Field(description="under which its verdict is stated; null where nobody reports it")
    group: str | None = Field(description="code of its group; null where the set has none")
    indicators: list[CriterionIndicatorOut] = Field(description="none where their names were not found")

    @classmethod
    def from_criterion(cls, criterion: Criterion, thresholds: Thresholds) -> Self:
        """Serialize a criterion with its indicators."""
        return cls.from_fact(
            criterion,
            indicators=[
                CriterionIndicatorOut.from_indicator(one, thresholds) for one in criterion.indicators
            ],
        )


class NamedOut(LabelOut):
    """A group of criteria, or a region."""

    code: str = Field(description="its code")


class MemberOut(DatedOut):
    """A unit that lies in a region, with everything below it."""

    unit: str = Field(description="code of the unit")


class RegionOut(NamedOut):
    """A region by which thresholds differ."""

    members: list[MemberOut] = Field(description="the units that lie in it, by days")


class SetConditionOut(LabelOut, BasisOut):
    """What a set requires besides, or instead of, criteria; it is not judged here."""


class AuthorityOut(BasisOut):
    """Who recognizes under a set, and how sure that is."""

    name: str = Field(description="the office, in Vietnamese")


class DatedAuthorityOut(AuthorityOut, DatedOut):
    """Who recognizes under a set, and from when to when."""


class RevocationGroundOut(DatedOut):
    """When a recognition under a set is to be revoked; its days are those of the revoking decision."""

    least_percent: int = Field(
        description="share of the criteria that is no longer met, in percent, at least"
    )
    including: list[int] = Field(description="numbers of criteria, one of which is among them; none: any")

    @classmethod
    def from_ground(cls, ground: RevocationGround) -> Self:
        """Serialize a ground, its criteria in their order."""
        return cls.from_fact(ground, including=sorted(ground.including))


class CriteriaSetWholeOut(CriteriaSetOut):
    """A criteria set with its authorities, clauses, groups, criteria, indicators and thresholds."""

    authorities: list[DatedAuthorityOut] = Field(description="who recognizes under it, by days")
    needs_clause: str | None = Field(description="the clause behind the level that must be in force already")
    assessment_clause: str | None = Field(
        description="the clause by which every criterion has to be met; null where nobody assesses by it here"
    )
    grounds: list[RevocationGroundOut] = Field(
        description="when a recognition is to be revoked, any of these is enough; none where no rule was found"
    )
    groups: list[NamedOut]
    criteria: list[CriterionOfSetOut] = Field(description="those whose names are known")
    conditions: list[SetConditionOut] = Field(description="what it requires besides")
    regions: list[RegionOut] = Field(description="the regions by which thresholds differ")

    @classmethod
    def from_set(cls, criteria_set: CriteriaSet, thresholds: Thresholds) -> Self:
        """Serialize a set with all of its parts."""
        return cls.from_fact(
            criteria_set,
            authorities=[DatedAuthorityOut.from_fact(authority) for authority in criteria_set.authorities],
            needs_clause=criteria_set.needs_clause or None,
            assessment_clause=criteria_set.assessment_clause or None,
            grounds=[RevocationGroundOut.from_ground(ground) for ground in criteria_set.grounds],
            groups=[NamedOut.from_fact(group) for group in criteria_set.groups],
            criteria=[
                CriterionOfSetOut.from_criterion(criterion, thresholds) for criterion in criteria_set.criteria
            ],
            conditions=[SetConditionOut.from_fact(condition) for condition in criteria_set.conditions],
            regions=_regions(thresholds),
        )


def _regions(thresholds: Thresholds) -> list[RegionOut]:
    return [
        RegionOut(
            code=code,
            label=label.vi,
            label_en=label.en,
            members=[MemberOut.from_fact(member) for member in thresholds.members if member.region == code],
        )
        for code, label in thresholds.regions.items()
    ]
