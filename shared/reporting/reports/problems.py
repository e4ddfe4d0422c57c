"""The problems of submitting and reviewing reports that do not lie in the body.

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
    ├── ValueStatedElsewhere  value_stated_elsewhere a value may not count twice
    ├── StartDiffers          start_differs          the start is not the end before
    ├── FormsDisagree         forms_disagree         another form states another value
    ├── NotReviewable         report_state
    ├── ContentChanged        content_changed        the reviewer saw another content
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
        "A report of this unit, period and form exists; to correct it, name it in supersedes.",
    )


class SupersedesNotLatest(Conflict):
    """The report to be superseded is not the latest one."""

    code = "supersedes_not_latest"
    detail = Sentence(
        "Báo cáo được thay thế không phải là báo cáo mới nhất ({latest}).",
        "The report named in supersedes is not the latest one ({latest}).",
    )


class ValueStatedElsewhere(Conflict):
    """Another report in effect states the value, for the same unit or at another level of the tree."""

    code = "value_stated_elsewhere"
    detail = Sentence(
        "Một số giá trị đã được báo cáo khác nêu; không cộng hai lần.",
        "Another report states some of these values, for the same unit or at another level; no value may count twice.",
    )


class StartDiffers(Conflict):
    """A start is not the end of the period before, and no exception gives a reason."""

    code = "start_differs"
    detail = Sentence(
        "Số đầu kỳ “{indicator}” của {unit} khác số cuối kỳ trước ({difference}); nêu lý do trong exceptions nếu đúng là như vậy.",
        "The start “{indicator}” of {unit} is not the end of the period before ({difference}); if it is right, give the reason in exceptions.",
    )


class FormsDisagree(Conflict):
    """Another form of the unit and period states a value that does not fit, and no exception gives a reason."""

    code = "forms_disagree"
    detail = Sentence(
        "Số liệu của {unit} không khớp với biểu khác đã gửi ({relation}: {left} {sign} {right} không đúng); nêu lý do trong exceptions nếu đúng là như vậy.",
        "The values of {unit} do not agree with another form ({relation}: {left} {sign} {right} does not hold); if they are right, give the reason in exceptions.",
    )


class ReportNotFound(NotFound):
    """No report has this id."""

    code = "report_not_found"
    detail = Sentence("Không có báo cáo này.", "There is no such report.")


class ReceiptNotFound(NotFound):
    """No receipt has this code, or no program issues receipts with its first letter."""

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
    """The reviewer saw a content that is not the report's."""

    code = "content_changed"
    detail = Sentence(
        "Nội dung đã đọc không phải nội dung của báo cáo này.",
        "The content that was read is not the content of this report.",
    )


class OwnReport(Forbidden):
    """A client does not review its own report."""

    code = "own_report"
    detail = Sentence("Không được tự duyệt báo cáo của mình.", "A client cannot review its own report.")


class StepOfLevel(Forbidden):
    """The caller was granted no unit of the level that passes the step."""

    code = "step_of_level"
    detail = Sentence(
        "Bước “{step}” do ứng dụng được giao chính đơn vị cấp {level} thực hiện.",
        "The step “{step}” is passed by a client that was granted the {level} itself.",
    )


class AcceptedAbove(Forbidden):
    """The caller was granted no unit above the level that certifies the report."""

    code = "accepted_above"
    detail = Sentence(
        "Báo cáo do cấp {level} xác nhận phải được cấp trên duyệt.",
        "A report that the {level} certifies is accepted by a level above it.",
    )


class StepMissing(Conflict):
    """An earlier step of the form's review chain was not passed."""

    code = "step_missing"
    detail = Sentence(
        "Báo cáo chưa qua bước “{step}” theo quy trình của biểu.",
        "The report has not passed the step “{step}” of its form's review chain.",
    )


class StepPassed(Conflict):
    """The report has passed the step already."""

    code = "step_passed"
    detail = Sentence("Báo cáo đã qua bước “{step}”.", "The report has passed the step “{step}” already.")


class StepUnknown(Conflict):
    """The form's review chain has no such step."""

    code = "step_unknown"
    detail = Sentence(
        "Biểu này không có bước “{step}”; các bước: {steps}.",
        "The form has no step “{step}”; steps: {steps}.",
    )
