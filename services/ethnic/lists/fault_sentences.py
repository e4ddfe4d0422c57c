"""The sentences of the faults of a list and its rows."""

from shared.kit.problems import Sentence

KIND_UNKNOWN = Sentence(
    "Không có loại danh sách “{kind}”; các loại: {kinds}.",
    "There is no kind of list “{kind}”; kinds: {kinds}.",
)
LEVEL_REQUIRED = Sentence(
    "Danh sách loại {kind} phải nêu cấp: {levels}.", "A list of the kind {kind} states its level: {levels}."
)
LAW_UNKNOWN = Sentence(
    "Không có quy định “{law}” cho danh sách {kind} cấp {level} có hiệu lực ngày {on}; các quy định: {laws}.",
    "There is no law “{law}” for lists of {kind} of the level {level} that take effect on {on}; laws: {laws}.",
)
ENDS_BEFORE_EFFECT = Sentence(
    "Danh sách hết hiệu lực ngày {ends_on}, trước ngày có hiệu lực {effective_on}.",
    "The list ends on {ends_on}, before it takes effect on {effective_on}.",
)
ENDS_AFTER_LAW = Sentence(
    "Danh sách theo {law} hết hiệu lực chậm nhất ngày {lists_end_on}, không phải {ends_on}.",
    "A list under {law} ends by {lists_end_on}, not on {ends_on}.",
)
ROW_REPEATED = Sentence("Đơn vị {unit} đã có ở dòng {first}.", "The unit {unit} is in row {first} already.")
UNIT_OUTSIDE_LIST = Sentence(
    "Đơn vị {unit} không thuộc {root} vào ngày {on}.", "The unit {unit} does not lie in {root} on {on}."
)
WHOLE_LIST_REMOVES = Sentence(
    "Danh sách đầy đủ chỉ nêu đơn vị có trong danh sách; bỏ dòng này, hoặc gửi danh sách điều chỉnh (whole = false).",
    "A whole list holds only what is on it; leave this row out, or post an adjustment (whole = false).",
)
REGION_REQUIRED = Sentence("Dòng này phải nêu khu vực của xã.", "The row states the region of the commune.")
REGION_NOT_WANTED = Sentence(
    "Chỉ danh sách xã khu vực nêu khu vực.", "Only a list of regions states a region."
)
REGION_NOT_IN_FORCE = Sentence(
    "Không có khu vực “{region}” có hiệu lực vào ngày {on}; các khu vực: {regions}.",
    "There is no region “{region}” in force on {on}; regions: {regions}.",
)
REGION_IS_DIFFICULT = Sentence(
    "Xã khu vực {region} là xã đặc biệt khó khăn ({legal_basis}).",
    "A commune of region {region} is in special difficulty ({legal_basis}).",
)
COMMUNE_REGION_NOT_WANTED = Sentence(
    "Chỉ dòng của một thôn nêu khu vực của xã.", "Only the row of a village states the region of its commune."
)
COMMUNE_REGION_DIFFERS = Sentence(
    "Xã {commune} của thôn thuộc khu vực {actual} vào ngày {on}, không phải {stated}.",
    "The commune {commune} of the village is in region {actual} on {on}, not {stated}.",
)
GROUP_REQUIRED = Sentence("Dòng này phải nêu nhóm dân tộc.", "The row states the ethnic group.")
GROUP_NOT_WANTED = Sentence(
    "Chỉ danh sách nhóm dân tộc nêu nhóm dân tộc.", "Only a list of groups states a group."
)
GROUP_UNKNOWN = Sentence(
    "Không có nhóm dân tộc “{ethnic_group}”.", "There is no ethnic group “{ethnic_group}”."
)
MORE_THAN_ALL = Sentence(
    "Số hộ dân tộc thiểu số ({em_households}) nhiều hơn tổng số hộ ({households}).",
    "The ethnic-minority households ({em_households}) are more than all households ({households}).",
)
CRITERION_NOT_MET = Sentence("Chưa đạt tiêu chí: {legal_basis}.", "The criterion is not met: {legal_basis}.")
DASH = Sentence("không có", "none")
