"""A publication as a data package: its figures as CSV and as SDMX-CSV, described by `datapackage.json`, in one file.

The same publication gives the same bytes. Data Package (frictionless), version 1; SDMX-CSV 2.0, of which one table is written
by hand, because it is small.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from shared.kit.decimal_fields import to_number_text
from shared.periods import Period, PeriodKind
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.publications.schemas import PublicationOut

MEDIA_TYPE = "application/zip"

FIELDS: Sequence[tuple[str, str, str]] = (
    ("unit", "string", "code of the unit"),
    ("unit_name", "string", "name of the unit on the last day of the period"),
    ("period", "string", "SDMX time period"),
    ("indicator", "string", "code of the figure"),
    ("dimension", "string", "member of its dimension, such as group=a"),
    ("label", "string", "its name in Vietnamese"),
    ("label_en", "string", "its name in English"),
    ("standard", "string", "the standard that the values are measured under"),
    ("value", "number", "the value; empty where an input is missing or withheld"),
    ("unit_of_measure", "string", "its unit of measure"),
    ("decimals", "integer", "decimal places to print"),
    ("numerator", "number", "what is divided, where it is a ratio"),
    ("denominator", "number", "by what it is divided"),
    ("target", "number", "the planned value"),
    ("status", "string", "the least certain status of the values in it"),
    ("withheld", "boolean", "whether the value is withheld from public reads"),
)
"""Name, type and meaning of each column of `figures.csv`."""

SDMX_COLUMNS = (
    "STRUCTURE", "STRUCTURE_ID", "ACTION", "FREQ", "REF_AREA", "INDICATOR", "MEMBER", "STANDARD", "TIME_PERIOD", "OBS_VALUE",
    "OBS_STATUS", "UNIT_MEASURE", "DECIMALS",
)  # fmt: skip
TOTAL, NOT_APPLICABLE = "_T", "_Z"
"""The codes of SDMX for a figure of no member, and of no standard."""
FREQUENCIES = {PeriodKind.YEAR: "A", PeriodKind.HALF: "S", PeriodKind.QUARTER: "Q", PeriodKind.MONTH: "M"}
OBSERVATION_STATUSES = {"official": "A", "preliminary": "P", "estimate": "E"}
MISSING, SUPPRESSED = "M", "Q"
"""Codes of SDMX's list of statuses (CL_OBS_STATUS), as those above."""


def make_package(publication: PublicationOut, program: str) -> bytes:
    """Return the ZIP file of a publication."""
    resources = {
        "figures.csv": _write_table([name for name, _, _ in FIELDS], _list_rows(publication)),
        "figures.sdmx.csv": _write_table(SDMX_COLUMNS, _list_sdmx_rows(publication, program)),
    }
    description = json.dumps(
        _describe(publication, program, resources), ensure_ascii=False, indent=1, sort_keys=True
    )
    frozen_at = publication.published_at.astimezone(UTC)
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {"datapackage.json": description.encode(), **resources}.items():
            member = zipfile.ZipInfo(name, frozen_at.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(member, content)
    return output.getvalue()


def _describe(publication: PublicationOut, program: str, resources: dict[str, bytes]) -> dict[str, Any]:
    """Return the descriptor of the package."""
    fields = [{"name": name, "type": kind, "description": meaning} for name, kind, meaning in FIELDS]
    sdmx_fields = [
        {"name": name, "type": {"OBS_VALUE": "number", "DECIMALS": "integer"}.get(name, "string")}
        for name in SDMX_COLUMNS
    ]
    return {
        "profile": "tabular-data-package",
        "name": f"{program}-{publication.unit}-{publication.period}-{publication.id}".lower(),
        "id": str(publication.id),
        "title": publication.name,
        "created": publication.published_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "as_of": publication.as_of.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "document": {"number": publication.document_number, "date": publication.document_date.isoformat()},
        "basis": publication.basis,
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": name.removesuffix(".csv").replace(".", "-"),
                "path": name,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "schema": {"fields": columns, "missingValues": [""]},
            }
            for (name, content), columns in zip(resources.items(), (fields, sdmx_fields), strict=True)
        ],
    }


def _list_rows(publication: PublicationOut) -> Iterable[list[str]]:
    for figure in publication.figures:
        yield [
            publication.unit,
            publication.unit_name or "",
            publication.period,
            figure.indicator,
            _join_members(figure),
            figure.label,
            figure.label_en,
            figure.standard or "",
            _write_number(figure.value),
            figure.unit_of_measure,
            str(figure.decimals),
            _write_number(figure.numerator),
            _write_number(figure.denominator),
            _write_number(figure.target),
            figure.status or "",
            "true" if figure.withheld else "false",
        ]


def _list_sdmx_rows(publication: PublicationOut, program: str) -> Iterable[list[str]]:
    frequency = FREQUENCIES[Period.parse(publication.period).kind]
    structure = f"NTP:{program.upper()}_FIGURES(1.0)"
    for figure in publication.figures:
        yield [
            "dataflow",
            structure,
            "I",
            frequency,
            publication.unit,
            figure.indicator,
            _join_members(figure) or TOTAL,
            figure.standard or NOT_APPLICABLE,
            publication.period,
            _write_number(figure.value),
            _find_status(figure),
            figure.unit_of_measure,
            str(figure.decimals),
        ]


def _find_status(figure: FigureOut) -> str:
    """Return the status of an observation by SDMX's list."""
    if figure.withheld:
        return SUPPRESSED
    if figure.value is None:
        return MISSING
    return OBSERVATION_STATUSES.get(figure.status or "official", "A")


def _join_members(figure: FigureOut) -> str:
    return ",".join(f"{name}={member}" for name, member in (figure.dimension or {}).items())


def _write_number(value: Decimal | None) -> str:
    return "" if value is None else to_number_text(value)


def _write_table(columns: Sequence[str], rows: Iterable[list[str]]) -> bytes:
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return output.getvalue().encode()
