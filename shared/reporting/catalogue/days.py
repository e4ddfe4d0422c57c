"""What of a catalogue is in force on a day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

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
