"""The file of the outbox: one row for each submission, with its key, its bytes and what became of it.

A row is written before anything is sent, and its key and bytes never change. SQLite writes each change to the disk before
it returns (`synchronous=FULL`), so a power cut loses nothing that was added. The file is readable by its owner only,
because it holds a token.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from ntp_client.answers import Answer, RefusedError
from ntp_client.exact_json import read_json, write_json
from ntp_client.requests import make_key
from ntp_client.tokens import Token

State = Literal["waiting", "answered", "refused"]

BUSY_TIMEOUT_S = 30.0
"""How long one command waits while another one writes."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    supersedes TEXT REFERENCES submissions (key),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'answered', 'refused')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at REAL NOT NULL DEFAULT 0,
    added_at TEXT NOT NULL,
    decided_at TEXT,
    status INTEGER,
    answer TEXT,
    trouble TEXT
);
CREATE INDEX IF NOT EXISTS ix_submissions_state ON submissions (state, lane, number);
CREATE TABLE IF NOT EXISTS tokens (client_id TEXT PRIMARY KEY, token TEXT NOT NULL, ends_at REAL NOT NULL);
"""


class KeyUsedError(ValueError):
    """The key belongs to another content."""


@dataclass(frozen=True)
class OutboxEntry:
    """One submission, and what became of it."""

    number: int
    key: str
    path: str
    lane: str
    """Entries of one lane are sent one after another, in the order in which they were added."""
    body: Any
    supersedes: str | None
    """The key of the entry whose report this one replaces; its id is filled in when it is known."""
    state: State
    attempts: int
    next_attempt_at: float
    """Seconds since 1970."""
    added_at: str
    decided_at: str | None
    status: int | None
    answer: Any
    """The answer, or the problem document of a refusal."""
    trouble: str | None
    """Why the last attempt had no answer."""


class Outbox:
    """An outbox in a file, which several processes may use at once. It is a store of tokens as well."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.touch(mode=0o600, exist_ok=True)
        self._connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(
        self, path: str, body: dict[str, Any], *, key: str | None = None, supersedes: str | None = None
    ) -> OutboxEntry:
        """Keep a submission, and return it with its key, which is its own for ever.

        The same content under a key that is here already is the same submission. Raises `KeyUsedError` for another
        content, and `LookupError` where nothing has the key that it supersedes.
        """
        content = write_json(body).decode()
        with self._writing():
            if supersedes is not None:
                self.get(supersedes)
            if key is not None and (existing := self.find(key)) is not None:
                if (existing.path, existing.supersedes) != (path, supersedes) or existing.body != read_json(
                    content
                ):
                    raise KeyUsedError(f"the key {key} belongs to another content")
                return existing
            cursor = self._connection.execute(
                "INSERT INTO submissions (key, path, lane, body, supersedes, added_at) VALUES (?, ?, ?, ?, ?, ?)",
                (key or make_key(), path, find_lane(path, body), content, supersedes, _format_now()),
            )
            row = self._connection.execute(
                "SELECT * FROM submissions WHERE number = ?", (cursor.lastrowid,)
            ).fetchone()
        return _to_entry(row)

    def find(self, key: str) -> OutboxEntry | None:
        """Return the submission with a key, or with a key that begins so; None where there is none, or several."""
        rows = self._connection.execute(
            "SELECT * FROM submissions WHERE key = ? OR substr(key, 1, length(?)) = ? ORDER BY key <> ? LIMIT 2",
            (key, key, key, key),
        ).fetchall()
        return _to_entry(rows[0]) if rows and (len(rows) == 1 or rows[0]["key"] == key) else None

    def get(self, key: str) -> OutboxEntry:
        """Return the submission with a key. Raises `LookupError`."""
        entry = self.find(key)
        if entry is None:
            raise LookupError(f"no submission has the key {key}, or several begin so")
        return entry

    def iterate(self, *states: State) -> Iterator[OutboxEntry]:
        """Yield the submissions in these states, or all of them, in the order in which they were added."""
        marks = ", ".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        rows = self._connection.execute(
            f"SELECT * FROM submissions {where} ORDER BY number", states
        ).fetchall()
        yield from map(_to_entry, rows)

    def list_next(self) -> list[OutboxEntry]:
        """Return the first waiting submission of each lane; those behind it wait for its answer."""
        rows = self._connection.execute(
            "SELECT * FROM submissions WHERE number IN"
            " (SELECT min(number) FROM submissions WHERE state = 'waiting' GROUP BY lane)"
            " ORDER BY next_attempt_at, number"
        ).fetchall()
        return list(map(_to_entry, rows))

    def record_answer(self, entry: OutboxEntry, answer: Answer) -> None:
        """Keep the answer to a submission."""
        self._decide(entry, "answered", answer.status, answer.body)

    def record_refusal(self, entry: OutboxEntry, refusal: RefusedError) -> None:
        """Set a submission aside with the faults that the service named."""
        self._decide(entry, "refused", refusal.status, dict(refusal.problem))

    def record_trouble(self, entry: OutboxEntry, trouble: str, next_attempt_at: float) -> None:
        """Note that an attempt had no answer, and when the next one is due."""
        self._connection.execute(
            "UPDATE submissions SET attempts = attempts + 1, trouble = ?, next_attempt_at = ?"
            " WHERE number = ? AND state = 'waiting'",
            (trouble, next_attempt_at, entry.number),
        )

    def send_again(self, key: str) -> OutboxEntry:
        """Let a refused submission wait again, with its key: a refusal uses up no key. Raises `LookupError`."""
        entry = self.get(key)
        self._connection.execute(
            "UPDATE submissions SET state = 'waiting', next_attempt_at = 0, decided_at = NULL"
            " WHERE number = ? AND state = 'refused'",
            (entry.number,),
        )
        return self.get(entry.key)

    def load_token(self, client_id: str) -> Token | None:
        """Return the token of a client; a program that starts every minute needs no token each time."""
        row = self._connection.execute("SELECT * FROM tokens WHERE client_id = ?", (client_id,)).fetchone()
        return Token(row["token"], row["ends_at"]) if row else None

    def save_token(self, client_id: str, token: Token | None) -> None:
        """Keep a token; None forgets it."""
        with self._writing():
            self._connection.execute("DELETE FROM tokens WHERE client_id = ?", (client_id,))
            if token is not None:
                self._connection.execute(
                    "INSERT INTO tokens VALUES (?, ?, ?)", (client_id, token.text, token.ends_at)
                )

    def _decide(self, entry: OutboxEntry, state: State, status: int, answer: Any) -> None:
        self._connection.execute(
            "UPDATE submissions SET state = ?, status = ?, answer = ?, decided_at = ?, trouble = NULL,"
            " attempts = attempts + 1 WHERE number = ? AND state = 'waiting'",
            (state, status, write_json(answer).decode(), _format_now(), entry.number),
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that has the lock from its beginning."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def find_lane(path: str, body: dict[str, Any]) -> str:
    """Return what must stay in order: the submissions of a unit on a form, or of an address where there is neither."""
    return " ".join([path, *(str(body[name]) for name in ("unit", "form") if body.get(name) is not None)])


def _to_entry(row: sqlite3.Row) -> OutboxEntry:
    values = dict(row)
    values["body"] = read_json(values["body"])
    values["answer"] = None if values["answer"] is None else read_json(values["answer"])
    return OutboxEntry(**values)


def _format_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
