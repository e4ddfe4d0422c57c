"""Find a unit by name, kind and parent, never by the name alone.

Papers write Đăk, the official list Đắk, the press Đak or Dak; apostrophes are straight, curly or missing. Folding makes
these equal. Other ways of writing (Ngọc for Ngọk, Bờ Y for Pờ Y) are stored spellings of a unit. Pure.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from shared.kit.problems import Conflict, NotFound, Sentence
from shared.territory.tree import Territory
from shared.territory.units import KINDS, Spelling, Unit, UnitKey

_KINDS = {"tp": "thanh_pho", "tx": "thi_xa", "tt": "thi_tran", "tdp": "to_dan_pho", "kdc": "khu_dan_cu"} | {
    kind.replace("_", ""): kind for kinds in KINDS.values() for kind in kinds
}
"""The kinds in folded form, and their usual abbreviations."""


class UnknownName(NotFound):
    """No unit of that kind under that parent has the name."""

    code = "unit_name_unknown"
    title = Sentence("Không tìm thấy tên đơn vị", "Unknown unit name")
    detail = Sentence(
        "Không có {kind} “{name}” trực thuộc “{parent}” vào ngày {on}.",
        "There is no {kind} “{name}” right below “{parent}” on {on}.",
    )

    def __init__(self, name: str, kind: str, parent: str, on: date) -> None:
        self.name, self.kind, self.parent, self.on = name, kind, parent, on
        super().__init__(name=name, kind=kind, parent=parent, on=on.isoformat())


class AmbiguousName(Conflict):
    """Several units have the name; the caller must use a code."""

    code = "unit_name_ambiguous"
    title = Sentence("Tên đơn vị không duy nhất", "Ambiguous unit name")
    detail = Sentence(
        "Tên “{name}” ứng với nhiều đơn vị: {units}; hãy dùng mã.",
        "The name “{name}” means several units: {units}; use a code.",
    )

    def __init__(self, name: str, units: tuple[Unit, ...]) -> None:
        self.name, self.units = name, units
        super().__init__(name=name, units=", ".join(unit.code for unit in units))


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return the letters and digits of a name, without case, accents, tone marks, apostrophes or spaces."""
    letters = text.casefold().replace("đ", "d").replace("ð", "d")  # ð: the Icelandic letter, typed for đ
    decomposed = unicodedata.normalize("NFD", letters)
    return "".join(character for character in decomposed if character.isalnum())


_ABBREVIATED = re.compile(r"\s*([^\W\d_]{1,3})(?:\.\s*|\s+)(.+)", re.DOTALL)
_ABBREVIATIONS = {
    "tp": "thanh_pho", "tx": "thi_xa", "tt": "thi_tran", "tdp": "to_dan_pho", "kdc": "khu_dan_cu",
    "t": "tinh", "q": "quan", "h": "huyen", "p": "phuong", "x": "xa", "dk": "dac_khu",
}  # fmt: skip
"""The abbreviations of kinds before a name: `TP Kon Tum`, `TT. Đăk Hà`, `P. Thắng Lợi`."""


def split_kind(text: str) -> tuple[str, str] | None:
    """Return the kind that an abbreviation before a name means, and the name; None where no abbreviation is before it."""
    match = _ABBREVIATED.fullmatch(text)
    kind = _ABBREVIATIONS.get(fold(match[1])) if match else None
    return (kind, match[2]) if match and kind else None


def parse_kind(text: str) -> str | None:
    """Return the kind of a text as people write it (`Thị trấn`, `TT.`, `xã`), or None."""
    return _KINDS.get(fold(text))


class Gazetteer:
    """The names and spellings of the units of a territory."""

    def __init__(self, territory: Territory, spellings: Iterable[Spelling] = ()) -> None:
        self._territory = territory
        self._folded: dict[UnitKey, set[str]] = defaultdict(set)
        for spelling in spellings:
            self._folded[spelling.code, spelling.valid_from].add(fold(spelling.text))

    def matches(self, unit: Unit, text: str) -> bool:
        """Whether a text, however spelled, is part of the unit's name, or begins its kind and name."""
        folded = fold(text)
        spellings = (fold(unit.name), *self._folded.get(unit.key, ()))
        if folded == "":
            return False
        if fold(unit.full_name).startswith(folded) or any(folded in spelling for spelling in spellings):
            return True
        kind_and_name = split_kind(text)
        return (
            kind_and_name is not None
            and unit.kind == kind_and_name[0]
            and any(fold(kind_and_name[1]) in spelling for spelling in spellings)
        )

    def find_unit(self, name: str, kind: str, parent: str, on: date) -> Unit:
        """Return the one unit of a kind below a parent on a day that has a name. Raises `UnknownName`, `AmbiguousName`."""
        folded_name = fold(name)
        peers = [unit for unit in self._territory.children(parent, on) if unit.kind == kind]
        by_name = [unit for unit in peers if fold(unit.name) == folded_name]
        matching = by_name or [unit for unit in peers if folded_name in self._folded.get(unit.key, ())]
        if not matching:
            raise UnknownName(name, kind, parent, on)
        if len(matching) > 1:
            raise AmbiguousName(name, tuple(matching))
        return matching[0]
