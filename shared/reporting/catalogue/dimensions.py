"""Dimensions: closed, dated lists by which an indicator is broken down, and identities over their members. Pure.

An indicator that declares a dimension is stated for each member of it. Each pair of indicator and member is a series of its
own, named by its **series key**: `poor_by_group.xo_dang`. Everything that works by the code of an indicator works by the
series key (ADR 0016).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, NamedTuple

from shared.dated_facts.facts import Dated, DatedFact
from shared.kit.problems import Sentence
from shared.reporting.catalogue.definitions import Indicator

KEY_SEPARATOR = "."
"""Between the code of an indicator and that of a member; neither has one of its own."""

IdentityKind = Literal["sum_equals_total", "each_at_most_total", "overlapping"]
"""Whether the members are parts of a total that add up to it, parts that may leave some of it out, or groups that overlap."""


class SeriesName(NamedTuple):
    """A series as reports state it."""

    indicator: str
    dimension: dict[str, str] | None
    """The member by the code of the dimension; None without a dimension."""


@dataclass(frozen=True, slots=True)
class Member(Dated):
    """One of the values that a dimension can have."""

    code: str
    label: Sentence
    persons: int | None = None
    """Persons of it in the country, such as of an ethnic group; None where they are not known or do not matter."""


@dataclass(frozen=True, slots=True)
class Dimension(DatedFact):
    """A closed list of members by which indicators are broken down."""

    code: str
    label: Sentence
    members: tuple[Member, ...]

    def find_member(self, code: str) -> Member | None:
        """Return the member of a code, in force or not."""
        return next((member for member in self.members if member.code == code), None)


@dataclass(frozen=True, slots=True)
class DimensionIdentity(DatedFact):
    """What must hold between the members of an indicator and its total, for each unit of a report that states both."""

    kind: IdentityKind
    indicator: str
    """The indicator with the dimension."""
    total: str
    """The indicator that is the total."""


@dataclass(frozen=True, slots=True)
class BrokenIdentity:
    """An identity that the values of a unit break, at one of its series or at its total."""

    identity: DimensionIdentity
    at: str
    """The series key, or the code of the total."""
    stated: Decimal
    total: Decimal


def to_series_key(indicator: str, member: str | None) -> str:
    """Return the key of a series: the code of an indicator, with a member of its dimension where it has one."""
    return indicator if member is None else f"{indicator}{KEY_SEPARATOR}{member}"


def from_series_key(key: str) -> tuple[str, str | None]:
    """Return the code of the indicator and the member of its dimension; None where it has no dimension."""
    indicator, separator, member = key.partition(KEY_SEPARATOR)
    return indicator, member if separator else None


def expand_indicators(
    indicators: Iterable[Indicator], dimensions: Iterable[Dimension]
) -> Iterator[Indicator]:
    """Return the indicators, each one with a known dimension as the series of its members while both are valid."""
    by_code = {dimension.code: dimension for dimension in dimensions}
    for indicator in indicators:
        dimension = by_code.get(indicator.dimension or "")
        if dimension is None:
            yield indicator
            continue
        for member in dimension.members:
            valid_from = max(indicator.valid_from, member.valid_from)
            ends = [day for day in (indicator.valid_to, member.valid_to) if day is not None]
            valid_to = min(ends, default=None)
            if valid_to is None or valid_from <= valid_to:
                yield replace(
                    indicator,
                    code=to_series_key(indicator.code, member.code),
                    label=Sentence(
                        f"{indicator.label.vi}: {member.label.vi}", f"{indicator.label.en}: {member.label.en}"
                    ),
                    member=member.code,
                    of_label=indicator.label,
                    valid_from=valid_from,
                    valid_to=valid_to,
                )


def find_broken_identities(
    identities: Iterable[DimensionIdentity],
    series_by_indicator: Mapping[str, Collection[str]],
    values: Mapping[str, Decimal],
) -> Iterator[BrokenIdentity]:
    """Return the identities that the values of one unit break.

    `series_by_indicator` are the series in force of each indicator with a dimension. A total that is not stated, and a sum
    of which a member is not stated, decide nothing; members that alone are more than the total do.
    """
    for identity in identities:
        total = values.get(identity.total)
        keys = series_by_indicator.get(identity.indicator, ())
        stated = {key: values[key] for key in keys if key in values}
        if total is None or not stated:
            continue
        larger = [key for key in stated if stated[key] > total]
        for key in larger:
            yield BrokenIdentity(identity, key, stated[key], total)
        if larger or identity.kind == "overlapping":
            continue
        added = sum(stated.values(), Decimal(0))
        is_whole = identity.kind == "sum_equals_total" and len(stated) == len(keys)
        if added > total or (is_whole and added != total):
            yield BrokenIdentity(identity, identity.total, added, total)


def find_dimension_faults(
    dimensions: Collection[Dimension],
    identities: Iterable[DimensionIdentity],
    indicators: Mapping[str, tuple[Indicator, ...]],
) -> Iterator[str]:
    """Return what is wrong with the dimensions of a catalogue, the indicators that declare them, and the identities."""
    yield from _find_member_faults(dimensions)
    dimension_codes = {dimension.code for dimension in dimensions}
    for versions in indicators.values():
        for version in versions:
            indicator, member = from_series_key(version.code)
            if version.dimension is not None and version.dimension not in dimension_codes:
                yield f"indicator {indicator} has an unknown dimension: {version.dimension}"
            elif member != version.member or "," in version.code:
                yield f"indicator {version.code} has a comma or a full stop in its code"
    yield from _find_identity_faults(identities, indicators)


def _find_member_faults(dimensions: Iterable[Dimension]) -> Iterator[str]:
    codes: set[str] = set()
    for dimension in dimensions:
        if dimension.code in codes:
            yield f"dimension {dimension.code} is that of two rows"
        codes.add(dimension.code)
        members = [member.code for member in dimension.members]
        if not members or len(set(members)) < len(members):
            yield f"dimension {dimension.code} has no member, or one twice"
        for code in members:
            if not code or KEY_SEPARATOR in code or "," in code:
                yield f"dimension {dimension.code} has a member with a faulty code: {code!r}"


def _find_identity_faults(
    identities: Iterable[DimensionIdentity], indicators: Mapping[str, tuple[Indicator, ...]]
) -> Iterator[str]:
    forms: dict[str, set[str]] = {}
    for key, versions in indicators.items():
        forms.setdefault(from_series_key(key)[0], set()).update(version.form for version in versions)
    for identity in identities:
        if identity.indicator not in forms or identity.indicator in indicators:
            yield f"an identity is over {identity.indicator}, which is no indicator with a dimension"
        elif identity.total not in indicators:
            yield f"an identity over {identity.indicator} has an unknown total: {identity.total}"
        elif forms[identity.indicator] != forms[identity.total]:
            yield f"an identity over {identity.indicator} has a total on another form: {identity.total}"
