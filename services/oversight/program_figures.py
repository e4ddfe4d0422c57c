"""The figures of the programs, read from their catalogues, so that a plan names no target that no program has."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.models import ProgramFigure
from shared.kit.change_feed import Event
from shared.kit.database import Database
from shared.kit.feed_consumer.client import FeedClient, FeedUnavailable, ReceivedEvent
from shared.kit.problems import Fault, Sentence, make_fault
from shared.kit.resources import Resources
from shared.reporting.context import ReportingContext

READ_AGAIN_AFTER = timedelta(minutes=10)
"""A release that adds figures publishes no event; a plan that names one waits no longer than this."""

INDICATOR_UNKNOWN = Sentence(
    "Danh mục của chương trình {program} không có chỉ tiêu {indicator}; xem /v1/{program}/indicators.",
    "The catalogue of the program {program} has no figure {indicator}; see /v1/{program}/indicators.",
)

NamedFigure = tuple[str, str, str]
"""A JSON pointer, and the program and code of the figure that a body names there."""


class _FigureIn(BaseModel):
    code: str


class _CatalogueIn(BaseModel):
    """The members of a catalogue that are read."""

    items: list[_FigureIn]


class CatalogueReader:
    """Reads the codes of a program's figures after a start, after its catalogue was replaced, and now and then."""

    def __init__(self, program: str, client: FeedClient) -> None:
        self.program = program
        self._client = client
        self._read_at: datetime | None = None

    async def take_replacement(self, _: AsyncSession, __: ReceivedEvent, ___: datetime) -> Sequence[Event]:
        """Have the catalogue read again after this page; a handler of events."""
        self._read_at = None
        return []

    async def read_if_due(self, resources: Resources) -> None:
        """Read the catalogue and insert the figures that are new; raises `FeedUnavailable`."""
        now = resources.clock()
        if self._read_at is not None and now - self._read_at < READ_AGAIN_AFTER:
            return
        path = f"/v1/{self.program}/indicators?fields=code"
        content = await self._client.read_resource(path)
        try:
            catalogue = _CatalogueIn.model_validate_json(content or b"")
        except ValidationError as error:
            raise FeedUnavailable("refused", f"{path} answers what cannot be read") from error
        async with resources.get(Database).writing() as session:
            await insert_figures(session, self.program, (figure.code for figure in catalogue.items), now)
        self._read_at = now


async def insert_figures(session: AsyncSession, program: str, codes: Iterable[str], at: datetime) -> None:
    """Insert the figures of a program that are not there yet."""
    rows = [{"program": program, "code": code, "recorded_at": at} for code in codes]
    if rows:
        await session.execute(insert(ProgramFigure).values(rows).on_conflict_do_nothing())


async def find_unknown_figures(context: ReportingContext, named: Sequence[NamedFigure]) -> list[Fault]:
    """Return the faults of figures that no catalogue has. One statement.

    Those of a program whose catalogue was never read are accepted: `GET /v1/plans/{plan_id}/targets` marks them.
    """
    if not named:
        return []
    catalogue = context.engine.catalogue
    codes: dict[str, set[str]] = {catalogue.program: set(catalogue.figures)}
    programs = {program for _, program, _ in named}
    for row in await context.session.scalars(
        select(ProgramFigure).where(ProgramFigure.program.in_(sorted(programs)))
    ):
        codes.setdefault(row.program, set()).add(row.code)
    return [
        make_fault(pointer, "indicator_unknown", INDICATOR_UNKNOWN, program=program, indicator=indicator)
        for pointer, program, indicator in named
        if program in codes and indicator not in codes[program]
    ]
