"""What of a catalogue is in force on a day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.reporting.catalogue.definitions import Figure, Form, Indicator
from shared.reporting.catalogue.relations import RelationInForce
from shared.reporting.catalogue.standards import FormStandards

MORE_MONTHS_THAN_ANY_PERIOD = 1000


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

    def find_shortest_months(self, figure: Figure, forms: Mapping[str, Form]) -> int:
        """Return the months of the shortest period for which a form states an input of a figure; of none more than any period has."""
        if figure.code not in self.shortest_months:
            indicators = (self.indicators[code] for code in figure.inputs if code in self.indicators)
            months = (kind.months for indicator in indicators for kind in forms[indicator.form].periods)
            self.shortest_months[figure.code] = min(months, default=MORE_MONTHS_THAN_ANY_PERIOD)
        return self.shortest_months[figure.code]
