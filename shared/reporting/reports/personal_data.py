"""Personal data in a report: fields, numbers and texts of persons, which a report of counts never holds. Pure.

A report counts households and persons. Lists of them stay with the commune (NĐ 13/2023/NĐ-CP on personal data).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from shared.kit.problems import Fault, Invalid, Sentence, make_fault
from shared.reporting.report_content import ReportContent
from shared.reporting.reports.person_names import seems_to_name_person

PERSONAL_FIELD = Sentence(
    "Trường này nêu dữ liệu cá nhân; báo cáo chỉ nêu số lượng.",
    "This field holds personal data; a report states counts only.",
)
IDENTITY_NUMBER = Sentence(
    "Có số định danh, số CCCD, CMND hoặc số điện thoại của cá nhân; báo cáo chỉ nêu số lượng.",
    "It holds a person's identity or telephone number; a report states counts only.",
)
PERSON_NAMED = Sentence(
    "Có vẻ nêu tên một người; báo cáo chỉ nêu số lượng và vai trò.",
    "It seems to name a person; a report states counts and roles only.",
)
CODE = "personal_data"
"""The code of these faults; one of them makes the refusal a `PersonalDataRefused`."""


class PersonalDataRefused(Invalid):
    """The report holds names or identity numbers of persons."""

    code = "personal_data_refused"
    title = Sentence("Không nhận dữ liệu cá nhân", "Personal data refused")
    detail = Sentence(
        "Báo cáo chỉ nêu số lượng: không nhận họ tên, số định danh hay dữ liệu khác của cá nhân; không có gì được lưu.",
        "A report states counts only: names, identity numbers and other data of persons are refused, and nothing was kept.",
    )
    advice = Sentence(
        "Bỏ dữ liệu cá nhân ở các vị trí trong errors rồi gửi lại số lượng; danh sách hộ giữ tại xã.",
        "Remove the personal data that errors point to, and send the counts; lists of households stay with the commune.",
    )


# fmt: off
PERSONAL_FIELDS = frozenset((
    "name", "fullname", "firstname", "lastname", "personname", "householdname", "headofhousehold",
    "householdhead", "hoten", "hovaten", "tenho", "tenchuho", "chuho", "hotenchuho", "tenthanhvien",
    "thanhvien", "members", "member", "danhsach", "cccd", "cmnd", "cmtnd", "cccdso", "socccd", "socmnd",
    "sodinhdanh", "madinhdanh", "idnumber", "identitynumber", "identitycard", "identitycardnumber",
    "personalid", "citizenid", "nationalid", "passport", "passportnumber", "hochieu", "dob", "dateofbirth",
    "birthdate", "birthyear", "yearofbirth", "ngaysinh", "namsinh", "phone", "phonenumber", "telephone",
    "mobile", "sodienthoai", "dienthoai", "email", "address", "diachi", "dantoc", "quanhevoichuho", "gioitinh",
    "gender", "sex", "relationtohead",
))
# fmt: on
"""Names of fields of lists of persons (forms 14 and 15), without accents, blanks and signs."""

_IDENTITY_NUMBER = re.compile(
    r"(?<![\w/.,-])(?:0\d{11}|0\d{9}|\d{9}|0\d{2}(?: \d{3}){3}|0\d{2,3}[ .]\d{3}[ .]\d{3,4})"
    r"(?![\w/-]|[.,]\d|\s*(?:đồng|đ\b|vnd|triệu|tỷ|hộ|người|khẩu))"
    r"|(?:cccd|cmnd|cmtnd|căn cước|chứng minh|định danh)\D{0,20}\d[\d .]{5}",
    re.IGNORECASE,
)
"""Twelve digits (CCCD, personal identification number), ten (a telephone) or nine (CMND), and no amount; or a heading of them."""


def mark_personal_fields(faults: Collection[Fault]) -> list[Fault]:
    """Return faults of shape, those of unknown fields that name personal data as faults of their own."""
    return [
        replace(fault, code=CODE, sentence=PERSONAL_FIELD)
        if fault.code == "unknown_field" and is_personal_field(fault.pointer.rpartition("/")[2])
        else fault
        for fault in faults
    ]


def is_personal_field(name: str) -> bool:
    """Whether a field has a name of personal data, however it is written: `ho_ten`, `Họ tên`, `fullName`."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return re.sub(r"[^a-z]", "", plain.encode("ascii", "ignore").decode().lower()) in PERSONAL_FIELDS


def find_personal_data(content: ReportContent) -> Iterator[Fault]:
    """Return a fault for each text of a report that holds an identity number or seems to name a person."""
    for pointer, text in _list_texts(content):
        yield from _find_in_text(pointer, text)
    numbers = {code for code in (*content.units, *content.indicators) if _IDENTITY_NUMBER.fullmatch(code)}
    for ordinal, value in content.enumerate_values() if numbers else ():
        for field, code in (("unit", value.unit), ("indicator", value.indicator)):
            if code in numbers:
                yield make_fault(f"/observations/{ordinal}/{field}", CODE, IDENTITY_NUMBER)


def require_no_personal_data(reason: str | None) -> None:
    """Raise `PersonalDataRefused` where the reason of a return or withdrawal holds an identity number or seems to name a person."""
    faults = [] if reason is None else list(_find_in_text("/reason", reason))
    if faults:
        raise PersonalDataRefused(faults=faults)


def _find_in_text(pointer: str, text: str) -> Iterator[Fault]:
    if _IDENTITY_NUMBER.search(text):
        yield make_fault(pointer, CODE, IDENTITY_NUMBER)
    elif seems_to_name_person(text):
        yield make_fault(pointer, CODE, PERSON_NAMED)


def _list_texts(content: ReportContent) -> Iterator[tuple[str, str]]:
    """Return the free texts of a report, each after its pointer."""
    if content.note is not None:
        yield "/note", content.note
    document: Mapping[str, object] = content.document or {}
    for field in ("number", "signer_role"):
        if field in document:
            yield f"/document/{field}", str(document[field])
    for number, exception in enumerate(content.exceptions):
        yield f"/exceptions/{number}/reason", exception["reason"]
