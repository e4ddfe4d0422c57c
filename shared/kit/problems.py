"""Problems: refusals that rules raise, answered over HTTP as RFC 9457 documents.

A problem is a small class beside its rule: a stable `code`, a kind (its parent class, which has the HTTP status), and one
sentence in Vietnamese and English that is built from its facts. Rules raise it without knowing HTTP; the exception
handlers serialize it. This module imports only the standard library, so rules may import it.

    Problem
    ├── Malformed            400  the request cannot be read
    ├── Unauthenticated      401  the caller is not known
    ├── Forbidden            403  the caller is known and not allowed
    ├── NotFound             404
    ├── Conflict             409  the present state does not allow it
    ├── PreconditionFailed   412
    ├── TooLarge             413
    ├── Invalid              422  readable and wrong; names every fault
    ├── PreconditionRequired 428
    ├── TooManyRequests      429
    └── Unavailable          503  try again later
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

Language = Literal["vi", "en"]


class Sentence(NamedTuple):
    """The same sentence in both languages; `{name}` stands for a fact, which may itself be a sentence."""

    vi: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the sentence of one language as it is."""
        return self.vi if language == "vi" else self.en

    def render(self, language: Language, facts: Mapping[str, Any]) -> str:
        """Return the sentence of one language with the facts filled in."""
        return self.in_language(language).format_map(_in_language(facts, language))

    def filled(self, **facts: Any) -> "Sentence":
        """Return the sentence with the facts filled in, in both languages."""
        return Sentence(self.render("vi", facts), self.render("en", facts))


def _in_language(facts: Mapping[str, Any], language: Language) -> dict[str, Any]:
    return {name: _translate(fact, language) for name, fact in facts.items()}


def _translate(fact: Any, language: Language) -> Any:
    """Return a fact with its sentences in a language, also those of its members."""
    if isinstance(fact, Sentence):
        return fact.in_language(language)
    if isinstance(fact, Mapping):
        return _in_language(fact, language)
    return [_translate(member, language) for member in fact] if isinstance(fact, list) else fact


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a body: where (RFC 6901 JSON pointer), which (stable code), and why."""

    pointer: str
    code: str
    sentence: Sentence

    def document(self, language: Language) -> dict[str, str]:
        """Return the entry of a problem's `errors`."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.sentence.in_language(language)}


def make_fault(pointer: str, code: str, sentence: Sentence, **facts: Any) -> Fault:
    """Return a fault with its facts filled in."""
    return Fault(pointer, code, sentence.filled(**facts))


class Problem(Exception):  # noqa: N818 (the field says problem, not error)
    """A refusal. Facts given by name fill the sentences and are members of the document.

    A fact that is a sentence gets the language of the document; a reason always is one, without its full stop. The docstring
    of the class is its meaning in the reference (`/problems/{code}`).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[Sentence] = Sentence("Lỗi máy chủ", "Server error")
    detail: ClassVar[Sentence] = Sentence("Máy chủ gặp lỗi.", "The server failed.")
    advice: ClassVar[Sentence] = Sentence(
        "Gửi lại sau với cùng Idempotency-Key; nếu lỗi còn, báo cho người vận hành kèm X-Request-Id.",
        "Repeat later with the same Idempotency-Key; if it persists, tell the operator the X-Request-Id.",
    )
    """The advice to the client."""
    media_type: ClassVar[str] = "application/problem+json"

    def __init__(
        self,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        reason: Sentence | None = None,
        **facts: Any,
    ) -> None:
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.facts = facts if reason is None else {**facts, "reason": reason}
        super().__init__(self.code)

    def __str__(self) -> str:
        return self.detail.render("en", self.facts)

    def document(self, language: Language, instance: str, origin: str = "") -> dict[str, Any]:
        """Return the RFC 9457 document; facts are extension members. `origin` is that of the gateway, which has the pages."""
        body: dict[str, Any] = {
            "type": f"{origin}/problems/{self.code}",
            "title": self.title.render(language, self.facts),
            "status": self.status,
            "detail": self.detail.render(language, self.facts),
            "instance": instance,
            "code": self.code,
        }
        if self.faults:
            body["errors"] = [fault.document(language) for fault in self.faults]
        facts = _in_language(self.facts, language)
        return {**body, **{name: fact for name, fact in facts.items() if name not in body}}


class Malformed(Problem):
    """The request cannot be read at all."""

    status = 400
    code = "malformed_request"
    title = Sentence("Yêu cầu không đọc được", "Unreadable request")
    detail = Sentence("Yêu cầu không đúng cú pháp: {reason}.", "The request is malformed: {reason}.")
    advice = Sentence(
        "Sửa yêu cầu theo lý do nêu trong detail; gửi lại nguyên như cũ sẽ bị từ chối như cũ.",
        "Correct the request as the detail says; sent again unchanged it is refused again.",
    )


class Unauthenticated(Problem):
    """There is no token, or it is not valid."""

    status = 401
    code = "unauthenticated"
    title = Sentence("Chưa xác thực", "Not authenticated")
    detail = Sentence("Cần mã truy cập hợp lệ: {reason}.", "A valid access token is needed: {reason}.")
    advice = Sentence(
        "Lấy mã mới tại /oauth/token và gửi trong tiêu đề Authorization: Bearer.",
        "Get a new token at /oauth/token and send it as Authorization: Bearer.",
    )


class Forbidden(Problem):
    """The caller is known and not allowed to do this."""

    status = 403
    code = "forbidden"
    title = Sentence("Không có quyền", "Not allowed")
    detail = Sentence("Ứng dụng không có quyền: {reason}.", "The client may not do this: {reason}.")
    advice = Sentence(
        "Dùng ứng dụng có quyền này, hoặc đề nghị quản trị viên cấp thêm phạm vi, chương trình hay đơn vị.",
        "Use a client that may, or ask an administrator for the scope, the program or the unit.",
    )


class NotFound(Problem):
    """There is nothing at this address."""

    status = 404
    code = "not_found"
    title = Sentence("Không tìm thấy", "Not found")
    detail = Sentence("Không có tài nguyên này.", "There is nothing at this address.")
    advice = Sentence(
        "Kiểm tra lại mã và địa chỉ; danh sách tương ứng nêu những gì đang có.",
        "Check the code and the address; the list of the resource shows what there is.",
    )


class Conflict(Problem):
    """The request is correct in itself, and in conflict with the present state."""

    status = 409
    code = "conflict"
    title = Sentence("Xung đột với dữ liệu hiện có", "Conflict with existing data")
    detail = Sentence("Yêu cầu xung đột với dữ liệu hiện có.", "The request conflicts with existing data.")
    advice = Sentence(
        "Đọc lại trạng thái hiện tại, quyết định lại, rồi gửi yêu cầu mới với Idempotency-Key mới.",
        "Read the present state, decide anew, and send a new request with a new Idempotency-Key.",
    )


class PreconditionFailed(Problem):
    """The version named by If-Match is not the current one."""

    status = 412
    code = "precondition_failed"
    title = Sentence("Dữ liệu đã thay đổi", "Changed since it was read")
    detail = Sentence(
        "Dữ liệu đã thay đổi từ lần đọc trước; hãy đọc lại.", "It changed since it was read; read it again."
    )
    advice = Sentence(
        "Đọc lại, áp dụng thay đổi lên phiên bản mới, gửi lại với ETag mới trong If-Match.",
        "Read it again, apply the change to the new version, and send its ETag in If-Match.",
    )


class TooLarge(Problem):
    """The body is larger than the limit."""

    status = 413
    code = "body_too_large"
    title = Sentence("Quá lớn", "Too large")
    detail = Sentence(
        "Nội dung vượt quá giới hạn {limit_bytes} byte.", "The body exceeds the limit of {limit_bytes} bytes."
    )
    advice = Sentence(
        "Chia thành nhiều yêu cầu nhỏ hơn, mỗi yêu cầu có Idempotency-Key riêng.",
        "Split it into smaller requests, each with its own Idempotency-Key.",
    )


class Invalid(Problem):
    """The request is readable and wrong; `errors` names every fault."""

    status = 422
    code = "invalid"
    title = Sentence("Nội dung không hợp lệ", "Invalid content")
    detail = Sentence("Nội dung có lỗi; xem danh sách lỗi.", "The content has faults; see errors.")
    advice = Sentence(
        "Sửa từng lỗi trong errors (pointer chỉ vị trí) rồi gửi lại; khóa Idempotency-Key chưa bị dùng.",
        "Correct each fault in errors (pointer says where) and send it again; the Idempotency-Key is not used up.",
    )


class PreconditionRequired(Problem):
    """An update that could overwrite must name the version that was read."""

    status = 428
    code = "precondition_required"
    title = Sentence("Thiếu điều kiện", "Precondition required")
    detail = Sentence(
        "Cần tiêu đề If-Match với phiên bản đã đọc.", "Send If-Match with the version that was read."
    )
    advice = Sentence(
        "Đọc tài nguyên và gửi ETag của nó trong If-Match.",
        "Read the resource and send its ETag in If-Match.",
    )


class TooManyRequests(Problem):
    """The caller is over the rate limit."""

    status = 429
    code = "rate_limited"
    title = Sentence("Quá nhiều yêu cầu", "Too many requests")
    detail = Sentence("Quá nhiều yêu cầu; thử lại sau {retry_after} giây.", "Retry in {retry_after} seconds.")
    advice = Sentence(
        "Đợi số giây trong Retry-After; tiêu đề RateLimit cho biết còn bao nhiêu yêu cầu.",
        "Wait the seconds of Retry-After; the RateLimit field says how many requests are left.",
    )


class Unavailable(Problem):
    """The same request may succeed later."""

    status = 503
    code = "unavailable"
    title = Sentence("Tạm thời không phục vụ được", "Temporarily unavailable")
    detail = Sentence("Hãy thử lại sau.", "Try again later.")
    advice = Sentence(
        "Gửi lại nguyên yêu cầu với cùng Idempotency-Key sau số giây trong Retry-After.",
        "Send the same request with the same Idempotency-Key after the seconds of Retry-After.",
    )


def to_json_pointer(location: Iterable[str | int]) -> str:
    """Return the RFC 6901 JSON pointer of a location."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in location)


def raise_if_any(faults: Iterable[Fault]) -> None:
    """Raise `Invalid` with all the faults, or return when there are none."""
    if all_faults := tuple(faults):
        raise Invalid(faults=all_faults)
