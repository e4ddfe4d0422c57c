"""Looking a unit up by its name, never by the name alone: by name, kind and the unit right above.

Papers write Đăk, the official list Đắk, the press Đak or Dak; apostrophes are straight, curly or missing. Folding makes
one spelling of these; other ways of writing (Ngọc for Ngọk, Bờ Y for Pờ Y) are known spellings of a unit. Pure.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from shared.kit.problems import Conflict, NotFound, Sentence
from shared.territory.tree import Territory
from shared.territory.units import KINDS, Key, Spelling, Unit

_KINDS = {"tp": "thanh_pho", "tx": "thi_xa", "tt": "thi_tran", "tdp": "to_dan_pho", "kdc": "khu_dan_cu"} | {
    kind.replace("_", ""): kind for kinds in KINDS.values() for kind in kinds
}
"""The kinds as they look when folded, and their usual abbreviations."""


class UnknownName(NotFound):
    """No unit of that kind under that parent is called so."""

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
    """Several units answer to the name; the caller has to name a code."""

    code = "unit_name_ambiguous"
    title = Sentence("Tên đơn vị không duy nhất", "Ambiguous unit name")
    detail = Sentence(
        "Tên “{name}” ứng với nhiều đơn vị: {units}; hãy dùng mã.",
        "The name “{name}” means several units: {units}; use a code.",
    )

    def __init__(self, name: str, units: tuple[Unit, ...]) -> None:
        self.name, self.units = name, units
        super().__init__(name=name, units=", ".join(each.code for each in units))


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Reduce a name to its bare letters and digits: no case, accents, tone marks, apostrophes or spaces."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(each for each in bare if each.isalnum())


def read_kind(text: str) -> str | None:
    """Read a kind as people write it (`Thị trấn`, `TT.`, `xã`), or None."""
    return _KINDS.get(fold(text))


class Gazetteer:
    """The names of a territory."""

    def __init__(self, territory: Territory, spellings: Iterable[Spelling] = ()) -> None:
        self._territory = territory
        self._folded: dict[Key, set[str]] = defaultdict(set)
        for each in spellings:
            self._folded[each.code, each.valid_from].add(fold(each.text))

    def answers_to(self, unit: Unit, text: str) -> bool:
        """Tell whether a text, however it is spelled, is part of the unit's name or begins it together with its kind."""
        folded = fold(text)
        spellings = (fold(unit.name), *self._folded.get(unit.key, ()))
        return folded != "" and (
            fold(unit.full_name).startswith(folded) or any(folded in each for each in spellings)
        )

    def look_up(self, name: str, kind: str, parent: str, on: date) -> Unit:
        """Give the one unit of a kind, right below another one on that day, that goes by a name."""
        wanted = fold(name)
        peers = [each for each in self._territory.children(parent, on) if each.kind == kind]
        by_name = [each for each in peers if fold(each.name) == wanted]
        found = by_name or [each for each in peers if wanted in self._folded.get(each.key, ())]
        if not found:
            raise UnknownName(name, kind, parent, on)
        if len(found) > 1:
            raise AmbiguousName(name, tuple(found))
        return found[0]
