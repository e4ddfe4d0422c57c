"""Back-off, pauses, the ids of messages, and the problems of subscriptions. Pure.

Problem
├── NotFound
│   └── WebhookUnknown       webhook_unknown         the caller has no subscription of this id
├── Conflict
│   ├── WebhookEnded         webhook_ended           it has ended, and cannot be changed
│   ├── TooManyWebhooks      too_many_webhooks       the client has as many as it may have
│   ├── WebhookClientUnknown webhook_client_unknown  the caller is no client of this gateway
│   └── WebhookTestWaiting          webhook_test_waiting    a test event waits already
├── Unavailable
│   └── FeedAway             webhook_feed_away       the position to begin at could not be read
└── Invalid                  the address, a service or a type is not as it must be
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from shared.kit.problems import Conflict, Fault, NotFound, Sentence, Unavailable, make_fault

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
FAILS_FOR = timedelta(days=3)
"""A receiver that fails for so long is no longer called until somebody resumes the subscription."""
MAX_DOUBLINGS = 20
MAX_WEBHOOKS = 20
"""Subscriptions of one client that have not ended."""
HTTPS_PORT: Final = 443
FIRST_FREE_PORT: Final = 1024
"""Ports below it belong to other protocols; nothing of HTTP is sent there."""
MAX_URL: Final = 2000

PAUSED_BY_CLIENT = "client"
FAILED_TOO_LONG = "failing"
GONE = "gone"
CLIENT_DISABLED = "client_disabled"
FEED_REWOUND = "feed_rewound"
SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 (a reason)

URL_WRONG = Sentence(
    "Địa chỉ phải là https://…, không có tên người dùng, không có phần #, cổng 443 hoặc từ 1024: {reason}.",
    "The address must be https://…, without user name and fragment, with port 443 or from 1024 on: {reason}.",
)
URL_PRIVATE = Sentence(
    "Địa chỉ {host} thuộc mạng riêng; người vận hành chưa cho phép mạng này.",
    "The address {host} is of a private network, which the operator has not listed.",
)
SERVICE_UNKNOWN = Sentence(
    "Không có dịch vụ “{name}”; các dịch vụ là {names}.",
    "There is no service “{name}”; the services are {names}.",
)
SERVICE_FORBIDDEN = Sentence(
    "Ứng dụng không được đọc thay đổi của dịch vụ “{name}”.",
    "The client may not read the changes of the service “{name}”.",
)
REPEATED = Sentence("Giá trị “{value}” bị lặp lại.", "“{value}” is repeated.")


class WebhookUnknown(NotFound):
    """The caller has no subscription of this id."""

    code = "webhook_unknown"
    detail = Sentence("Không có đăng ký {webhook}.", "There is no subscription {webhook}.")


class WebhookEnded(Conflict):
    """The subscription has ended; it cannot be changed any more."""

    code = "webhook_ended"
    detail = Sentence(
        "Đăng ký {webhook} đã kết thúc; hãy tạo đăng ký mới.",
        "The subscription {webhook} has ended; make a new one.",
    )


class TooManyWebhooks(Conflict):
    """The client has as many subscriptions as it may have."""

    code = "too_many_webhooks"
    detail = Sentence(
        "Ứng dụng đã có {limit} đăng ký; hãy kết thúc một đăng ký trước.",
        "The client has {limit} subscriptions already; end one first.",
    )


class WebhookClientUnknown(Conflict):
    """The caller is no client of this gateway, so its rights cannot be looked up when something changes."""

    code = "webhook_client_unknown"
    detail = Sentence(
        "Ứng dụng “{client_id}” không do cổng này cấp, nên không đăng ký được.",
        "The client “{client_id}” was not made at this gateway, so it cannot subscribe.",
    )


class WebhookTestWaiting(Conflict):
    """A test event of this subscription waits already."""

    code = "webhook_test_waiting"
    detail = Sentence("Sự kiện thử trước còn chờ gửi.", "The test event before this one still waits.")


class FeedAway(Unavailable):
    """A service did not say how far its feed is, so a subscription cannot begin now."""

    code = "webhook_feed_away"
    detail = Sentence(
        "Chưa đọc được vị trí hiện tại của: {services}; hãy gửi lại, hoặc nêu `after`.",
        "The present position of these was not read: {services}; send it again, or give `after`.",
    )


def find_url_fault(url: str) -> Fault | None:
    """Return the fault of an address; None where it may be called if its host resolves to an allowed address."""
    reason = _find_url_reason(url)
    return None if reason is None else make_fault("/url", "webhook_url_wrong", URL_WRONG, reason=reason)


def _find_url_reason(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS_PORT
    except ValueError:
        return "?"
    refused = {
        parts.scheme[:20] or "?": not url.startswith("https://"),
        "ASCII": not url.isascii() or not url.isprintable() or " " in url or "\\" in url,
        "host": not parts.hostname,
        "user": "@" in parts.netloc,
        "#": "#" in url,
        str(port): port != HTTPS_PORT and port < FIRST_FREE_PORT,
    }
    return next((reason for reason, is_refused in refused.items() if is_refused), None)


def find_repetitions(name: str, values: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each value that stands in the list before."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield make_fault(f"/{name}/{index}", "repeated", REPEATED, value=value[:100])


def find_unknown_services(chosen: Sequence[str], services: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each service that has no feed."""
    for index, name in enumerate(chosen):
        if name not in services:
            names = ", ".join(services)
            yield make_fault(
                f"/services/{index}", "service_unknown", SERVICE_UNKNOWN, name=name[:40], names=names
            )


def make_message_id(webhook: UUID, service: str, sequence: str) -> str:
    """Return the id of a message: the same at every attempt, so that a receiver recognizes a repeat."""
    return f"msg_{webhook.hex}_{service}_{sequence}"


def find_pause(failures: int, jitter: float) -> timedelta:
    """Return how long to wait after a number of failures in a row; `jitter` is between 0 and 1."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(failures - 1, MAX_DOUBLINGS)
    return min(LONGEST_PAUSE, pause * (0.8 + 0.4 * jitter))


def has_failed_too_long(failing_since: datetime, now: datetime) -> bool:
    """Whether a subscription that fails since an instant is paused now."""
    return now - failing_since >= FAILS_FOR
