"""The faults of starts, and of exceptions: a start in a total review, an exception that accepts nothing of the report. Pure."""

from collections.abc import Iterator

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.catalogue.relations import list_related_indicators
from shared.reporting.report_content import ReportContent

START_IN_TOTAL_REVIEW = Sentence(
    "Kỳ {period} là tổng rà soát ({legal_basis}) nên không có số đầu kỳ.",
    "{period} was a total review ({legal_basis}), which has no start.",
)
EXCEPTION_WITHOUT_START = Sentence(
    "Báo cáo không nêu số đầu kỳ, hay số đối chiếu với biểu khác, “{indicator}” của {unit}.",
    "The report states no start, and no value that another form repeats, “{indicator}” of {unit}.",
)


def find_start_faults(
    catalogue: Catalogue, content: ReportContent, form: Form, period: Period, standard: str | None
) -> Iterator[Fault]:
    """Return a fault for each start in a total review, and for each exception without a start or a term of a relation."""
    on = period.ends_on
    starts = {
        code
        for code in content.indicators
        if (indicator := catalogue.find_indicator(code, on)) is not None and indicator.starts_from is not None
    }
    official = catalogue.forms[catalogue.find_official_form(form.code)]
    review = official.find_total_review(period, standard or "") if starts else None
    stated: set[tuple[str, str]] = set()
    related = list_related_indicators(catalogue.find_relations(on)) if content.exceptions else ()
    is_needed = content.exceptions or (starts and review is not None)
    for ordinal, value in content.enumerate_values() if is_needed else ():
        indicator_code = from_series_key(value.indicator)[0]
        if indicator_code in related:
            stated.add((value.unit, indicator_code))
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
