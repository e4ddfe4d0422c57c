"""The standard of a report: the one that it names, or the one in force on the last day of its period. Pure."""

from collections.abc import Mapping

from shared.kit.problems import Fault, Sentence, make_fault
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Form, Indicator
from shared.reporting.catalogue.standards import NO_STANDARD, list_standards

STANDARD_UNKNOWN = Sentence(
    "Không có chuẩn “{standard}” cho biểu {form}; các chuẩn: {standards}.",
    "The form {form} has no standard “{standard}”; standards: {standards}.",
)
STANDARD_NOT_IN_FORCE = Sentence(
    "Chuẩn “{standard}” không có hiệu lực trong kỳ {period} (từ {valid_from} đến {valid_to}).",
    "The standard “{standard}” is not in force in {period} (from {valid_from} to {valid_to}).",
)
STANDARD_REQUIRED = Sentence(
    "Không có chuẩn nào của biểu {form} có hiệu lực vào ngày {on}; hãy nêu chuẩn ({standards}).",
    "No standard of the form {form} is in force on {on}; name one ({standards}).",
)
INDICATOR_NOT_OF_STANDARD = Sentence(
    "Chỉ tiêu “{indicator}” không thuộc chuẩn “{standard}”; chỉ thuộc: {standards}.",
    "The indicator “{indicator}” is not one of the standard “{standard}”, but of: {standards}.",
)


def find_unknown_standard(catalogue: Catalogue, standard: str | None, form: str | None) -> Fault | None:
    """Return the fault of a standard that no form has, where the form of a report could not be read."""
    codes = [of_catalogue.code for of_catalogue in catalogue.standards]
    if standard is None or standard in codes:
        return None
    shown = {"standard": standard[:60], "form": (form or "-")[:60], "standards": ", ".join(codes) or "-"}
    return make_fault("/standard", "standard_unknown", STANDARD_UNKNOWN, **shown)


def read_standard(catalogue: Catalogue, stated: str | None, form: Form, period: Period) -> str | Fault:
    """Return the standard of a report, `NO_STANDARD` where its form has none yet, or the fault of the one that it names."""
    of_form = list_standards(catalogue.standards, form.code)
    codes = ", ".join(standard.code for standard in of_form) or "-"
    on = period.ends_on
    if stated is None:
        in_force = catalogue.find_form_standard(form.code, on)
        if in_force == NO_STANDARD and any(standard.valid_from <= on for standard in of_form):
            shown = {"form": form.code, "on": on, "standards": codes}
            return make_fault("/standard", "standard_required", STANDARD_REQUIRED, **shown)
        return in_force
    standard = next((standard for standard in of_form if standard.code == stated), None)
    if standard is None:
        names = {"standard": stated[:60], "form": form.code, "standards": codes}
        return make_fault("/standard", "standard_unknown", STANDARD_UNKNOWN, **names)
    if not standard.is_in_force_within(period):
        return make_fault(
            "/standard",
            "standard_not_in_force",
            STANDARD_NOT_IN_FORCE,
            standard=stated,
            period=period,
            valid_from=standard.valid_from,
            valid_to=standard.valid_to or "…",
        )
    return stated


def find_other_standards(indicators: Mapping[str, Indicator | None], standard: str) -> Mapping[str, Fault]:
    """Return the fault of each indicator that cannot be stated under a standard, by its code."""
    return {
        code: make_fault(
            "/indicator",
            "indicator_not_of_standard",
            INDICATOR_NOT_OF_STANDARD,
            indicator=code[:80],
            standard=standard,
            standards=", ".join(sorted(indicator.standards)),
        )
        for code, indicator in indicators.items()
        if indicator is not None and indicator.standards is not None and standard not in indicator.standards
    }
