"""Send what waits in an outbox: in order within a unit and form, the same key each time, pauses that grow.

What the service refuses is set aside with its faults, and what comes after it is sent. What nobody answered is sent again:
the service keeps the answer to a key, so a report that arrived although its answer was lost is not kept twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from ntp_client.answers import NoAnswerError, RefusedError
from ntp_client.client import NtpClient
from ntp_client.outbox.store import Outbox, OutboxEntry
from ntp_client.retries import RetrySchedule
from ntp_client.tokens import TOKEN_REQUEST

ONE_ATTEMPT = RetrySchedule(give_up_after_s=0.0)
"""For the client of a sender: the outbox itself decides when to try again."""
PAUSES = RetrySchedule(first_pause_s=1.0, longest_pause_s=900.0)
"""While a link is down for a day, it is tried about a hundred times."""
DELAYS = RetrySchedule(first_pause_s=1.0, longest_pause_s=60.0)
"""While the service ails for one report; attempts that a broken link ended count too, so it is no longer than a minute."""

SUPERSEDED_NOT_KEPT = {
    "code": "superseded_not_kept",
    "detail": "Báo cáo mà báo cáo này thay thế chưa được tiếp nhận, nên không có gì để thay thế. / "
    "The report that this one supersedes was not received, so there is nothing to supersede.",
}
"""A refusal of the outbox itself."""


@dataclass
class SendingResult:
    """How many submissions were answered and refused, and how many still wait."""

    answered: int = 0
    refused: int = 0
    waiting: int = 0
    trouble: str | None = None
    """Why the last attempt without an answer had none."""


class CredentialsRefusedError(Exception):
    """The service does not know the client or its secret; nothing can be sent."""


def send_waiting(
    outbox: Outbox,
    client: NtpClient,
    *,
    for_s: float = 0.0,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> SendingResult:
    """Send what is due until nothing waits, or nothing was answered for so many seconds.

    Raises `CredentialsRefusedError`. The client must try once (`ONE_ATTEMPT`).
    """
    result = SendingResult()
    answered_at = clock()
    silent_attempts = 0
    while entries := outbox.list_next():
        pause = max(entries[0].next_attempt_at - clock(), 0.0)
        for entry in entries:
            if entry.next_attempt_at > clock():
                break  # they are in the order in which they are due
            outcome = _send(outbox, client, entry, result, clock)
            if outcome == "unreached":
                pause = PAUSES.compute_pause(silent_attempts)
                silent_attempts += 1
                break  # the link is down for all of them
            silent_attempts = 0
            if outcome == "decided":
                answered_at = clock()
        if pause and clock() + pause - answered_at > for_s:
            result.waiting = sum(1 for _ in outbox.iterate("waiting"))
            return result
        sleep(pause)
    return result


def _send(
    outbox: Outbox, client: NtpClient, entry: OutboxEntry, result: SendingResult, clock: Callable[[], float]
) -> Literal["decided", "delayed", "unreached"]:
    """Send a submission and record what became of it."""
    try:
        answer = client.post(entry.path, fill_superseded(outbox, entry), key=entry.key)
    except NoAnswerError as error:
        result.trouble = str(error)
        outbox.record_trouble(entry, result.trouble, clock())
        return "unreached"
    except RefusedError as refusal:
        if is_refused_for_good(refusal.status):
            if refusal.request == TOKEN_REQUEST or refusal.status == HTTPStatus.UNAUTHORIZED:
                raise CredentialsRefusedError(str(refusal)) from refusal
            outbox.record_refusal(entry, refusal)
            result.refused += 1
            return "decided"
        result.trouble = str(refusal)
        pause = max(DELAYS.compute_pause(entry.attempts), refusal.retry_after_s or 0.0)
        outbox.record_trouble(entry, result.trouble, clock() + pause)
        return "delayed"
    outbox.record_answer(entry, answer)
    result.answered += 1
    return "decided"


def is_refused_for_good(status: int) -> bool:
    """Whether the same request would be refused again: not where the service is busy or ails."""
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in passing


def fill_superseded(outbox: Outbox, entry: OutboxEntry) -> dict[str, Any]:
    """Return the body with the id of the report that it supersedes. Raises `RefusedError` where there is none."""
    body: dict[str, Any] = entry.body
    if entry.supersedes is None:
        return body
    superseded = outbox.get(entry.supersedes)
    if superseded.state == "answered":
        return {**body, "supersedes": superseded.answer["id"]}
    status = HTTPStatus.CONFLICT if superseded.state == "refused" else HTTPStatus.SERVICE_UNAVAILABLE
    raise RefusedError(f"POST {entry.path}", status, SUPERSEDED_NOT_KEPT)
