"""What of a catalogue is in force on a day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.reporting.catalogue.definitions import Form, Indicator
from shared.reporting.catalogue.relations import RelationInForce
from shared.reporting.catalogue.standards import FormStandards


@dataclass(frozen=True, slots=True)
class CatalogueDay:
    """The forms, indicators and relations that are in force on a day, and the standard of each form that has one."""

    forms: tuple[Form, ...]
    indicators: Mapping[str, Indicator]
    flows: frozenset[str]
    """The measures that add up over time."""
    standards: FormStandards
    relations: tuple[RelationInForce, ...]
    latest_breaks: dict[tuple[str, str], date | None] = field(default_factory=dict, compare=False)
    """The day from which values compare, by figure and the standard that is read; found when it is read first."""
    shortest_months: dict[str, int] = field(default_factory=dict, compare=False)
    """The length of the shortest period that an input is stated for, by figure; found when it is read first."""
