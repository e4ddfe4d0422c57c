"""The indicators of criteria sets as indicators of the catalogue: on the form by which a set is assessed."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from services.rural.criteria.sets import CriteriaSet, CriteriaSets, CriterionIndicator
from shared.kit.problems import Sentence
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Indicator

APPLIES = Sentence("{label}: có áp dụng", "{label}: applies")
MAX_PERCENT = Decimal(100)
MAX_AMOUNT = Decimal(1_000_000)
"""Far above any income in million đồng or area in square metres a head: a larger value is in another unit of measure."""


def make_indicators(sets: CriteriaSets) -> Iterator[Indicator]:
    """Yield the indicators that an assessment may state: each value, and whether an indicator applies.

    They do not add up over communes.
    """
    for criteria_set in sets.values():
        for indicator in criteria_set.numbers if criteria_set.assessed_by else ():
            yield _make_value_indicator(indicator, criteria_set)
            if indicator.applies:
                yield _make_applies_indicator(indicator, criteria_set)


def check_verdicts(sets: CriteriaSets, catalogue: Catalogue) -> None:
    """Raise `ValueError` where the verdict of a criterion is not an indicator of the catalogue."""
    verdicts = {
        criterion.code
        for criteria_set in sets.values()
        for criterion in (criteria_set.criteria if criteria_set.assessed_by else ())
        if criterion.code
    }
    if unknown := sorted(verdicts - catalogue.indicators.keys()):
        raise ValueError(f"criteria sets have verdicts that are not indicators of the catalogue: {unknown}")


def _make_value_indicator(indicator: CriterionIndicator, criteria_set: CriteriaSet) -> Indicator:
    maxima = {"percent": MAX_PERCENT, "amount": MAX_AMOUNT}
    return Indicator(
        code=indicator.code,
        label=_make_label(indicator),
        form=criteria_set.assessed_by or "",
        unit_of_measure=indicator.unit_of_measure,
        level="commune",
        legal_basis=indicator.legal_basis,
        valid_from=date(criteria_set.first_year, 1, 1),
        valid_to=date(criteria_set.last_year, 12, 31),
        kinds=criteria_set.unit_kinds,
        decimals=0 if indicator.passes else 2,
        maximum=maxima.get(indicator.kind, Decimal(1)),
        adds=False,
        standards=frozenset({criteria_set.standard}) if criteria_set.standard else None,
    )


def _make_applies_indicator(indicator: CriterionIndicator, criteria_set: CriteriaSet) -> Indicator:
    return Indicator(
        code=indicator.applies or "",
        label=APPLIES.filled(label=_make_label(indicator)),
        form=criteria_set.assessed_by or "",
        unit_of_measure="applies",
        level="commune",
        legal_basis=indicator.legal_basis,
        valid_from=date(criteria_set.first_year, 1, 1),
        valid_to=date(criteria_set.last_year, 12, 31),
        kinds=criteria_set.unit_kinds,
        maximum=Decimal(1),
        adds=False,
        standards=frozenset({criteria_set.standard}) if criteria_set.standard else None,
    )


def _make_label(indicator: CriterionIndicator) -> Sentence:
    """Return the name of an indicator after its number in the set."""
    label = indicator.full_label
    return Sentence(f"{indicator.number} {label.vi}", f"{indicator.number} {label.en}")
