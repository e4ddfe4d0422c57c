"""The targets that the national program sets for every province: dated rows of a catalogue. Pure."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.dated_facts.facts import DatedFact
from shared.kit.problems import Sentence


@dataclass(frozen=True, slots=True)
class NationalTarget(DatedFact):
    """A target of the national program, in force from the first to the last day of the years that it is for."""

    code: str
    label: Sentence
    kind: Literal["value", "at_least", "at_most", "range"]
    value: Decimal
    unit_of_measure: str
    upper: Decimal | None = None
    """The upper bound of a range; None for the other kinds."""
    figure: str | None = None
    """The figure that says what was done; None where no figure of the catalogue does."""
    every_year: bool = False
    """True: it holds for each year. False: it is to be reached by the last year."""


def find_national_target_faults(targets: Iterable[NationalTarget], figures: Container[str]) -> Iterator[str]:
    """Yield what is wrong with national targets."""
    for target in targets:
        if target.figure is not None and target.figure not in figures:
            yield f"the national target {target.code} is measured by {target.figure}, which is no figure"
        if (target.kind == "range") != (target.upper is not None):
            yield f"the national target {target.code} has an upper bound without being a range, or is a range without one"
        elif target.upper is not None and target.upper < target.value:
            yield f"the national target {target.code} has its bounds in the wrong order"
