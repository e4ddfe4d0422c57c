"""The sentences of the faults of a recognition."""

from shared.kit.problems import Sentence

SET_UNKNOWN = Sentence(
    "Không có bộ tiêu chí “{set}”; các bộ: {sets}.", "There is no criteria set “{set}”; sets: {sets}."
)
SET_OF_OTHER_LEVEL = Sentence(
    "Bộ tiêu chí {set} dùng để công nhận mức {set_level}, không phải {level}.",
    "The set {set} is for the level {set_level}, not {level}.",
)
SET_OF_OTHER_UNITS = Sentence(
    "Bộ tiêu chí {set} áp dụng cho {set_units}; {unit} là {kind}.",
    "The set {set} is for {set_units}; {unit} is {kind}.",
)
SET_NOT_FOR_YEAR = Sentence(
    "Bộ tiêu chí {set} áp dụng cho các năm {first}-{last} ({legal_basis}).",
    "The set {set} is for the years {first} to {last} ({legal_basis}).",
)
FIELD_REQUIRED = Sentence(
    "Cần nêu lĩnh vực kiểu mẫu: {fields} ({clause}).", "A field is required: {fields} ({clause})."
)
FIELD_UNKNOWN = Sentence(
    "Không có lĩnh vực “{field}”; các lĩnh vực: {fields}.", "There is no field “{field}”; fields: {fields}."
)
SET_WITHOUT_FIELDS = Sentence("Bộ tiêu chí {set} không có lĩnh vực.", "The set {set} has no fields.")
DECIDED_BEFORE_YEAR = Sentence(
    "Quyết định đề ngày {date}, trước khi năm được công nhận ({year}) bắt đầu.",
    "The decision is dated {date}, before the year recognized for ({year}) begins.",
)
DECIDED_BEFORE_ASSESSMENT = Sentence(
    "Quyết định đề ngày {date}, trước ngày ký kết quả đánh giá năm {year} ({assessed_on}).",
    "The decision is dated {date}, before the assessment of {year} was signed ({assessed_on}).",
)
GROUNDS_MISSING = Sentence(
    "Đơn vị đã được công nhận ở mức này từ ngày {effective_on}; cần nêu căn cứ công nhận lại.",
    "The unit was recognized at this level from {effective_on} on; state the grounds for recognizing it again.",
)
