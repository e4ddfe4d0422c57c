"""What changed between two lists of one kind and level."""

from services.ethnic.areas.store import read_unit_timelines
from services.ethnic.lists.checking import list_units_below
from services.ethnic.lists.rules import UnitEntry
from services.ethnic.lists.schemas import ClassificationListOut, ListDifferenceOut, ListDifferencesOut
from services.ethnic.lists.verdicts import read_entries
from services.ethnic.models import ClassificationList
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.reporting.context import ReportingContext

OTHER_KIND = Sentence(
    "Hai danh sách khác loại hoặc khác cấp: {kind} {level} và {other_kind} {other_level}.",
    "The lists are of two kinds or levels: {kind} {level} and {other_kind} {other_level}.",
)
NOTHING = UnitEntry(listed=False)


async def compare_lists(
    context: ReportingContext, first: ClassificationList, second: ClassificationList
) -> ListDifferencesOut:
    """Return the units of which two lists say different things; raise `Invalid` for lists of two kinds or levels."""
    if (first.kind, first.level) != (second.kind, second.level):
        fault = make_fault(
            "/query/other",
            "list_of_other_kind",
            OTHER_KIND,
            kind=first.kind,
            level=first.level,
            other_kind=second.kind,
            other_level=second.level,
        )
        raise Invalid(faults=[fault])
    earlier, later = sorted((first, second), key=lambda row: (row.effective_on, row.recorded_at))
    before, after = await _read_list_entries(context, earlier), await _read_list_entries(context, later)
    items, unchanged = [], 0
    for unit, group in sorted(before.keys() | after.keys()):
        entries = before.get((unit, group), NOTHING), after.get((unit, group), NOTHING)
        difference = ListDifferenceOut.compare(unit, group, *entries)
        if difference is not None:
            items.append(difference)
        elif entries[1].listed:
            unchanged += 1
    return ListDifferencesOut(
        earlier=ClassificationListOut.from_row(earlier),
        later=ClassificationListOut.from_row(later),
        unchanged=unchanged,
        items=items,
    )


async def _read_list_entries(
    context: ReportingContext, row: ClassificationList
) -> dict[tuple[str, str], UnitEntry]:
    """Return what holds by a list on its first day, with the lists that an adjustment adjusts."""
    on = row.effective_on
    units = list_units_below(context.territory, row.unit, on)
    timelines = await read_unit_timelines(context.session, units, on, row.recorded_at)
    return read_entries(timelines, row.kind, row.level, on)
