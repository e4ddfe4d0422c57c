"""The kinds of villages, and the refusals of their register. Pure."""

from typing import Literal

from shared.kit.problems import Conflict, Sentence

VillageKind = Literal["thon", "lang", "to_dan_pho", "khu_dan_cu"]

KIND_PREFIXES: tuple[tuple[str, VillageKind], ...] = (
    ("làng", "lang"),
    ("tổ dân phố", "to_dan_pho"),
    ("khu dân cư", "khu_dan_cu"),
)
"""The words, in lower case, with which the name of a kind begins; any other name is that of a thôn."""

COMMUNE_UNKNOWN = Sentence(
    "Mã thôn bắt đầu bằng mã xã; không có xã {commune} vào ngày {on}.",
    "A village's code begins with that of its commune; there was no commune {commune} on {on}.",
)


class VillageExists(Conflict):
    """Another village has this code."""

    code = "village_exists"
    detail = Sentence(
        "Mã {village} đã dùng cho thôn “{name}” từ ngày {valid_from}.",
        "The code {village} has been that of “{name}” since {valid_from}.",
    )


def infer_kind(name: str) -> VillageKind:
    """Return the kind that a name begins with: Làng Kon Tu, Tổ dân phố 3. Thôn 1 and any other name is a thôn."""
    return next((kind for prefix, kind in KIND_PREFIXES if name.casefold().startswith(prefix)), "thon")
