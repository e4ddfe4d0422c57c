"""The indicators of criteria sets as the reporting engine takes them: on the form by which a set is assessed."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from services.rural.criteria.sets import CriteriaSet, CriteriaSets, CriterionIndicator
from shared.kit.problems import Sentence
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Indicator

APPLIES = Sentence("{label}: có áp dụng", "{label}: applies")
HUNDRED_PERCENT = Decimal(100)
LARGEST_AMOUNT = Decimal(1_000_000)
"""Far above any income in million đồng or square metres a head: a value beyond it is in another unit of measure."""


def stated_on_forms(sets: CriteriaSets) -> Iterator[Indicator]:
    """Give every indicator that is stated in an assessment. What a commune has in percent does not add up over communes."""
    for it in sets.values():
        for one in it.indicators if it.assessed_by else ():
            yield _stated(one, it)
            if one.applies:
                yield _whether_it_applies(one, it)


def refuse_unknown(sets: CriteriaSets, catalogue: Catalogue) -> None:
    """Refuse sets with a verdict that the catalogue does not know: it would follow from values, and be lost."""
    wanted = {one.code for it in sets.values() if it.assessed_by for one in it.criteria if one.code}
    if unknown := sorted(wanted - catalogue.indicators.keys()):
        raise ValueError(f"criteria sets have verdicts that are no indicators: {unknown}")


def _stated(one: CriterionIndicator, of: CriteriaSet) -> Indicator:
    most = {"percent": HUNDRED_PERCENT, "amount": LARGEST_AMOUNT}
    return Indicator(
        code=one.code,
        label=Sentence(f"{one.number} {one.label.vi}", f"{one.number} {one.label.en}"),
        form=of.assessed_by or "",
        unit_of_measure=one.unit_of_measure,
        level="commune",
        legal_basis=one.legal_basis,
        valid_from=date(of.first_year, 1, 1),
        valid_to=date(of.last_year, 12, 31),
        kinds=of.unit_kinds,
        decimals=0 if one.passes else 2,
        maximum=most.get(one.kind, Decimal(1)),
        adds=False,
    )


def _whether_it_applies(one: CriterionIndicator, of: CriteriaSet) -> Indicator:
    named = Sentence(f"{one.number} {one.label.vi}", f"{one.number} {one.label.en}")
    return Indicator(
        code=one.applies or "",
        label=APPLIES.filled(label=named),
        form=of.assessed_by or "",
        unit_of_measure="applies",
        level="commune",
        legal_basis=one.legal_basis,
        valid_from=date(of.first_year, 1, 1),
        valid_to=date(of.last_year, 12, 31),
        kinds=of.unit_kinds,
        maximum=Decimal(1),
        adds=False,
    )
