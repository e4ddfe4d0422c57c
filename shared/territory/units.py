"""Units, successions and spellings as frozen values, and the problems of units.

Problem
├── NotFound
│   └── UnknownUnit           unit_unknown              no unit ever had this code
│       └── UnknownUnitOnDate unit_unknown_on_date      the code is valid on other days
├── Forbidden
│   └── UnitNotGranted        unit_not_granted          the client was granted no unit that contains it
└── Conflict
    ├── SplitWithoutWeight    unit_split_without_weight no weights are declared
    └── NoCounterpartOnMap    unit_not_on_map           no succession leads to that day
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

from shared.kit.problems import Conflict, Forbidden, NotFound, Sentence

Level = Literal["province", "district", "commune", "village"]
LEVELS_DOWN: tuple[Level, ...] = get_args(Level)
"""Every level, the highest first."""
SuccessionKind = Literal["unchanged", "merged", "split", "abolished"]
UnitKey = tuple[str, date]
"""Identifies one unit: its code and its first day."""

KINDS: dict[Level, dict[str, str]] = {
    "province": {"tinh": "Tỉnh", "thanh_pho": "Thành phố"},
    "district": {"huyen": "Huyện", "quan": "Quận", "thi_xa": "Thị xã", "thanh_pho": "Thành phố"},
    "commune": {"xa": "Xã", "phuong": "Phường", "thi_tran": "Thị trấn", "dac_khu": "Đặc khu"},
    "village": {"thon": "Thôn", "lang": "Làng", "to_dan_pho": "Tổ dân phố", "khu_dan_cu": "Khu dân cư"},
}
"""The Vietnamese types of each level: the code without accents, and the word before a name."""

LEVEL_NAMES: dict[Level, Sentence] = {
    "province": Sentence("tỉnh", "province"),
    "district": Sentence("huyện", "district"),
    "commune": Sentence("xã", "commune"),
    "village": Sentence("thôn", "village"),
}
"""The name of each level in a sentence."""

CODE_SHAPES: dict[Level, str] = {
    "province": "[0-9]{2}",
    "district": "[0-9]{3}",
    "commune": "[0-9]{5}",
    "village": "[0-9]{5}[.][0-9]{2}",
}
"""Patterns of the codes: the official list tells the level by the length; villages have local codes."""

_VILLAGE = re.compile(CODE_SHAPES["village"])


class Box(NamedTuple):
    """A bounding box in degrees (WGS 84)."""

    min_lat: float
    min_lon: float
    max_lat: float
    max_lon: float

    def contains(self, lat: float, lon: float) -> bool:
        """Whether a point lies in the box."""
        return self.min_lat <= lat <= self.max_lat and self.min_lon <= lon <= self.max_lon


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit from `valid_from` to `valid_to`, both included (None: still valid)."""

    code: str
    level: Level
    kind: str
    name: str
    parent: str | None
    valid_from: date
    valid_to: date | None = None
    name_en: str = ""
    lat: float | None = None
    lon: float | None = None
    bbox: Box | None = None
    area_km2: float | None = None
    border: bool = False
    source: str = ""
    confidence: str = ""

    @property
    def full_name(self) -> str:
        """The name after its kind, as papers write it: Xã Đăk Hà. The name of a village mostly includes its kind."""
        return self.name if self.level == "village" else f"{KINDS[self.level][self.kind]} {self.name}"

    @property
    def key(self) -> UnitKey:
        """The code and the first day."""
        return self.code, self.valid_from

    def is_valid_on(self, on: date) -> bool:
        """Whether the unit exists on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Succession:
    """The succession of a unit on a day. An abolished unit has no successor; only a split has weights (None: not declared)."""

    predecessor: str
    predecessor_valid_from: date
    successor: str | None
    successor_valid_from: date | None
    effective_on: date
    kind: SuccessionKind
    weight: Decimal | None = None
    main_part: bool = False
    """Whether the successor got the main part of a divided unit."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A way of writing the name of a unit, with its source."""

    code: str
    valid_from: date
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class UnitShare:
    """The part of a unit that lies in `unit` on another map; the weight is 1 unless a split declares weights.

    `unchanged` is true where the land is the same, so that facts that do not add up (a recognition, 19 of 19) still hold.
    """

    unit: Unit
    weight: Decimal
    unchanged: bool


UNIT_UNKNOWN = Sentence("Không có đơn vị “{unit}”.", "There is no unit “{unit}”.")
"""The fault of a body that names an unknown unit."""
UNIT_UNKNOWN_ON_DATE = Sentence(
    "Đơn vị {unit} không tồn tại vào ngày {on}{succeeded}.",
    "The unit {unit} did not exist on {on}{succeeded}.",
)
"""The fault of a body that names a unit of other days."""


NO_REASON = Sentence("", "")


class UnknownUnit(NotFound):
    """No unit ever had this code."""

    code = "unit_unknown"
    title = Sentence("Không có đơn vị này", "Unknown unit")
    detail = UNIT_UNKNOWN

    def __init__(self, unit: str) -> None:
        self.unit = unit
        super().__init__(unit=unit[:40])


class UnknownUnitOnDate(UnknownUnit):
    """The code is not valid on that day. The problem names the days of its validity and the successors."""

    code = "unit_unknown_on_date"
    title = Sentence("Đơn vị không tồn tại vào ngày này", "No such unit on that day")
    detail = Sentence(
        "Mã “{unit}” không có hiệu lực vào ngày {on}; có hiệu lực: {valid}{succeeded}.",
        "The code “{unit}” is not valid on {on}; it was valid {valid}{succeeded}.",
    )

    def __init__(self, unit: str, on: date, versions: tuple[Unit, ...], successors: tuple[Unit, ...]) -> None:
        self.unit, self.on, self.versions, self.successors = unit, on, versions, successors
        super(UnknownUnit, self).__init__(
            unit=unit,
            on=on.isoformat(),
            valid=", ".join(to_interval(version) for version in versions),
            successors=", ".join(successor.code for successor in successors) or "-",
            succeeded=describe_successors(versions, successors, on),
        )


SUCCEEDED = Sentence(
    "; đơn vị kế tiếp: {successors}; đơn vị cũ đọc được đến ngày {last_day} (on={last_day}, hoặc kỳ kết thúc đến ngày đó)",
    "; succeeded by {successors}; the unit can be read until {last_day} (on={last_day}, or a period that ended by then)",
)
"""The advice after the end of a unit."""


def describe_successors(versions: Iterable[Unit], successors: Sequence[Unit], on: date) -> Sentence:
    """Return what succeeded the last of a code's units before a day, and how to read it; empty where nothing did."""
    last_days = [version.valid_to for version in versions if version.valid_to and version.valid_to < on]
    if not last_days or not successors:
        return NO_REASON
    return SUCCEEDED.filled(successors=to_names(successors), last_day=max(last_days).isoformat())


def to_names(units: Iterable[Unit]) -> str:
    """Return units as a sentence names them: code and full name."""
    return ", ".join(f"{unit.code} ({unit.full_name})" for unit in units) or "-"


class UnitNotGranted(Forbidden):
    """The unit is outside the units that the client was granted; `reason` names grants that ended with their units."""

    code = "unit_not_granted"
    detail = Sentence(
        "Ứng dụng không được giao đơn vị {unit}{reason}.",
        "The client was not granted the unit {unit}{reason}.",
    )

    def __init__(self, unit: str, reason: Sentence = NO_REASON) -> None:
        self.unit = unit
        super().__init__(unit=unit, reason=reason)


class SplitWithoutWeight(Conflict):
    """The unit was split and no weights are declared: dividing its figures would be a guess."""

    code = "unit_split_without_weight"
    title = Sentence("Đơn vị bị chia tách, chưa có tỷ lệ", "Split without declared weights")
    detail = Sentence(
        "Đơn vị “{unit}” được chia cho {successors} từ {effective_on} nhưng chưa khai báo tỷ lệ phân chia.",
        "The unit “{unit}” was split into {successors} on {effective_on} and no weights are declared.",
    )

    def __init__(self, unit: Unit, successors: tuple[str, ...], effective_on: date) -> None:
        self.unit, self.successors, self.effective_on = unit, successors, effective_on
        super().__init__(
            unit=unit.code, successors=", ".join(successors), effective_on=effective_on.isoformat()
        )


class NoCounterpartOnMap(Conflict):
    """No succession leads from the unit to that day; a merger cannot be reversed."""

    code = "unit_not_on_map"
    title = Sentence("Không xác định được trên bản đồ này", "Not on that map")
    detail = Sentence(
        "Đơn vị “{unit}” (hiệu lực từ {valid_from}) không có vị trí xác định trên bản đồ ngày {map}.",
        "The unit “{unit}” (valid from {valid_from}) has no counterpart on the map of {map}.",
    )

    def __init__(self, unit: Unit, map_on: date) -> None:
        self.unit, self.map_on = unit, map_on
        super().__init__(unit=unit.code, valid_from=unit.valid_from.isoformat(), map=map_on.isoformat())


def to_interval(unit: Unit) -> str:
    """Return the validity as an ISO 8601 interval, open where the unit is still valid."""
    return f"{unit.valid_from.isoformat()}/{unit.valid_to.isoformat() if unit.valid_to else '..'}"


def matches_code_shape(code: str, level: Level) -> bool:
    """Whether a code has the shape of a level."""
    return re.fullmatch(CODE_SHAPES[level], code) is not None


def to_commune_code(code: str) -> str | None:
    """Return the commune code of a village code; None where the code is not a village code."""
    return code[:5] if _VILLAGE.fullmatch(code) else None
