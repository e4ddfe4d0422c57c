"""Examples of reports in a program's OpenAPI document, made from its own catalogue, so that the program accepts them."""

import json
from typing import Any

from shared.reporting.catalogue.definitions import Form
from shared.reporting.engine import ReportingEngine

UNIT, COMMUNE = "610", "23344"
"""A district of Kon Tum and one of its communes, in 2023."""

DOCUMENT = {"number": "123/BC-UBND", "signed_on": "2023-12-14", "signer_role": "chairman"}
FIRST_VALUE = 1830
"""The values of an example fall from here, so that a part is smaller than its whole."""


def add_report_examples(document: dict[str, Any], *, engine: ReportingEngine) -> None:
    """Show, beside the bodies that submit reports, a report with values and one of nothing."""
    form = next(iter(engine.catalogue.forms.values()))
    values, nil = _make_report(engine, form), _make_nil_report(form)
    body = document["paths"][f"{engine.path}/reports"]["post"]["requestBody"]["content"]
    lines = document["paths"][f"{engine.path}/reports/bulk"]["post"]["requestBody"]["content"]
    lines["application/x-ndjson"]["example"] = "".join(
        json.dumps({"idempotency_key": key, "report": report}, ensure_ascii=False) + "\n"
        for key, report in (("610-2023-1", values), ("610-2023-2", nil))
    )
    body["application/json"]["examples"] = {
        "values": {"summary": "A report with values", "value": values},
        "nil": {"summary": "Nothing happened in the period", "value": nil},
    }


def _make_report(engine: ReportingEngine, form: Form) -> dict[str, Any]:
    indicators = [
        version for (version, *_) in engine.catalogue.indicators.values() if version.form == form.code
    ]
    observations = [
        {
            "unit": COMMUNE if indicator.level == "commune" else UNIT,
            "indicator": indicator.code,
            "value": int(min(FIRST_VALUE // number, indicator.maximum or FIRST_VALUE)),
            "status": "official",
        }
        for number, indicator in enumerate(indicators[:2], start=1)
    ]
    return {
        "unit": UNIT,
        "period": "2023",
        "form": form.code,
        "observations": observations,
        "document": DOCUMENT,
    }


def _make_nil_report(form: Form) -> dict[str, Any]:
    note = "Không phát sinh trong kỳ"
    return {
        "unit": UNIT,
        "period": "2023",
        "form": form.code,
        "nil": True,
        "note": note,
        "document": DOCUMENT,
    }
