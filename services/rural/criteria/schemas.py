"""How criteria sets are said."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from services.rural.basis import BasisOut, DatedOut
from services.rural.criteria.sets import (
    Authority,
    CriteriaSet,
    Criterion,
    CriterionIndicator,
    Kind,
    RecognitionLevel,
    RevocationGround,
)
from services.rural.criteria.thresholds import Threshold, Thresholds
from shared.kit.decimal_fields import JsonDecimal


class CriteriaSetOut(BasisOut):
    """A criteria set, with its legal basis."""

    code: str = Field(description="code of the set")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_level: str = Field(description="district, commune or village")
    level: RecognitionLevel = Field(description="the level that it recognizes")
    first_year: int = Field(description="first year recognized for")
    last_year: int = Field(description="last year recognized for")
    needs: RecognitionLevel | None = Field(description="the level that must be in force already")
    fields: list[str] = Field(description="fields, one of which must be named")
    criteria_count: int | None = Field(description="how many criteria it has; null where that was not found")
    indicators_count: int | None = Field(description="how many indicators; null where that was not found")

    @classmethod
    def of(cls, it: CriteriaSet) -> Self:
        """Say a set."""
        return cls(
            code=it.code,
            label=it.label.vi,
            label_en=it.label.en,
            unit_level=it.unit_level,
            level=it.level,
            first_year=it.first_year,
            last_year=it.last_year,
            needs=it.needs,
            fields=list(it.fields),
            criteria_count=it.criteria_count,
            indicators_count=it.indicators_count,
            legal_basis=it.legal_basis,
            confidence=it.confidence,
        )


class CriteriaSetsOut(BaseModel):
    """The criteria sets of this installation."""

    items: list[CriteriaSetOut]


class ThresholdOut(BasisOut):
    """What an indicator is held to, where and in which years."""

    place: str = Field(description="code of the region, or of the unit that sets it for itself")
    first_year: int = Field(description="first assessment year")
    last_year: int = Field(description="last assessment year")
    value: JsonDecimal = Field(description="the threshold, in the indicator's unit of measure")

    @classmethod
    def of(cls, it: Threshold) -> Self:
        """Say a threshold."""
        return cls.model_validate(it, from_attributes=True)


class CriterionIndicatorOut(BasisOut):
    """An indicator of a criterion."""

    code: str = Field(description="what it is called in reports")
    number: str = Field(description="its number in the set")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    kind: Kind = Field(description="met or not, the same where it applies, a percentage, another amount")
    applies: str | None = Field(description="code under which is stated whether it applies; null: always")
    comparator: Literal[">=", "<=", "="] = Field(description="how its value must stand to the threshold")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    delegated: bool = Field(description="whether the threshold is left to the province")
    thresholds: list[ThresholdOut] = Field(
        description="by place and years; none where it is met or not, or where none is known"
    )

    @classmethod
    def of(cls, it: CriterionIndicator, thresholds: Thresholds) -> Self:
        """Say an indicator with its thresholds."""
        return cls(
            code=it.code,
            number=it.number,
            label=it.label.vi,
            label_en=it.label.en,
            kind=it.kind,
            applies=it.applies,
            comparator=it.comparator,
            unit_of_measure=it.unit_of_measure,
            delegated=it.delegated,
            thresholds=[ThresholdOut.of(one) for one in thresholds.by_indicator.get(it.code, ())],
            legal_basis=it.legal_basis,
            confidence=it.confidence,
        )


class CriterionOfSetOut(BaseModel):
    """A criterion of a set; it is met only when all of its indicators hold."""

    number: int = Field(description="its number in the set")
    code: str | None = Field(description="under which its verdict is stated; null where nobody reports it")
    group: str | None = Field(description="code of its group; null where the set has none")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    indicators: list[CriterionIndicatorOut] = Field(description="none where their names were not found")

    @classmethod
    def of(cls, it: Criterion, thresholds: Thresholds) -> Self:
        """Say a criterion."""
        return cls(
            number=it.number,
            code=it.code,
            group=it.group,
            label=it.label.vi,
            label_en=it.label.en,
            indicators=[CriterionIndicatorOut.of(one, thresholds) for one in it.indicators],
        )


class NamedOut(BaseModel):
    """A group of criteria, or a region."""

    code: str = Field(description="its code")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")


class MemberOut(DatedOut):
    """A unit that lies in a region, with everything below it."""

    unit: str = Field(description="code of the unit")


class RegionOut(NamedOut):
    """A region by which thresholds differ."""

    members: list[MemberOut] = Field(description="the units that lie in it, by days")


class SetConditionOut(BasisOut):
    """What a set asks for besides, or instead of, criteria; it is not judged here."""

    label: str = Field(description="in Vietnamese")
    label_en: str = Field(description="in English")


class AuthorityOut(BasisOut):
    """Who recognizes under a set, and how sure that is."""

    name: str = Field(description="the office, in Vietnamese")

    @classmethod
    def of(cls, it: Authority) -> Self:
        """Say an authority."""
        return cls.model_validate(it, from_attributes=True)


class DatedAuthorityOut(AuthorityOut, DatedOut):
    """Who recognizes under a set, and from when to when."""


class RevocationGroundOut(DatedOut):
    """When a recognition under a set is to be revoked; its days are those of the revoking decision."""

    least_percent: int = Field(
        description="share of the criteria that is no longer met, in percent, at least"
    )
    including: list[int] = Field(description="numbers of criteria, one of which is among them; none: any")

    @classmethod
    def of(cls, it: RevocationGround) -> Self:
        """Say a ground."""
        return cls(
            least_percent=it.least_percent,
            including=sorted(it.including),
            valid_from=it.valid_from,
            valid_to=it.valid_to,
            legal_basis=it.legal_basis,
            confidence=it.confidence,
        )


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
    conditions: list[SetConditionOut] = Field(description="what it asks for besides")
    regions: list[RegionOut] = Field(description="the regions by which thresholds differ")

    @classmethod
    def whole(cls, it: CriteriaSet, thresholds: Thresholds) -> Self:
        """Say a set whole."""
        return cls(
            **CriteriaSetOut.of(it).model_dump(),
            authorities=[DatedAuthorityOut.of(one) for one in it.authorities],
            needs_clause=it.needs_clause or None,
            assessment_clause=it.assessment_clause or None,
            grounds=[RevocationGroundOut.of(one) for one in it.grounds],
            groups=[NamedOut(code=code, label=said.vi, label_en=said.en) for code, said in it.groups.items()],
            criteria=[CriterionOfSetOut.of(one, thresholds) for one in it.criteria],
            conditions=[
                SetConditionOut(
                    label=one.label.vi,
                    label_en=one.label.en,
                    legal_basis=one.legal_basis,
                    confidence=one.confidence,
                )
                for one in it.conditions
            ],
            regions=[
                RegionOut(
                    code=code,
                    label=said.vi,
                    label_en=said.en,
                    members=[
                        MemberOut.model_validate(each, from_attributes=True)
                        for each in thresholds.members
                        if each.region == code
                    ],
                )
                for code, said in thresholds.regions.items()
            ],
        )
