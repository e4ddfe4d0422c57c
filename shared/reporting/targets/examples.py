"""The example of a program's targets: figures of its own catalogue, so that it runs as it stands."""

from typing import Any

from shared.periods import Period
from shared.reporting.engine import ReportingEngine

PERIOD = Period(2023)


def add_target_example(document: dict[str, Any], *, engine: ReportingEngine) -> None:
    """Show, in the body that sets targets, a bound and a range of the program's first figures."""
    figures = engine.catalogue.find_figures(PERIOD.ends_on, headline=True)
    targets: list[dict[str, Any]] = [
        {"indicator": figure.code, "kind": "at_most" if figure.better == "lower" else "at_least", "value": 7}
        for figure in figures[:1]
    ]
    targets += [
        {"indicator": figure.code, "kind": "range", "value": 3, "upper": 4} for figure in figures[1:2]
    ]
    decision = {"number": "01/QĐ-UBND", "date": "2023-01-05"}
    example = {"decision": decision, "targets": targets}
    document["components"]["schemas"]["TargetsIn"]["example"] = example
    path = f"{engine.path}/targets/{{period}}/{{unit}}"
    document["paths"][path]["put"]["requestBody"]["content"]["application/json"]["example"] = example
