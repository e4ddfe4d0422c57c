"""A small service of notes: every part of the kit behind real routes, without a program.

It lives in the schema of `ethnic`, whose tables of the kit were made by the real migrations; `notes` is added here.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar

import asyncpg
import httpx
from fastapi import APIRouter, Body, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, Identity, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import Event, feed_router, lock_feed, publish_events
from shared.kit.database import UnitOfWork
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.exception_handlers import negotiate_language
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.partial_body import PartialBody, PartialModel
from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.service import ServiceDefinition, create_service
from shared.kit.settings import ServiceSettings
from shared.kit.transactions import DryRun, TransactionRoute, unit_of_work_for
from shared.roles import INSIDE, REPORT, AdministratorUnitOfWork, PublicReader, PublicUnitOfWork
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.postgres import TestDatabase

OWNER = "ethnic"
LIMIT_BYTES = 64 * 1024

TABLE = f"""
    CREATE TABLE IF NOT EXISTS {OWNER}.notes (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        written_at timestamptz NOT NULL,
        text text NOT NULL CONSTRAINT one_of_each UNIQUE
    );
    GRANT SELECT, INSERT, UPDATE ON {OWNER}.notes TO {OWNER};
    DROP FUNCTION IF EXISTS {OWNER}.refuse CASCADE;
"""

REFUSE_AT_COMMIT = f"""
    CREATE FUNCTION {OWNER}.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the disk of secret-host is full'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON {OWNER}.notes
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {OWNER}.refuse();
"""


class Base(DeclarativeBase):
    pass


class NoteRow(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    text: Mapped[str] = mapped_column(Text)


class LineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str = Field(min_length=1, max_length=10)
    amount: Decimal = Decimal(0)


class NoteIn(PartialModel):
    model_config = ConfigDict(extra="forbid")
    rows: ClassVar[str] = "lines"
    unread: ClassVar[Mapping[str, Any]] = {"text": ""}

    text: str = Field(max_length=200)
    lines: list[LineIn] = Field(default_factory=list, max_length=2000)
    author: str | None = None


class NoteOut(BaseModel):
    id: int
    text: str
    amount: JsonDecimal = Decimal(0)


class SummaryOut(BaseModel):
    notes: int
    language: str
    scopes: list[str]
    prefix: str


class PlainIn(BaseModel):
    count: int = 0
    amount: Decimal = Decimal(0)


class Gate:
    """Holds what passes through it until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.opened.wait()


router = APIRouter(route_class=TransactionRoute)
cached_router = APIRouter(route_class=CachedRoute)
WriterUnitOfWork = Annotated[UnitOfWork, unit_of_work_for(REPORT)]
BAD_WORD = Sentence("Từ “{word}” không dùng được.", "The word “{word}” cannot be used.")
EMPTY = Sentence("Không có dòng nào.", "There is no line.")


@router.post("/notes", status_code=201)
async def write_note(
    *,
    unit_of_work: WriterUnitOfWork,
    request: Request,
    response: Response,
    draft: Annotated[PartialBody[NoteIn], Body()],
    dry_run: DryRun,
    held: Annotated[bool, Query()] = False,
) -> NoteOut:
    body = draft.body
    faults = [
        make_fault(f"/lines/{at}/word", "word_bad", BAD_WORD, word=line.word)
        for at, line in zip(draft.ordinals, body.lines, strict=True)
        if line.word == "bad"
    ]
    if not draft.unread & {"lines"} and not draft.ordinals and not draft.faults:
        faults.append(make_fault("/lines", "note_empty", EMPTY))
    at = await lock_feed(unit_of_work.session, unit_of_work.clock)
    row = NoteRow(written_at=at, text=body.text)
    unit_of_work.session.add(row)
    await unit_of_work.session.flush()
    if faults or draft.faults:  # after the write, so that only a rollback keeps nothing
        raise Invalid(faults=[*draft.faults, *faults])
    if held:
        await request.app.state.gate.pass_through()
    await publish_events(
        unit_of_work.session, at, [Event("note.written", f"notes/{row.id}", {"text": body.text})]
    )
    response.headers["Location"] = f"/notes/{row.id}"
    return NoteOut(id=row.id, text=body.text, amount=sum((line.amount for line in body.lines), Decimal(0)))


@router.put("/notes/{note_id}")
async def rewrite_note(*, unit_of_work: WriterUnitOfWork, note_id: int, body: PlainIn) -> NoteOut:
    row = await unit_of_work.session.get_one(NoteRow, note_id)
    row.text = f"note {body.count}"
    await unit_of_work.session.flush()
    return NoteOut(id=row.id, text=row.text)


@router.get("/notes")
async def list_notes(
    *,
    unit_of_work: PublicUnitOfWork,
    paging: Annotated[Paging, paged_by(10)],
) -> Page[NoteOut]:
    query = select(NoteRow).order_by(NoteRow.written_at.desc(), NoteRow.id.desc())
    return await paging.fetch(
        unit_of_work.session,
        query,
        serialize=lambda row: NoteOut(id=row[0].id, text=row[0].text),
    )


@router.get("/words")
async def list_words(*, unit_of_work: PublicUnitOfWork, paging: Annotated[Paging, paged_by(1)]) -> Page[str]:
    query = select(NoteRow.text).order_by(NoteRow.text)
    return await paging.fetch(unit_of_work.session, query, serialize=lambda row: str(row[0]))


@cached_router.get("/summary")
async def summarize_notes(
    *, unit_of_work: PublicUnitOfWork, request: Request, prefix: str = "", padding: str = ""
) -> SummaryOut:
    """Read how many notes begin with a text, and what the answer was made for."""
    texts = list(await unit_of_work.session.scalars(select(NoteRow.text)))
    return SummaryOut(
        notes=sum(text.startswith(prefix) for text in texts),
        language=negotiate_language(request),
        scopes=sorted(unit_of_work.caller.scopes),
        prefix=prefix + padding * 600,
    )


@router.get("/crash")
async def crash(_: PublicReader) -> None:
    raise RuntimeError("password=hunter2 of secret-host")


@router.get("/missing-file")
def read_missing_file(_: PublicReader) -> str:
    return Path("/nowhere/at/all").read_text(encoding="utf-8")


@router.get("/admin")
async def administer(_: AdministratorUnitOfWork) -> str:
    return "well done"


def make_app(database_url: str, **settings: Any) -> FastAPI:
    options = {
        "gateway_url": "http://127.0.0.1:9",
        "max_body_bytes": LIMIT_BYTES,
        "pool_size": 20,
        **settings,
    }
    return create_service(
        ServiceDefinition(
            name="notes",
            title="Notes",
            description="Notes",
            program="notes",
            settings=ServiceSettings(database_url=database_url, **options),
            routers=[router, cached_router, feed_router("/v1/notes", INSIDE)],
            larger_bodies={"/notes/": 2 * LIMIT_BYTES},
            violations={"one_of_each": lambda: Invalid(faults=[make_fault("/text", "text_taken", EMPTY)])},
        )
    )


class Notes:
    """The running service, its issuer, and a client."""

    def __init__(
        self, app: FastAPI, client: httpx.AsyncClient, issuer: Issuer, database: TestDatabase
    ) -> None:
        self.app, self.client, self.issuer, self.database = app, client, issuer, database
        self.gate = app.state.gate = Gate()
        self._keys = 0

    def bearer(self, client_id: str = "writer", **claims: Any) -> dict[str, str]:
        given = {"programs": ["notes"], **claims}
        return {"Authorization": f"Bearer {self.issuer.token(client_id, **given)}"}

    async def write(
        self, text: str = "one", *, key: str | None = None, client_id: str = "writer", **more: Any
    ) -> httpx.Response:
        """Post a note with one line; `key` is made where it is left out."""
        self._keys += 1
        return await self.client.post(
            "/notes",
            json={"text": text, "lines": [{"word": "ok"}], **more.pop("body", {})},
            headers={
                **self.bearer(client_id),
                "Idempotency-Key": key or f"key-{self._keys}",
                **more.pop("headers", {}),
            },
            **more,
        )

    async def post(self, content: bytes, **headers: str) -> httpx.Response:
        """Post raw bytes as a note."""
        self._keys += 1
        return await self.client.post(
            "/notes",
            content=content,
            headers={
                **self.bearer(),
                "Content-Type": "application/json",
                "Idempotency-Key": f"raw-{self._keys}",
                **headers,
            },
        )

    async def sql(self, statement: str) -> None:
        admin = await asyncpg.connect(self.database.admin_url)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    async def count(self, table: str) -> int:
        admin = await asyncpg.connect(self.database.admin_url)
        try:
            return int(await admin.fetchval(f"SELECT count(*) FROM {OWNER}.{table}"))
        finally:
            await admin.close()


@asynccontextmanager
async def running_notes(database: TestDatabase, **settings: Any) -> AsyncIterator[Notes]:
    """The service of notes on a database of its own."""
    issuer = Issuer()
    app = issuer.trust(make_app(database.url(OWNER), **settings))
    async with open_client(app, raises=False) as client:
        notes = Notes(app, client, issuer, database)
        await notes.sql(TABLE)
        yield notes


def long_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
