"""Figures and observations as SDMX-CSV 2.0, the table of official statistics (https://github.com/sdmx-twg/sdmx-csv).

A row has the structure that it belongs to, the dimensions that name one value, the value, and attributes. Codes of statuses are those
of SDMX's list CL_OBS_STATUS, of frequencies those of CL_FREQ. The parameters `labels` and `keys` of the media type are kept.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from starlette.requests import Request

from shared.kit.exception_handlers import negotiate_language
from shared.kit.problems import Language, Sentence
from shared.kit.representations import FormattedRows, RowFormat
from shared.kit.resources import get_resources
from shared.kit.tables import Document
from shared.periods import Period, PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Indicator
from shared.reporting.catalogue.dimensions import to_series_key
from shared.reporting.engine import ReportingEngine

MEDIA_TYPE = "application/vnd.sdmx.data+csv"
VERSIONS = ("2.0.0", "2.0")
LABELS, KEYS = ("id", "name", "both"), ("none", "obs", "series", "both")
AGENCY, STRUCTURE_VERSION = "NTP", "1.0.0"

Flow = Literal["figures", "observations"]


class CodedText(NamedTuple):
    """A cell: the code or value, and its name in both languages where it has one."""

    code: str
    name: Sentence | None = None


FLOW_NAMES: Mapping[Flow, Sentence] = {
    "figures": Sentence("Chỉ tiêu tổng hợp", "Figures"),
    "observations": Sentence("Số liệu báo cáo", "Reported values"),
}
DIMENSIONS = {
    "FREQ": Sentence("Tần suất", "Frequency"),
    "REF_AREA": Sentence("Đơn vị hành chính", "Reference area"),
    "INDICATOR": Sentence("Chỉ tiêu", "Indicator"),
    "MEMBER": Sentence("Phân tổ", "Member of the breakdown"),
    "STANDARD": Sentence("Chuẩn đo lường", "Standard"),
    "TIME_PERIOD": Sentence("Kỳ", "Time period"),
}
COLUMNS = {
    **DIMENSIONS,
    "OBS_VALUE": Sentence("Giá trị", "Observation value"),
    "OBS_STATUS": Sentence("Trạng thái số liệu", "Observation status"),
    "UNIT_MEASURE": Sentence("Đơn vị tính", "Unit of measure"),
    "DECIMALS": Sentence("Số chữ số thập phân", "Decimals"),
    "STATED_STATUS": Sentence("Mức độ chính thức", "Status as stated"),
    "NIL": Sentence("Không phát sinh", "Nil"),
    "NUMERATOR": Sentence("Tử số", "Numerator"),
    "DENOMINATOR": Sentence("Mẫu số", "Denominator"),
    "AREA_SINCE": Sentence("Đơn vị có từ ngày", "First day of the area"),
}
"""The components of a row in their order, dimensions first, with their names."""

FREQUENCIES = {
    PeriodKind.YEAR: CodedText("A", Sentence("Năm", "Annual")),
    PeriodKind.HALF: CodedText("S", Sentence("Nửa năm", "Half-yearly")),
    PeriodKind.QUARTER: CodedText("Q", Sentence("Quý", "Quarterly")),
    PeriodKind.MONTH: CodedText("M", Sentence("Tháng", "Monthly")),
}
TOTAL = CodedText("_T", Sentence("Tổng số", "Total"))
NOT_APPLICABLE = CodedText("_Z", Sentence("Không áp dụng", "Not applicable"))
NORMAL = CodedText("A", Sentence("Chính thức", "Normal value"))
OBSERVATION_STATUSES = {
    "official": NORMAL,
    "preliminary": CodedText("P", Sentence("Sơ bộ", "Provisional value")),
    "estimate": CodedText("E", Sentence("Ước tính", "Estimated value")),
}
BREAK = CodedText("B", Sentence("Gián đoạn chuỗi", "Time series break"))
MISSING = CodedText("O", Sentence("Không có số liệu", "Missing value"))
SUPPRESSED = CodedText("Q", Sentence("Không công bố", "Missing value; suppressed"))


def make_format(flow: Flow) -> RowFormat:
    """Return the format of rows that are figures or observations."""

    def write(request: Request, document: Document, parameters: Mapping[str, str]) -> FormattedRows:
        catalogue = get_resources(request.app).get(ReportingEngine).catalogue
        language = negotiate_language(request)
        labels, keys = parameters.get("labels", LABELS[0]), _read_keys(parameters)
        content = write_table(document, flow, catalogue, labels=labels, keys=keys, language=language)
        chosen = "".join(f"; {name}={value}" for name, value in (("labels", labels), ("keys", keys)))
        content_type = f"{MEDIA_TYPE}; version={VERSIONS[0]}{chosen}; charset=utf-8"
        headers = {} if labels == "id" else {"content-language": language}
        return FormattedRows(content, content_type, headers)

    return RowFormat(MEDIA_TYPE, _is_taken, write)


def _is_taken(parameters: Mapping[str, str]) -> bool:
    """Whether the version is 2.0, and the optional parameters are some that are kept; names are in lower case."""
    return (
        parameters.get("version", VERSIONS[0]) in VERSIONS
        and parameters.get("labels", LABELS[0]) in LABELS
        and _read_keys(parameters) in KEYS
        and parameters.get("timeformat", "original") == "original"
    )


def _read_keys(parameters: Mapping[str, str]) -> str:
    return parameters.get("keys", parameters.get("key", KEYS[0]))


def write_table(
    document: Document, flow: Flow, catalogue: Catalogue, *, labels: str, keys: str, language: Language
) -> bytes:
    """Return the rows of an answer as SDMX-CSV; decimals of the document are texts."""
    structure = CodedText(
        f"{AGENCY}:{catalogue.program.upper()}_{flow.upper()}({STRUCTURE_VERSION})", FLOW_NAMES[flow]
    )
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    key_names = [
        name for name, kind in (("SERIES_KEY", "series"), ("OBS_KEY", "obs")) if keys in (kind, "both")
    ]
    structure_names = ["STRUCTURE_ID", "STRUCTURE_NAME"] if labels == "name" else ["STRUCTURE_ID"]
    components = [
        cell for code, name in COLUMNS.items() for cell in _label(CodedText(code, name), labels, language)
    ]
    writer.writerow(["STRUCTURE", *structure_names, "ACTION", *key_names, *components])
    first_cells = ["dataflow", *_label(structure, labels, language), "I"]
    for cells in _list_rows(document, catalogue):
        codes = [cells[name].code for name in DIMENSIONS]
        series_codes = [cells[name].code for name in DIMENSIONS if name != "TIME_PERIOD"]
        row_keys = {"SERIES_KEY": ".".join(series_codes), "OBS_KEY": ".".join(codes)}
        labelled = [text for name in COLUMNS for text in _label(cells[name], labels, language)]
        writer.writerow([*first_cells, *(row_keys[name] for name in key_names), *labelled])
    return output.getvalue().encode()


def _label(cell: CodedText, labels: str, language: Language) -> Sequence[str]:
    """Return a cell as the parameter `labels` says: the code, code and name in one cell, or in two."""
    name = cell.name.in_language(language) if cell.name else ""
    if labels == "name":
        return (cell.code, name)
    return (f"{cell.code}: {name}",) if labels == "both" and name else (cell.code,)


def _list_rows(document: Document, catalogue: Catalogue) -> Iterator[Mapping[str, CodedText]]:
    """Yield the cells of each row of an answer, by the component."""
    standards = {_find_key(indicator): indicator["standard"] for indicator in document.get("indicators", ())}
    standard_names = {standard.code: standard.label for standard in catalogue.standards}
    for row in document["figures"] if "figures" in document else document["items"]:
        described: Document = {**_list_members_above(document), **row}
        if described["unit"] is None:  # a period of a series in which there was no such unit
            continue
        period = Period.parse(described["period"])
        key = _find_key(described)
        definition = _find_definition(catalogue, key, period)
        standard = described.get("standard") or standards.get(key)
        decimals = described.get("decimals", definition.decimals if definition else "")
        yield {
            "FREQ": FREQUENCIES[period.kind],
            "REF_AREA": CodedText(described["unit"], _repeat(described.get("unit_name"))),
            "INDICATOR": CodedText(described["indicator"], _find_label(catalogue, described, definition)),
            "MEMBER": _find_member(catalogue, described),
            "STANDARD": CodedText(standard, standard_names.get(standard)) if standard else NOT_APPLICABLE,
            "TIME_PERIOD": CodedText(described["period"]),
            "OBS_VALUE": _write(described.get("value")),
            "OBS_STATUS": _find_status(described),
            "UNIT_MEASURE": CodedText(
                described.get("unit_of_measure") or (definition.unit_of_measure if definition else "")
            ),
            "DECIMALS": CodedText(str(decimals)),
            "STATED_STATUS": CodedText(described.get("status") or ""),
            "NIL": CodedText("true" if described.get("nil") else ""),
            "NUMERATOR": _write(described.get("numerator")),
            "DENOMINATOR": _write(described.get("denominator")),
            "AREA_SINCE": CodedText(described.get("unit_since") or ""),
        }


def _list_members_above(document: Document) -> Document:
    """Return the members of an answer that hold for each of its rows, as rows name them."""
    unit = document.get("unit")
    names = (
        {"unit": unit["code"], "unit_name": unit["name"], "unit_since": unit["since"]}
        if isinstance(unit, Mapping)
        else {}
    )
    repeated = (
        "unit", "unit_name", "unit_since", "period", "indicator", "dimension", "label", "label_en", "unit_of_measure", "decimals",
    )  # fmt: skip
    return {**{name: document[name] for name in repeated if name in document}, **names}


def _find_key(row: Document) -> str:
    members: Iterable[str] = (row.get("dimension") or {}).values()
    return to_series_key(row["indicator"], next(iter(members), None))


def _find_definition(catalogue: Catalogue, key: str, period: Period) -> Figure | Indicator | None:
    """Return the figure or indicator of a row; None of one that the catalogue has no longer."""
    return catalogue.figures.get(key) or catalogue.find_indicator(key, period.ends_on)


def _find_label(
    catalogue: Catalogue, row: Document, definition: Figure | Indicator | None
) -> Sentence | None:
    """Return the name of the indicator, without its member, which has a column of its own."""
    series = catalogue.indicators.get(_find_key(row))
    of_label = series[-1].of_label if series else None
    if of_label is not None:
        return of_label
    if "label" in row:
        return Sentence(row["label"], row["label_en"])
    return definition.label if definition else None


def _find_member(catalogue: Catalogue, row: Document) -> CodedText:
    for code, member in (row.get("dimension") or {}).items():
        dimension = next((candidate for candidate in catalogue.dimensions if candidate.code == code), None)
        definition = dimension.find_member(member) if dimension else None
        return CodedText(member, definition.label if definition else None)
    return TOTAL


def _find_status(row: Document) -> CodedText:
    """Return the one status of an observation: by SDMX's guideline a break goes before what is missing or provisional."""
    if row.get("break_before"):
        return BREAK
    if row.get("withheld"):
        return SUPPRESSED
    if row.get("value") is None and not row.get("nil"):
        return MISSING
    return OBSERVATION_STATUSES.get(row.get("status") or "official", NORMAL)


def _repeat(text: str | None) -> Sentence | None:
    """Return a name that is the same in both languages, such as that of a unit."""
    return None if text is None else Sentence(text, text)


def _write(number: Any) -> CodedText:
    return CodedText("" if number is None else str(number))
