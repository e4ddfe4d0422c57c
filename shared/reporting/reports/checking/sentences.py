"""The sentences of the faults of a report, in both languages. Their codes are beside the checks in `checker.py`."""

from shared.kit.problems import Sentence

PERIOD_INVALID = Sentence(
    "Kỳ “{period}” không hợp lệ; dạng 2023, 2023-S1, 2023-Q3 hoặc 2023-09.",
    "“{period}” is not a period; write 2023, 2023-S1, 2023-Q3 or 2023-09.",
)
PERIOD_NOT_STARTED = Sentence(
    "Kỳ {period} bắt đầu ngày {starts_on}, chưa thể báo cáo.",
    "{period} begins on {starts_on}; it cannot be reported yet.",
)
PERIOD_CLOSED = Sentence(
    "Kỳ {period} của biểu này đã khóa từ sau ngày {closed_on} ({clause}).",
    "{period} was closed for this form after {closed_on} ({clause}).",
)
FORM_UNKNOWN = Sentence(
    "Không có biểu “{form}” cho kỳ {period}; các biểu: {forms}.",
    "No form “{form}” for {period}; forms: {forms}.",
)
FORM_REQUIRED = Sentence(
    "Kỳ {period} có nhiều biểu ({forms}); hãy nêu biểu.", "{period} has several forms ({forms}); name one."
)
UNIT_NOT_BELOW = Sentence(
    "Đơn vị {unit} không thuộc đơn vị báo cáo {root}.",
    "The unit {unit} is not below the reporting unit {root}.",
)
UNIT_LEVEL = Sentence(
    "Chỉ tiêu này báo cáo ở cấp {level}, không phải ở đơn vị {unit}.",
    "This indicator is stated at {level} level or above, not for {unit}.",
)
UNIT_BY_ITSELF = Sentence(
    "Chỉ tiêu này được nêu theo từng đơn vị cấp {level}; {unit} không nêu thay cho cấp dưới.",
    "This indicator is stated for each {level} by itself; {unit} cannot state it for the units below.",
)
UNIT_KIND = Sentence(
    "Chỉ tiêu này chỉ áp dụng cho loại đơn vị {kinds}; {unit} là {kind}.",
    "This indicator is for units of kind {kinds}; {unit} is {kind}.",
)
INDICATOR_UNKNOWN = Sentence("Không có chỉ tiêu “{indicator}”.", "There is no indicator “{indicator}”.")
INDICATOR_RETIRED = Sentence(
    "Chỉ tiêu “{indicator}” không có hiệu lực vào ngày {on}.",
    "The indicator “{indicator}” is not in force on {on}.",
)
INDICATOR_ON_OTHER_FORM = Sentence(
    "Chỉ tiêu “{indicator}” thuộc biểu {form}.", "The indicator “{indicator}” is on the form {form}."
)
VALUE_OUT_OF_RANGE = Sentence(
    "Giá trị {value} ngoài khoảng {minimum} đến {maximum}.", "{value} is outside {minimum} to {maximum}."
)
VALUE_TOO_PRECISE = Sentence(
    "Giá trị {value} có quá {decimals} chữ số thập phân.", "{value} has more than {decimals} decimal places."
)
VALUE_REPEATED = Sentence(
    "Giá trị này đã được nêu ở dòng {first}.",
    "The same unit and indicator are stated at /observations/{first}.",
)
VALUE_STATED_ABOVE = Sentence(
    "Giá trị của {unit} đã nằm trong giá trị mà báo cáo này nêu cho {above}; không cộng hai lần.",
    "This report states the value of {unit} as part of {above} already; nothing may count twice.",
)
TABLE_INCOMPLETE = Sentence(
    "Bảng “{table}” phải nêu đủ các cột cho đơn vị {unit}; còn thiếu: {columns}. Không có biến động thì ghi 0.",
    "The table “{table}” is stated whole for {unit}; missing: {columns}. State 0 where nothing moved.",
)
NIL_WITH_VALUES = Sentence(
    "Báo cáo không phát sinh thì không kèm số liệu.",
    "A nil report states that nothing happened, so it has no values.",
)
EMPTY = Sentence(
    "Báo cáo không có số liệu; nếu không phát sinh, đặt nil là true.",
    "The report has no values; if nothing happened, set nil to true.",
)
