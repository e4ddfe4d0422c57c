"""What the state of the world may say to a report.

Problem
├── NotFound
│   ├── ReportNotFound        report_not_found
│   └── ReceiptNotFound       receipt_not_found
├── Forbidden
│   ├── OwnReport             own_report
│   ├── StepOfLevel           step_of_level          the step belongs to another level of the tree
│   └── AcceptedAbove         accepted_above         nobody accepts what their own level certified
└── Conflict
    ├── ReportExists          report_exists          a correction must name it
    ├── SupersedesNotLatest   supersedes_not_latest  shows what differs
    ├── ValueStatedElsewhere  value_stated_elsewhere nothing counts twice
    ├── NotReviewable         report_state
    ├── ContentChanged        content_changed        the reviewer saw something else
    ├── StepMissing           step_missing           the form's review chain has a step before this
    ├── StepPassed            step_passed            the report has passed this step already
    └── StepUnknown           step_unknown           the form's review chain has no such step
"""

from shared.kit.problems import Conflict, Forbidden, NotFound, Sentence


class ReportExists(Conflict):
    """A live report of this unit, period and form is there; a correction must name it."""

    code = "report_exists"
    detail = Sentence(
        "Đã có báo cáo của đơn vị này cho kỳ và biểu này; muốn sửa hãy gửi báo cáo với supersedes.",
        "A report of this unit, period and form exists; a correction names it in supersedes.",
    )


class SupersedesNotLatest(Conflict):
    """The report to be superseded is not the latest one."""

    code = "supersedes_not_latest"
    detail = Sentence(
        "Báo cáo được thay thế không phải là báo cáo mới nhất ({latest}).",
        "The report named in supersedes is not the latest one ({latest}).",
    )


class ValueStatedElsewhere(Conflict):
    """Another live report states the value, here or at another level of the tree."""

    code = "value_stated_elsewhere"
    detail = Sentence(
        "Một số giá trị đã được báo cáo khác nêu; không cộng hai lần.",
        "Another live report states some of these values, here or at another level; nothing counts twice.",
    )


class ReportNotFound(NotFound):
    """No report has this id."""

    code = "report_not_found"
    detail = Sentence("Không có báo cáo này.", "There is no such report.")


class ReceiptNotFound(NotFound):
    """No receipt has this code."""

    code = "receipt_not_found"
    detail = Sentence("Không có biên nhận {receipt}.", "There is no receipt {receipt}.")


class NotReviewable(Conflict):
    """The report is not in a state that allows the action."""

    code = "report_state"
    detail = Sentence(
        "Báo cáo đang ở trạng thái {state}; không thực hiện được thao tác này.",
        "The report is {state}; it cannot be {action}.",
    )


class ContentChanged(Conflict):
    """The reviewer saw another content."""

    code = "content_changed"
    detail = Sentence(
        "Nội dung đã đọc không phải nội dung của báo cáo này.", "What was read is not what this report says."
    )


class OwnReport(Forbidden):
    """Nobody reviews a report of their own client."""

    code = "own_report"
    detail = Sentence("Không được tự duyệt báo cáo của mình.", "A client cannot review its own report.")


class StepOfLevel(Forbidden):
    """A step is passed at the level of the tree that the catalogue names."""

    code = "step_of_level"
    detail = Sentence(
        "Bước “{step}” do ứng dụng được giao chính đơn vị cấp {level} thực hiện.",
        "The step “{step}” is passed by a client that was granted the {level} itself.",
    )


class AcceptedAbove(Forbidden):
    """A report that a level has certified is accepted above it."""

    code = "accepted_above"
    detail = Sentence(
        "Báo cáo do cấp {level} xác nhận phải được cấp trên duyệt.",
        "A report that is certified at the level of the {level} is accepted above it.",
    )


class StepMissing(Conflict):
    """A step of the form's review chain comes first."""

    code = "step_missing"
    detail = Sentence(
        "Báo cáo chưa qua bước “{step}” theo quy trình của biểu.",
        "The report has not passed the step “{step}” of its form's review chain.",
    )


class StepPassed(Conflict):
    """A step is passed once."""

    code = "step_passed"
    detail = Sentence("Báo cáo đã qua bước “{step}”.", "The report has passed the step “{step}” already.")


class StepUnknown(Conflict):
    """The form's review chain has no such step."""

    code = "step_unknown"
    detail = Sentence(
        "Biểu này không có bước “{step}”; các bước: {steps}.",
        "The form has no step “{step}”; steps: {steps}.",
    )
