"""The content of a report as frozen values, its hash, and how it differs from another report. Pure."""

import base64
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple

import orjson

Status = Literal["estimate", "preliminary", "official"]
STATUSES: tuple[Status, ...] = ("estimate", "preliminary", "official")
"""From the least to the most certain; several values together have the least certain status among them."""


class StatedValue(NamedTuple):
    """The value of one indicator for one unit."""

    unit: str
    indicator: str
    """The key of the series: the code, with the member of the dimension where the indicator declares one."""
    value: Decimal
    status: Status
    derived: bool = False
    """Whether it was not posted but follows from the posted values by a dated rule."""
    nil: bool = False
    """Whether it states, in place of a value, that nothing happened; the value is then 0."""

    @property
    def text(self) -> str:
        """The value in its canonical form, or "nil"."""
        return "nil" if self.nil else to_canonical_text(self.value)


class Columns(NamedTuple):
    """The values column by column, in the order posted."""

    units: tuple[str, ...]
    indicators: tuple[str, ...]
    amounts: tuple[Decimal, ...]


UnitValues = Mapping[str, tuple[int, StatedValue]]
"""The values of one unit by indicator, each with its ordinal."""

NONE_UNREAD: frozenset[str] = frozenset()
KEY_FIELDS = frozenset({"unit", "indicator", "dimension"})
"""The fields that name what a row states."""
REQUIRED_FIELDS = KEY_FIELDS | {"value"}
"""The fields without which a row states nothing."""


@dataclass(frozen=True)
class ReportContent:
    """The content of one report. The ordinal of a value is its index in the list as posted."""

    unit: str
    period: str
    form: str | None
    values: tuple[StatedValue, ...]
    ordinals: tuple[int, ...] | range
    unread_fields: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The fields of a row that could not be read, by its ordinal; the rules skip them."""
    nil: bool = False
    note: str | None = None
    document: dict[str, Any] | None = None
    evidence: tuple[dict[str, str], ...] = ()
    """The files behind the report: `{sha256, kind}` each."""
    exceptions: tuple[dict[str, str], ...] = ()
    """The starts that may differ from the end before: `{unit, indicator, reason}` each."""
    standard: str | None = None
    """The standard that its values are measured under; None: the one in force on the last day of the period."""
    dimensions: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """The dimension of a row that states one, `{dimension: member}`, by its ordinal; the member is in the series key."""

    def enumerate_values(self) -> Iterator[tuple[int, StatedValue]]:
        """Return the values, each after its ordinal."""
        return zip(self.ordinals, self.values, strict=True)

    @cached_property
    def columns(self) -> Columns:
        """The values column by column: most rules look at one column, which is quicker to go through."""
        units, indicators, amounts, *_ = zip(*self.values, strict=True) if self.values else ((), (), ())
        return Columns(units, indicators, amounts)

    @cached_property
    def nil_ordinals(self) -> frozenset[int]:
        """The ordinals of the values that are nil."""
        return frozenset([ordinal for ordinal, value in self.enumerate_values() if value.nil])

    @cached_property
    def units(self) -> frozenset[str]:
        """The units that have a value."""
        return frozenset(self.columns.units)

    @cached_property
    def indicators(self) -> frozenset[str]:
        """The indicators that have a value."""
        return frozenset(self.columns.indicators)

    @cached_property
    def by_unit(self) -> Mapping[str, UnitValues]:
        """The values of each unit: the first one of a repeated indicator, and no row whose required fields were not read."""
        by_unit: dict[str, dict[str, tuple[int, StatedValue]]] = defaultdict(dict)
        unread_fields = self.unread_fields
        for ordinal, value in self.enumerate_values():
            if not unread_fields or unread_fields.get(ordinal, NONE_UNREAD).isdisjoint(REQUIRED_FIELDS):
                by_unit[value.unit].setdefault(value.indicator, (ordinal, value))
        return by_unit

    @cached_property
    def amounts_by_unit(self) -> Mapping[str, Mapping[str, Decimal]]:
        """The amounts of `by_unit`, as checks, identities and relations read them."""
        return {
            unit: {code: value.value for code, (_, value) in values.items()}
            for unit, values in self.by_unit.items()
        }


def to_canonical_text(value: Decimal) -> str:
    """Return a decimal in its one canonical form: 5, 5.0 and 5.00 are all "5"."""
    text = str(value)
    if text.isdecimal():
        return text
    text = f"{value.normalize():f}"
    return "0" if text in {"-0", ""} else text


def hash_content(content: ReportContent) -> str:
    """Return the SHA-256 of what a report states, in hex; the order of values and 5.0 for 5 make no difference.

    The standard is part of it unless it may be left out, being the one in force on the last day of the period.

    It is the hash of a JSON text in UTF-8 without spaces, with sorted field names, that escapes only what JSON requires.
    """
    values = sorted(
        [
            (unit, indicator, "nil" if nil else to_canonical_text(value), status)
            for unit, indicator, value, status, _, nil in content.values
        ]
    )
    hashed = [
        content.unit,
        content.period,
        content.form,
        values,
        content.nil,
        content.note,
        content.document,
        list(content.evidence),
    ]
    if content.standard is not None:
        hashed.append(content.standard)
    if content.exceptions:
        hashed.append({"exceptions": list(content.exceptions)})
    return hashlib.sha256(orjson.dumps(hashed, option=orjson.OPT_SORT_KEYS)).hexdigest()


def make_receipt_code(program: str, report_id: uuid.UUID) -> str:
    """Return the code on a report's receipt: the program's initial and 80 bits of the id's digest, in groups of four."""
    digest = hashlib.blake2b(report_id.bytes, digest_size=10).digest()
    text = base64.b32encode(digest).decode()
    return "-".join((program[0].upper(), *(text[start : start + 4] for start in range(0, 16, 4))))


def count_changes(new: Collection[StatedValue], old: Collection[StatedValue]) -> dict[str, int]:
    """Count the posted values by how they differ from the superseded report; received = created + changed + unchanged."""
    posted = [value for value in new if not value.derived]
    before = {
        (value.unit, value.indicator): (value.value, value.status, value.nil)
        for value in old
        if not value.derived
    }
    repeated = [value for value in posted if (value.unit, value.indicator) in before] if before else []
    unchanged = sum(
        before[value.unit, value.indicator] == (value.value, value.status, value.nil) for value in repeated
    )
    nil = [value.nil for value in posted].count(True)
    return {
        **({"nil": nil} if nil else {}),
        "received": len(posted),
        "created": len(posted) - len(repeated),
        "changed": len(repeated) - unchanged,
        "unchanged": unchanged,
        "dropped": len(before) - len(repeated),
    }


def find_differences(new: Collection[StatedValue], old: Collection[StatedValue]) -> list[dict[str, Any]]:
    """Return every value, posted or derived, whose amount or status differs between two reports, by unit and indicator."""
    before = {(value.unit, value.indicator): value for value in old}
    after = {(value.unit, value.indicator): value for value in new}
    return [
        {
            "unit": unit,
            "indicator": indicator,
            **_describe_side("before", before.get((unit, indicator))),
            **_describe_side("after", after.get((unit, indicator))),
        }
        for unit, indicator in sorted({*before, *after})
        if _to_statement(before.get((unit, indicator))) != _to_statement(after.get((unit, indicator)))
    ]


def _to_statement(value: StatedValue | None) -> tuple[str, Status] | None:
    return None if value is None else (value.text, value.status)


def _describe_side(side: str, value: StatedValue | None) -> dict[str, Any]:
    """Return what one of two reports states; the value is None where it states nil or nothing."""
    nil = value is not None and value.nil
    return {
        side: None if value is None or nil else value.value,
        f"nil_{side}": nil,
        f"status_{side}": None if value is None else value.status,
    }
