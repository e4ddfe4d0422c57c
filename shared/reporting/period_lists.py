"""The periods of a series, from the first to the last. Pure."""

from shared.kit.problems import Invalid, Sentence, make_fault
from shared.periods import Period

MAX_PERIODS = 60
"""Five years of months; each period costs a few statements."""
MAX_PERIODS_OF_A_LEVEL = 12
"""A year of months, or twelve years: each period costs a row for every unit as well."""

KINDS_DIFFER = Sentence(
    "Kỳ cuối {last} khác loại với kỳ đầu {first}.",
    "The last period {last} is of another kind than the first one, {first}.",
)
ENDS_BEFORE = Sentence("Kỳ cuối {last} trước kỳ đầu {first}.", "{last} is before the first period, {first}.")
TOO_MANY_PERIODS = Sentence(
    "Chuỗi có {count} kỳ, quá {limit}.", "The series has {count} periods, over {limit}."
)


def list_periods(first: Period, last: Period, *, limit: int = MAX_PERIODS) -> list[Period]:
    """Return the periods from the first to the last; raise `Invalid` where they are no series."""
    shown = {"first": first, "last": last}
    if last.kind is not first.kind:
        raise Invalid(
            faults=[make_fault("/query/to", "period_of_other_kind", KINDS_DIFFER, first=first, last=last)]
        )
    if last < first:
        raise Invalid(faults=[make_fault("/query/to", "period_before_first", ENDS_BEFORE, **shown)])
    count = (last.first_month - first.first_month) // first.kind.months + 1
    if count > limit:
        facts = {"count": str(count), "limit": str(limit)}
        raise Invalid(faults=[make_fault("/query/to", "too_many_periods", TOO_MANY_PERIODS, **facts)])
    periods = [first]
    while len(periods) < count:
        periods.append(periods[-1].next())
    return periods
