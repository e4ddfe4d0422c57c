"""The refusals of the register of villages. Pure."""

from shared.kit.problems import Conflict, Sentence

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
