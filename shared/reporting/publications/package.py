"""A publication as a data package: its figures as CSV and as SDMX-CSV, described by `datapackage.json`, in one file.

The same publication gives the same bytes. Data Package (frictionless), version 1; SDMX-CSV 2.0.
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
from shared.kit.exact_json import restore_numbers
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.figures.sdmx_csv import write_table
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

SDMX_TYPES = {
    "OBS_VALUE": "number", "DECIMALS": "integer", "NUMERATOR": "number", "DENOMINATOR": "number", "AREA_SINCE": "date",
}  # fmt: skip
"""Types of the columns of `figures.sdmx.csv` that are no texts."""


def make_package(publication: PublicationOut, catalogue: Catalogue) -> bytes:
    """Return the ZIP file of a publication."""
    document = json.loads(restore_numbers(publication.model_dump_json().encode()), parse_float=str)
    sdmx_table = write_table(document, "figures", catalogue, labels="id", keys="none", language="vi")
    resources = {
        "figures.csv": _write_table([name for name, _, _ in FIELDS], _list_rows(publication)),
        "figures.sdmx.csv": sdmx_table,
    }
    description = json.dumps(
        _describe(publication, catalogue.program, resources), ensure_ascii=False, indent=1, sort_keys=True
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
    sdmx_columns = resources["figures.sdmx.csv"].decode().partition("\r\n")[0].split(",")
    sdmx_fields = [{"name": name, "type": SDMX_TYPES.get(name, "string")} for name in sdmx_columns]
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
