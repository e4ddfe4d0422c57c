"""The client for programs that do one thing after another, and typed calls of a program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import httpx

from ntp_client.answers import Answer, NoAnswerError, read_answer
from ntp_client.exact_json import read_json, write_json
from ntp_client.requests import PreparedRequest, make_key, prepare_content, prepare_request
from ntp_client.retries import RetrySchedule
from ntp_client.tokens import TOKEN_REQUEST, ClientCredentials, TokenRefused, TokenStore

if TYPE_CHECKING:  # hundreds of types that nothing reads when it runs
    from ntp_client import models

TIMEOUT_S = 60.0
PAGE_ROWS = 200
NDJSON = "application/x-ndjson"


class NtpClient:
    """A client with its secret; one without an id reads what is public. Close it, or use it in a `with` statement."""

    def __init__(
        self,
        origin: str,
        client_id: str = "",
        client_secret: str = "",
        *,
        language: str = "vi",
        retries: RetrySchedule | None = None,
        timeout_s: float = TIMEOUT_S,
        keys: Callable[[str, Any], str] = make_key,
        tokens: TokenStore | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(
            base_url=origin, timeout=timeout_s, headers={"Accept-Language": language}, transport=transport
        )
        if client_id:
            self._http.auth = ClientCredentials(self._http.base_url, client_id, client_secret, tokens)
        self._keys = keys
        self._retries = retries or RetrySchedule()
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def program(self, name: str) -> Program:
        """Return the typed calls of a program: rural, poverty or ethnic."""
        return Program(self, name)

    def get(self, path: str, **query: Any) -> Any:
        """Return the document at a path. Lists, days, instants and truth values may be given as such.

        `as_of` (an instant) reads the past, `standard` the values measured under one standard.
        """
        return self.send(prepare_request("GET", path, query=query)).body

    def download(self, path: str, media_type: str, **query: Any) -> bytes:
        """Return the bytes at a path in a media type, such as `text/csv`."""
        content = self.send(prepare_request("GET", path, query=query, headers={"Accept": media_type})).body
        return content if isinstance(content, bytes) else write_json(content)

    def post(self, path: str, body: Any, *, key: str | None = None, **query: Any) -> Answer:
        """Post a body under a key; without one under a key of `keys`, which repeats of this call share."""
        return self.send(
            prepare_request("POST", path, body=body, key=key or self._keys(path, body), query=query)
        )

    def put(self, path: str, body: Any, *, if_match: str | None = None, **query: Any) -> Answer:
        """Put a body; `if_match` is the tag of the version that was read."""
        headers = {} if if_match is None else {"If-Match": if_match}
        return self.send(prepare_request("PUT", path, body=body, query=query, headers=headers))

    def upload(self, path: str, content: bytes, media_type: str, *, key: str | None = None) -> Answer:
        """Post the bytes of a file."""
        headers = {"Content-Type": media_type}
        return self.send(prepare_content("POST", path, content, key=key, headers=headers))

    def iterate(self, path: str, **query: Any) -> Iterator[Any]:
        """Yield the rows of all pages of a list."""
        query = {"limit": PAGE_ROWS, **query}
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def iterate_changes(self, path: str, after: str = "0") -> Iterator[models.ChangeOut]:
        """Yield the changes of a feed after a cursor, up to the newest; the `id` of the last one is the next cursor."""
        while True:
            page = cast("models.ChangesOut", self.get(path, after=after))
            yield from page["items"]
            if not page["more"]:
                return
            after = page["next"]

    def read_changes(
        self, after: str | None = None, *, wait: int | None = None, **filters: Any
    ) -> models.JoinedChangesOut:
        """Return what changed in all services after a cursor; the `next` of the answer is the next one.

        `wait` waits so many seconds for a change; filters are `service`, `type` and `unit`.
        """
        return cast("models.JoinedChangesOut", self.get("/v1/changes", after=after, wait=wait, **filters))

    def send(self, request: PreparedRequest) -> Answer:
        """Send a request until it is answered. Raises `RefusedError` or `NoAnswerError`."""
        started_at = time.monotonic()
        attempt = 0
        while True:
            name, outcome = self._try(request)
            pause = self._retries.find_pause(outcome, attempt, time.monotonic() - started_at)
            if pause is None:
                if isinstance(outcome, httpx.TransportError):
                    raise NoAnswerError(f"{name}: {type(outcome).__name__} {outcome}") from outcome
                return read_answer(name, outcome)
            self._sleep(pause)
            attempt += 1

    def _try(self, request: PreparedRequest) -> tuple[str, httpx.Response | httpx.TransportError]:
        """Return the response to one attempt or why there is none, and the request that it is of."""
        try:
            response = self._http.request(
                request.method,
                request.path,
                params=request.query or None,
                headers=request.headers,
                content=request.content,
            )
        except TokenRefused as refused:
            return TOKEN_REQUEST, refused.response
        except httpx.TransportError as error:
            return request.name, error
        return request.name, response

    def stream_lines(self, path: str, lines: Iterable[Any], **query: Any) -> Iterator[Any]:
        """Post lines of JSON and yield the lines of the answer as they come.

        Raises `RefusedError`, or `NoAnswerError` where the link breaks: then post the same lines again.
        """
        content = b"".join(write_json(line) + b"\n" for line in lines)
        headers = {"Content-Type": NDJSON, "Accept": NDJSON}
        request = prepare_content("POST", path, content, query=query, headers=headers)
        try:
            with self._http.stream(
                request.method,
                request.path,
                params=request.query or None,
                headers=request.headers,
                content=request.content,
            ) as response:
                if response.is_error:
                    response.read()
                    read_answer(request.name, response)
                for line in response.iter_lines():
                    if line:
                        yield read_json(line)
        except TokenRefused as refused:
            read_answer(TOKEN_REQUEST, refused.response)
        except httpx.TransportError as error:
            raise NoAnswerError(f"{request.name}: {type(error).__name__} {error}") from error


class Program:
    """Typed calls of one program; every other one is `NtpClient.get`, `post` or `put`."""

    def __init__(self, client: NtpClient, name: str) -> None:
        self._client = client
        self._path = f"/v1/{name}"

    def submit(
        self, report: models.ReportIn, *, key: str | None = None, dry_run: bool | None = None
    ) -> models.SubmittedOut:
        """Submit a report; with `dry_run` check it only."""
        answer = self._client.post(f"{self._path}/reports", report, key=key, dry_run=dry_run)
        return cast("models.SubmittedOut", answer.body)

    def submit_many(
        self, reports: Mapping[str, models.ReportIn], *, dry_run: bool | None = None
    ) -> Iterator[models.LineOut]:
        """Submit reports by their keys in one upload, and yield the result of each as it comes."""
        lines = ({"idempotency_key": key, "report": report} for key, report in reports.items())
        for line in self._client.stream_lines(f"{self._path}/reports/bulk", lines, dry_run=dry_run):
            if "line" in line:
                yield cast("models.LineOut", line)

    def read_report(self, report_id: str) -> models.ReportOut:
        """Return a report with its values."""
        return cast("models.ReportOut", self._client.get(f"{self._path}/reports/{report_id}"))

    def accept(self, report_id: str, content_sha256: str, *, key: str | None = None) -> models.ReportSummary:
        """Accept a report as it was read, whose hash is this."""
        body: models.AcceptIn = {"content_sha256": content_sha256}
        answer = self._client.post(f"{self._path}/reports/{report_id}/accept", body, key=key)
        return cast("models.ReportSummary", answer.body)

    def iterate_reports(self, **filters: Any) -> Iterator[models.ReportSummary]:
        """Yield the reports that the client may see, newest first."""
        yield from self._client.iterate(f"{self._path}/reports", **filters)

    def iterate_observations(
        self,
        unit: str,
        period: str,
        *,
        standard: str | None = None,
        as_of: datetime | None = None,
        **filters: Any,
    ) -> Iterator[models.ObservedValueOut]:
        """Yield the values in effect of a unit and everything below it."""
        query = {"unit": unit, "period": period, "standard": standard, "as_of": as_of, **filters}
        yield from self._client.iterate(f"{self._path}/observations", **query)

    def read_figures(
        self,
        unit: str,
        period: str,
        *,
        standard: str | None = None,
        as_of: datetime | None = None,
        **query: Any,
    ) -> models.FiguresOut:
        """Return the figures of a unit for a period, as known now or at an instant."""
        figures = self._client.get(
            f"{self._path}/progress", unit=unit, period=period, standard=standard, as_of=as_of, **query
        )
        return cast("models.FiguresOut", figures)

    def iterate_changes(self, after: str = "0") -> Iterator[models.ChangeOut]:
        """Yield what changed after a cursor, in the order of the commits."""
        yield from self._client.iterate_changes(f"{self._path}/changes", after)
