"""The sentences of the faults that entries and projects have."""

from shared.kit.problems import Sentence

TO_YEAR_NOT_NEXT = Sentence(
    "Vốn chỉ được kéo dài sang năm liền sau ({next_year}).",
    "Money is carried over into the next year only ({next_year}).",
)
ORIGIN_AFTER_YEAR = Sentence(
    "Năm gốc của vốn không thể sau năm ngân sách {year}.",
    "The year of origin cannot be after the budget year {year}.",
)
PAPER_MISSING = Sentence(
    "Cần số chứng từ (voucher) hoặc quyết định (decision).", "A voucher or a decision is required."
)
IN_FUTURE = Sentence("Ngày {day} chưa tới.", "{day} is in the future.")
NOT_IN_KIND = Sentence(
    "Chỉ nguồn ngoài nhà nước đóng góp bằng hiện vật; “{source}” thì không.",
    "Only sources outside the state contribute in kind; “{source}” does not.",
)
DEADLINE_BEFORE_YEAR = Sentence(
    "Thời hạn {day} trước năm {year} mà vốn được kéo dài sang.",
    "The deadline {day} is before the year {year} that the money is carried into.",
)
NOWHERE_TO_GO = Sentence(
    "Cần đơn vị hoặc thành phần nhận vốn khác với nơi chuyển.",
    "The receiving unit or component must differ from the one that gives.",
)
NOT_BELOW = Sentence(
    "Đơn vị {to_unit} không thuộc đơn vị {unit}.", "The unit {to_unit} is not below the unit {unit}."
)
BEFORE_ENTRY = Sentence(
    "Ngày {day} trước ngày {undone_on} của bút toán bị đảo.",
    "{day} is before {undone_on}, the day of the reversed entry.",
)
BEFORE_PAYMENT = Sentence(
    "Ngày {day} trước ngày {paid_on} của bút toán được thu hồi hoặc nộp trả.",
    "{day} is before {paid_on}, the day of the entry that is recovered or handed back.",
)
NOT_A_PAYMENT = Sentence(
    "Bút toán {entry} không phải là khoản giải ngân hoặc xác nhận của Kho bạc.",
    "The entry {entry} is no disbursement and no confirmation of the treasury.",
)
NOT_A_RECOVERY = Sentence(
    "Bút toán {entry} không phải là khoản thu hồi.", "The entry {entry} is no recovery."
)
LINES_OR_PROPOSED = Sentence(
    "Cần nêu các dòng vốn (lines) hoặc proposed, không nêu cả hai.",
    "Either lines or proposed is wanted, not both.",
)
UNIT_NOT_WAITING = Sentence(
    "Không có vốn chờ chuyển giao của đơn vị {unit} đã kết thúc.",
    "No money of a unit {unit} that ended waits.",
)
AMOUNT_OF_SEVERAL_LINES = Sentence(
    "Số tiền chỉ nêu được cho một dòng vốn; hãy nêu đủ dòng vốn.",
    "An amount is of one line; name the line.",
)
UNIT_NOT_ENDED = Sentence(
    "Đơn vị {unit} chưa kết thúc vào ngày đó; sớm nhất là {first}.",
    "The unit {unit} has not ended by that day; the first possible day is {first}.",
)
NOT_THE_SUCCESSOR = Sentence(
    "Đơn vị {to_unit} không thuộc đơn vị kế thừa của {unit}: {answers}.",
    "The unit {to_unit} is not in what answers for {unit}: {answers}.",
)
FAR_FROM_YEAR = Sentence(
    "Ngày {day} không thuộc năm ngân sách {year}, năm trước hoặc năm sau.",
    "{day} is not in the budget year {year}, the year before or the year after.",
)
SETTLED_BEFORE_YEAR = Sentence(
    "Ngày quyết toán {day} phải sau năm ngân sách {year}.",
    "The settlement day {day} must be after the budget year {year}.",
)
FROM_YEAR_AFTER_YEAR = Sentence(
    "Năm đầu không thể sau năm cuối {year}.", "The first year cannot be after the last, {year}."
)
YEAR_OF_ANOTHER_DATE = Sentence(
    "Năm của chứng từ không phải là năm của ngày {day}.",
    "The year of the voucher is not that of its date {day}.",
)
NO_LINES = Sentence("Chứng từ cần ít nhất một dòng.", "A paper needs at least one line.")
LINE_REPEATED = Sentence(
    "Chứng từ đã chi dòng vốn này ở dòng {ordinal}; hãy nêu line_no cho mỗi lần.",
    "The paper pays this line of the ledger in line {ordinal} already; state a line_no for each.",
)
ENTRY_UNKNOWN = Sentence("Không có bút toán {entry}.", "There is no entry {entry}.")
PROJECT_UNKNOWN = Sentence("Không có công trình {project}.", "There is no project {project}.")
PROJECT_OF_ANOTHER_LINE = Sentence(
    "Công trình {project} không thuộc chương trình, thành phần hay loại vốn này.",
    "The project {project} is not of this program, component or capital kind.",
)
DUE_BEFORE_START = Sentence(
    "Ngày hoàn thành trước ngày khởi công {day}.", "The completion date is before the first day {day}."
)
