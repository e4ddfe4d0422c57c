"""The faults of the indicators that the rows of a report name, and of the members of their dimensions. Pure.

A row with a dimension names the series key of its indicator and member; its faults are put where the body has them.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, Indicator
from shared.reporting.catalogue.dimensions import IdentityKind, find_broken_identities, from_series_key
from shared.reporting.report_content import NONE_UNREAD, ReportContent, UnitValues, to_canonical_text
from shared.reporting.reports.checking.rows import RowFault
from shared.reporting.reports.checking.sentences import (
    INDICATOR_ON_OTHER_FORM,
    INDICATOR_RETIRED,
    INDICATOR_UNKNOWN,
)

DIMENSION_REQUIRED = Sentence(
    "Chỉ tiêu “{indicator}” được nêu theo {dimension}; hãy nêu một trong: {members}.",
    "The indicator “{indicator}” is stated by {dimension}; name one of: {members}.",
)
DIMENSION_UNEXPECTED = Sentence(
    "Chỉ tiêu “{indicator}” không được nêu theo phân tổ.",
    "The indicator “{indicator}” has no dimension.",
)
DIMENSION_UNKNOWN = Sentence(
    "Chỉ tiêu “{indicator}” không được nêu theo “{stated}” mà theo {dimension}.",
    "The indicator “{indicator}” is not stated by “{stated}”, but by {dimension}.",
)
MEMBER_UNKNOWN = Sentence(
    "Phân tổ {dimension} không có “{member}”; có: {members}.",
    "The dimension {dimension} has no “{member}”; it has: {members}.",
)
MEMBER_NOT_IN_FORCE = Sentence(
    "“{member}” của phân tổ {dimension} không có hiệu lực vào ngày {on}.",
    "“{member}” of the dimension {dimension} is not in force on {on}.",
)
MEMBER_ABOVE_TOTAL = Sentence(
    "Giá trị {stated} lớn hơn tổng “{total}” ({amount}).",
    "{stated} is more than the total “{total}” ({amount}).",
)
MEMBERS_NOT_TOTAL = Sentence(
    "Các phân tổ của “{indicator}” cộng lại là {stated}, khác tổng “{total}” ({amount}).",
    "The members of “{indicator}” add up to {stated}, and the total “{total}” is {amount}.",
)
MEMBERS_ABOVE_TOTAL = Sentence(
    "Các phân tổ của “{indicator}” cộng lại là {stated}, lớn hơn tổng “{total}” ({amount}).",
    "The members of “{indicator}” add up to {stated}, more than the total “{total}” ({amount}).",
)


def find_unknown_series(catalogue: Catalogue, code: str) -> Fault | None:
    """Return the fault of a series that the catalogue does not have on any day, or None."""
    if code in catalogue.indicators:
        return None
    indicator, member = from_series_key(code)
    dimension = catalogue.find_dimension(indicator)
    if dimension is None:
        if member is not None and indicator in catalogue.indicators:
            shown = {"indicator": indicator}
            return make_fault("/dimension", "dimension_unexpected", DIMENSION_UNEXPECTED, **shown)
        return make_fault("/indicator", "indicator_unknown", INDICATOR_UNKNOWN, indicator=indicator[:80])
    names = {"dimension": dimension.code, "members": ", ".join(member.code for member in dimension.members)}
    if member is None:
        shown = {"indicator": indicator, **names}
        return make_fault("/dimension", "dimension_required", DIMENSION_REQUIRED, **shown)
    return make_fault("/dimension", "member_unknown", MEMBER_UNKNOWN, member=member[:60], **names)


def find_indicator_faults(
    catalogue: Catalogue, indicators: Mapping[str, Indicator | None], form: Form | None, on: date
) -> Iterator[tuple[str, Fault]]:
    """Return the fault of each series that cannot be stated on a form on a day, after its key."""
    for code, indicator in indicators.items():
        unknown = find_unknown_series(catalogue, code) if indicator is None else None
        if unknown is not None:
            yield code, unknown
        elif indicator is None:
            yield code, _make_retired(catalogue, code, on)
        elif form is not None and indicator.form != (form.preliminary_of or form.code):
            forms = {"indicator": from_series_key(code)[0], "form": indicator.form}
            yield code, make_fault("/indicator", "indicator_on_other_form", INDICATOR_ON_OTHER_FORM, **forms)


def _make_retired(catalogue: Catalogue, code: str, on: date) -> Fault:
    """Return the fault of a series that is not in force: of its indicator, or of its member where others are."""
    indicator, member = from_series_key(code)
    dimension = catalogue.find_dimension(indicator)
    if member is not None and dimension is not None:
        others = (catalogue.find_indicator(key, on) for key in catalogue.list_series(indicator))
        if any(other is not None for other in others):
            shown = {"member": member, "dimension": dimension.code, "on": str(on)}
            return make_fault("/dimension", "member_not_in_force", MEMBER_NOT_IN_FORCE, **shown)
    return make_fault("/indicator", "indicator_retired", INDICATOR_RETIRED, indicator=indicator[:80], on=on)


def find_dimension_faults(catalogue: Catalogue, content: ReportContent) -> Iterator[RowFault]:
    """Return the faults of rows that state another dimension than that of their indicator, or a key as an indicator."""
    keys = {code for code in content.indicators if from_series_key(code)[1] is not None}
    if not keys:
        return
    for ordinal, value in content.enumerate_values():
        if value.indicator not in keys or "dimension" in content.unread_fields.get(ordinal, NONE_UNREAD):
            continue
        indicator, _member = from_series_key(value.indicator)
        stated = content.dimensions.get(ordinal)
        dimension = catalogue.find_dimension(indicator)
        if stated is None:
            shown = {"indicator": value.indicator[:80]}
            yield ordinal, make_fault("/indicator", "indicator_unknown", INDICATOR_UNKNOWN, **shown)
        elif dimension is not None and dimension.code not in stated:
            names = {"indicator": indicator, "stated": next(iter(stated)), "dimension": dimension.code}
            yield ordinal, make_fault("/dimension", "dimension_unknown", DIMENSION_UNKNOWN, **names)


def find_identity_faults(
    catalogue: Catalogue, content: ReportContent, on: date
) -> Iterator[tuple[Fault, UnitValues]]:
    """Return the faults of the identities over dimensions, each with the values of the unit that break it.

    The pointer of a fault is the key of a series.
    """
    identities = [
        identity for identity in catalogue.find_identities(on) if identity.total in content.indicators
    ]
    if not identities:
        return
    series = catalogue.find_series(on)
    for unit, amounts in content.amounts_by_unit.items():
        for broken in find_broken_identities(identities, series, amounts):
            is_member = broken.at != broken.identity.total
            code, sentence = _NAMES[broken.identity.kind]
            shown = {
                "indicator": broken.identity.indicator,
                "stated": to_canonical_text(broken.stated),
                "total": broken.identity.total,
                "amount": to_canonical_text(broken.total),
            }
            if is_member:
                code, sentence = "member_above_total", MEMBER_ABOVE_TOTAL
            yield make_fault(broken.at, code, sentence, **shown), content.by_unit[unit]


_NAMES: Mapping[IdentityKind, tuple[str, Sentence]] = {
    "sum_equals_total": ("members_not_total", MEMBERS_NOT_TOTAL),
    "each_at_most_total": ("members_above_total", MEMBERS_ABOVE_TOTAL),
    "overlapping": ("member_above_total", MEMBER_ABOVE_TOTAL),
}
"""The code and sentence of the fault of a total, by the kind of the identity that it breaks."""
