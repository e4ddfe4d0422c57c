"""Criteria sets on the wire."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rural.criteria.sets import (
    CriteriaSet,
    Criterion,
    CriterionIndicator,
    IndicatorKind,
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
    criteria_count: int | None = Field(description="how many criteria it has; null where unknown")
    indicators_count: int | None = Field(description="how many indicators it has; null where unknown")


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

    code: str = Field(description="its code in reports")
    number: str = Field(description="its number in the set")
    kind: IndicatorKind = Field(
        description="what is stated: met or not (pass), the same where it applies (pass_or_na), a percentage, another amount"
    )
    applies: str | None = Field(description="code that states whether it applies; null: it always does")
    comparator: Literal[">=", "<=", "="] = Field(description="how its value is compared with the threshold")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    delegated: bool = Field(description="whether the province sets the threshold")
    thresholds: list[ThresholdOut] = Field(
        description="by area and years; none for an indicator that is met or not, or where no threshold is known"
    )

    @classmethod
    def from_indicator(cls, indicator: CriterionIndicator, thresholds: Thresholds) -> Self:
        """Serialize an indicator with its thresholds."""
        rows = thresholds.by_indicator.get(indicator.code, ())
        return cls.from_fact(
            indicator, thresholds=[ThresholdOut.from_fact(row, place=row.area) for row in rows]
        )


class SetCriterionOut(LabelOut):
    """A criterion of a set; it is met only when all of its indicators are."""

    number: int = Field(description="its number in the set")
    code: str | None = Field(description="code that states its verdict; null where it is not reported")
    group: str | None = Field(description="code of its group; null where the set has none")
    indicators: list[CriterionIndicatorOut] = Field(description="none where their names are not known")

    @classmethod
    def from_criterion(cls, criterion: Criterion, thresholds: Thresholds) -> Self:
        """Serialize a criterion with its indicators."""
        return cls.from_fact(
            criterion,
            indicators=[
                CriterionIndicatorOut.from_indicator(indicator, thresholds)
                for indicator in criterion.indicators
            ],
        )


class CriterionGroupOut(LabelOut):
    """A group of criteria."""

    code: str = Field(description="its code")


class RegionMemberOut(DatedOut):
    """A unit that lies in a region, with all units below it."""

    unit: str = Field(description="code of the unit")


class ThresholdRegionOut(LabelOut):
    """A region by which thresholds differ."""

    code: str = Field(description="its code")
    members: list[RegionMemberOut] = Field(description="the units of the region, each with its days")


class SetConditionOut(LabelOut, BasisOut):
    """A requirement of a set besides criteria, or instead of them; the service does not evaluate it."""


class AuthorityOut(BasisOut):
    """The authority that recognizes under a set."""

    name: str = Field(description="the office, in Vietnamese")


class DatedAuthorityOut(AuthorityOut, DatedOut):
    """The authority that recognizes under a set, with its days."""


class RevocationGroundOut(DatedOut):
    """The ground on which a recognition under a set is to be revoked; its days are those of the revoking decision."""

    least_percent: int = Field(
        description="share of the criteria that is no longer met, in percent, at least"
    )
    including: list[int] = Field(description="numbers of criteria, one of which is among them; none: any")

    @classmethod
    def from_ground(cls, ground: RevocationGround) -> Self:
        """Serialize a ground, its criteria in their order."""
        return cls.from_fact(ground, including=sorted(ground.including))


class CriteriaSetDetailOut(CriteriaSetOut):
    """A criteria set with its authorities, clauses, groups, criteria, indicators and thresholds."""

    authorities: list[DatedAuthorityOut] = Field(
        description="the authorities that recognize under it, each with its days"
    )
    needs_clause: str | None = Field(description="the clause behind the level that must be in force already")
    assessment_clause: str | None = Field(
        description="the clause by which every criterion must be met; null where communes are not assessed by the set"
    )
    grounds: list[RevocationGroundOut] = Field(
        description="when a recognition is to be revoked: one of these suffices; none where no rule is known"
    )
    groups: list[CriterionGroupOut]
    criteria: list[SetCriterionOut] = Field(description="those whose names are known")
    conditions: list[SetConditionOut] = Field(description="what it requires besides")
    regions: list[ThresholdRegionOut] = Field(description="the regions by which thresholds differ")

    @classmethod
    def from_set(cls, criteria_set: CriteriaSet, thresholds: Thresholds) -> Self:
        """Serialize a set with all of its parts."""
        return cls.from_fact(
            criteria_set,
            authorities=[DatedAuthorityOut.from_fact(authority) for authority in criteria_set.authorities],
            needs_clause=criteria_set.needs_clause or None,
            assessment_clause=criteria_set.assessment_clause or None,
            grounds=[RevocationGroundOut.from_ground(ground) for ground in criteria_set.grounds],
            groups=[CriterionGroupOut.from_fact(group) for group in criteria_set.groups],
            criteria=[
                SetCriterionOut.from_criterion(criterion, thresholds) for criterion in criteria_set.criteria
            ],
            conditions=[SetConditionOut.from_fact(condition) for condition in criteria_set.conditions],
            regions=_list_regions(thresholds),
        )


def _list_regions(thresholds: Thresholds) -> list[ThresholdRegionOut]:
    return [
        ThresholdRegionOut(
            code=code,
            label=label.vi,
            label_en=label.en,
            members=[
                RegionMemberOut.from_fact(member) for member in thresholds.members if member.region == code
            ],
        )
        for code, label in thresholds.regions.items()
    ]
