"""The faults of relations between indicators of the form of a report. Pure.

Relations between forms are compared when the report is written, because they need other reports (`writing/form_relations.py`).
"""

from collections.abc import Iterator
from datetime import date

from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.relations import SIGNS, find_broken_relations
from shared.reporting.report_content import ReportContent, UnitValues, to_canonical_text

RELATION_BROKEN = Sentence(
    "{relation}: {left} {sign} {right} không đúng.", "{relation}: {left} {sign} {right} does not hold."
)


def find_relation_faults(
    catalogue: Catalogue, content: ReportContent, on: date
) -> Iterator[tuple[Fault, UnitValues]]:
    """Return the faults of relations within one form, each with the values of the unit that break it.

    The pointer of a fault is the key of a series.
    """
    stated = catalogue.find_relations_stating(content.indicators, on)
    within_form = [row for row in stated if len(row.forms) == 1]
    if not within_form:
        return
    relations = [row.relation for row in within_form]
    codes = frozenset(code for row in within_form for code in row.codes)
    in_force = {code for code in codes if catalogue.find_indicator(code, on) is not None}
    for unit, amounts in content.amounts_by_unit.items():
        for broken in find_broken_relations(relations, amounts, in_force):
            shown = {
                "relation": broken.relation.label,
                "left": to_canonical_text(broken.left),
                "sign": SIGNS[broken.relation.kind],
                "right": to_canonical_text(broken.right),
            }
            first = next(code for code in broken.relation.left if code in in_force)
            yield make_fault(first, "relation_broken", RELATION_BROKEN, **shown), content.by_unit[unit]
