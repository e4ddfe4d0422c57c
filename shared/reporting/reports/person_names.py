"""Whether a text seems to name a person, as Vietnamese and the peoples of the Central Highlands are named. Pure.

A name stands after a form of address (ông Nguyễn Văn A, chị Y Blao), begins with a family name and a middle name (Nguyễn Văn An), or
is a name of the Xơ Đăng, Ba Na or Gié Triêng (A Thơ, Y Blao). Names of places and offices are none.
"""

import re
import unicodedata

_CAPITALS = "".join(letter for letter in map(chr, range(0x41, 0x1EFA)) if letter.isupper())
_WORD = rf"[{_CAPITALS}][\w'’]*"
_FREQUENT_NAMES = "Nguyễn|Trần|Lê|Phạm|Huỳnh|Vũ|Võ|Đặng|Bùi|Đỗ|Ngô|Dương|Đinh|Trịnh|Trương|Phùng"
"""Family names with which few names of places and peoples begin."""
_FAMILY_NAMES = f"{_FREQUENT_NAMES}|Hoàng|Phan|Hồ|Lý|Mai|Đoàn|Lương|Cao|Tạ|Hà|Lò|Vi|Lâm"
_MIDDLE_NAMES = "Văn|Thị|Hữu|Đình|Ngọc|Quốc|Minh|Xuân|Đức|Công|Quang|Thanh|Bá|Duy|Tiến|Trọng"
_FAMILIES = f"(?:{_FAMILY_NAMES}|{_FAMILY_NAMES.upper()})"
_MIDDLES = f"(?:{_MIDDLE_NAMES}|{_MIDDLE_NAMES.upper()})"
_PLACES = (
    "xã|phường|thị trấn|thị xã|huyện|tỉnh|thành phố|tp|quận|thôn|làng|bản|buôn|plei|xóm|ấp|tổ|khu|khối|phố|đường|ngõ|hẻm|trường|thcs|thpt"
    "|tiểu học|mầm non|chợ|cầu|sông|suối|đèo|núi|hồ|công viên|quảng trường|bệnh viện|trạm|sở|bộ|ngành|đại học|học viện|chiến dịch|đoàn"
    "|quỹ|giải|giải thưởng|phong trào|lý tự trọng"
)
_AFTER_PLACE = re.compile(
    rf"(?<!\w)(?:{_PLACES})\.?(?:\s+\d+)?\s+(?:{_FAMILIES}(?:\s+{_WORD})+\s*(?:,|;|-|và)\s*)*$", re.IGNORECASE
)
"""Text that ends with the word for a place or institution, or with a list of places named after persons."""

_HEADING = re.compile(r"\b(?:[Hh]ọ và tên|[Hh]ọ tên|HỌ VÀ TÊN|HỌ TÊN)\s*:")
_ADDRESSED = re.compile(
    r"(?<!\w)(?:[ÔôÕ]ng|[Bb]à|[Cc]hủ hộ|CHỦ HỘ|ÔNG|BÀ|anh|[Cc]hị|cụ|chú|cô|Mr\.?|Mrs\.?|Ms\.?)"
    rf"\s*:?\s+{_WORD}(?:\s+{_WORD})+"
)
_AT_THE_START = re.compile(rf"(?:^|[.;:\n]\s*)(?:Anh|Cụ|Chú|Cô)\s+{_WORD}(?:\s+{_WORD})+")
_HOUSEHOLD_OF = re.compile(
    rf"(?<!\w)(?:[Hh]ộ|HỘ|[Gg]ia đình|GIA ĐÌNH)\s*:?\s+(?:{_FREQUENT_NAMES}|{_FREQUENT_NAMES.upper()}|A|Y)\s+{_WORD}"
)
_FAMILY_AND_MIDDLE_NAME = re.compile(rf"(?<!\w){_FAMILIES}\s+{_MIDDLES}\s+{_WORD}")
_HIGHLAND_NAME = re.compile(
    rf"(?<![\w/.'’-])[AY]\s+(?!(?:Tế|Tý|Dược|Khoa|Học|Sĩ|Sỹ|Lưới|Lù|Mú|Thôn|Xã|Huyện|Tỉnh|Cột|Biểu|Hà Nội)(?!\w)|TẾ|DƯỢC)[{_CAPITALS}][a-zà-ỹ’'A-ZÀ-Ỹ]+"
)
"""A (of a man) or Y (of a woman) before a name; the words that follow the letter in names of offices and places are left out."""

_BEFORE_LETTER = re.compile(
    rf"(?:[{_CAPITALS}][\w'’]*|\d|(?<!\w)(?:loại|nhóm|hạng|mẫu|biểu|cột|điểm|mục|khoản|lô|lục|phần|số|lớp|gói|cúm|gan|vitamin|cấp|đội|mức|học|viện|phòng|{_PLACES}))\.?\s+$"
)
"""Text after which a single letter A or Y is part of a place's name, or the mark of a class."""


def seems_to_name_person(text: str) -> bool:
    """Whether a text seems to name a person."""
    plain = unicodedata.normalize("NFC", text)
    if _HEADING.search(plain) or _ADDRESSED.search(plain) or _AT_THE_START.search(plain):
        return True
    for pattern, before in (
        (_HOUSEHOLD_OF, None),
        (_FAMILY_AND_MIDDLE_NAME, _AFTER_PLACE),
        (_HIGHLAND_NAME, _BEFORE_LETTER),
    ):
        for match in pattern.finditer(plain):
            if before is None or not before.search(plain[max(0, match.start() - 200) : match.start()]):
                return True
    return False
