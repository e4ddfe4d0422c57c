"""The faults of starts: one that a total review does not have, and an exception that names no start of the report. Pure."""

from collections.abc import Iterator

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form
from shared.reporting.report_content import ReportContent

START_IN_TOTAL_REVIEW = Sentence(
    "Kỳ {period} là tổng rà soát ({legal_basis}) nên không có số đầu kỳ.",
    "{period} was a total review ({legal_basis}), which has no start.",
)
EXCEPTION_WITHOUT_START = Sentence(
    "Báo cáo không nêu số đầu kỳ “{indicator}” của {unit}.",
    "The report states no start “{indicator}” of {unit}.",
)


def find_start_faults(
    catalogue: Catalogue, content: ReportContent, form: Form, period: Period, standard: str | None
) -> Iterator[Fault]:
    """Return a fault for each start in a total review, and for each exception without a start."""
    on = period.ends_on
    starts = {
        code
        for code in content.indicators
        if (indicator := catalogue.find_indicator(code, on)) is not None and indicator.starts_from is not None
    }
    official = catalogue.forms[catalogue.find_official_form(form.code)]
    review = official.find_total_review(period, standard or "") if starts else None
    stated: set[tuple[str, str]] = set()
    is_needed = starts and (review is not None or content.exceptions)
    for ordinal, value in content.enumerate_values() if is_needed else ():
        if value.indicator in starts:
            stated.add((value.unit, value.indicator))
            if review is not None:
                shown = {"period": period, "legal_basis": review.legal_basis}
                yield make_fault(
                    f"/observations/{ordinal}/indicator",
                    "start_in_total_review",
                    START_IN_TOTAL_REVIEW,
                    **shown,
                )
    for number, exception in enumerate(content.exceptions):
        if (exception["unit"], exception["indicator"]) not in stated:
            shown = {"unit": exception["unit"], "indicator": exception["indicator"][:80]}
            yield make_fault(
                f"/exceptions/{number}", "exception_without_start", EXCEPTION_WITHOUT_START, **shown
            )
