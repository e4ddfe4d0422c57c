"""Standards: the dated definitions under which something is measured, such as a poverty standard or a criteria set. Pure.

A report belongs to the standard that it names. Left out, it is the one in force on the last day of the period, of two the
later. The same unit and period may be stated under two standards (ADR 0016).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from shared.dated_facts.facts import DatedFact, select_in_force
from shared.kit.problems import NotFound, Sentence
from shared.periods import Period
from shared.reporting.catalogue.definitions import Form

NO_STANDARD = ""
"""Stands in the database for the standard of a form that has none."""

FormStandards = Mapping[str, str]
"""The code of the standard that is read of each form; a form without one is absent."""


class StandardNotFound(NotFound):
    """The catalogue has no such standard."""

    code = "standard_not_found"
    detail = Sentence(
        "Danh mục không có chuẩn {standard}; các chuẩn: {standards}.",
        "The catalogue has no standard {standard}; standards: {standards}.",
    )


@dataclass(frozen=True, slots=True)
class Standard(DatedFact):
    """A definition under which the indicators of some forms are measured while it is in force."""

    code: str
    label: Sentence
    forms: frozenset[str]
    """The forms whose reports belong to it."""

    def is_in_force_within(self, period: Period) -> bool:
        """Whether it is in force on some day of a period."""
        return self.valid_from <= period.ends_on and (
            self.valid_to is None or self.valid_to >= period.starts_on
        )


def add_preliminary_forms(standards: Iterable[Standard], forms: Iterable[Form]) -> tuple[Standard, ...]:
    """Return the standards with the preliminary forms of their forms."""
    preliminary = {form.code: form.preliminary_of for form in forms if form.preliminary_of is not None}
    return tuple(
        replace(
            standard,
            forms=standard.forms.union(
                code for code, official in preliminary.items() if official in standard.forms
            ),
        )
        for standard in standards
    )


def find_standard(standards: Iterable[Standard], form: str, on: date) -> Standard | None:
    """Return the standard of a form that is in force on a day, of two the later; None where there is none."""
    of_form = (standard for standard in standards if form in standard.forms)
    return max(select_in_force(of_form, on), key=lambda standard: standard.valid_from, default=None)


def list_standards(standards: Iterable[Standard], form: str) -> list[Standard]:
    """Return the standards of a form, the earliest first."""
    of_form = (standard for standard in standards if form in standard.forms)
    return sorted(of_form, key=lambda standard: standard.valid_from)


def find_standard_faults(standards: Collection[Standard], forms: Collection[str]) -> Iterator[str]:
    """Return what is wrong with the standards of a catalogue."""
    codes: set[str] = set()
    begun: set[tuple[str, date]] = set()
    for standard in standards:
        if not standard.code or standard.code in codes:
            yield f"standard {standard.code} has no code of its own"
        codes.add(standard.code)
        if unknown := sorted(standard.forms.difference(forms)):
            yield f"standard {standard.code} is of unknown forms: {unknown}"
        if not standard.forms:
            yield f"standard {standard.code} is of no form"
        for form in sorted(standard.forms):
            if (form, standard.valid_from) in begun:
                yield f"two standards of the form {form} begin on {standard.valid_from}"
            begun.add((form, standard.valid_from))
