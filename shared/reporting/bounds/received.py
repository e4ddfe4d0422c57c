"""Reports of another program as its feed announces them, and their values as the program answers them."""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.change_feed import Event
from shared.kit.database import Database
from shared.kit.feed_consumer.client import FeedClient, FeedUnavailable, ReceivedEvent
from shared.kit.feed_consumer.consumer import EventHandler, EventNotReadable
from shared.kit.feed_consumer.cursor import find_cursor
from shared.kit.resources import Resources
from shared.reporting.bounds import store
from shared.reporting.catalogue.bounds import list_needed_series
from shared.reporting.catalogue.dimensions import to_series_key
from shared.reporting.engine import ReportingEngine

STATES = {
    f"report.{state}": state for state in ("submitted", "accepted", "returned", "withdrawn", "superseded")
}
"""The state of a report after each type of event."""

REPORTS_OF_A_ROUND = 50
"""The values of so many reports are read before the feed is looked at again."""


class _ReportData(BaseModel):
    """The data of an event of a report that are read; other fields are ignored."""

    unit: str
    period: str
    form: str
    standard: str | None = None


class _StatedRow(BaseModel):
    unit: str
    indicator: str
    dimension: dict[str, str] | None = None
    value: Decimal | None = None


class _ReportContent(BaseModel):
    """The content of a report that is read; other fields are ignored."""

    period: str
    observations: list[_StatedRow]
    derived: list[_StatedRow] = []


_CONTENT: TypeAdapter[_ReportContent] = TypeAdapter(_ReportContent)


@dataclass(frozen=True)
class ReportReceiver:
    """Receives the reports of one program."""

    program: str
    client: FeedClient

    @property
    def handlers(self) -> Mapping[str, EventHandler]:
        """The handler of each type of event that moves a report to another state."""
        return dict.fromkeys(STATES, self.receive_event)

    async def receive_event(
        self, session: AsyncSession, received: ReceivedEvent, at: datetime
    ) -> Sequence[Event]:
        """Store the report that an event names, in the state that it has from then on; it causes no event here."""
        try:
            data = _ReportData.model_validate(received.data)
            report_id = uuid.UUID(received.subject.removeprefix("reports/"))
        except ValueError as error:
            raise EventNotReadable("the report is not named as reports are") from error
        cursor = await find_cursor(session, store.make_feed_name(self.program))
        fields = {
            "program": self.program,
            "report_id": report_id,
            "life": cursor.life if cursor else 1,
            "unit": data.unit,
            "period": data.period,
            "form": data.form,
            "standard": data.standard or "",
            "state": STATES[received.type],
            "change": received.sequence,
            "recorded_at": at,
        }
        await store.put_received_report(session, fields)
        return []

    async def read_values(self, resources: Resources) -> None:
        """Read the values of live reports that the bounds of the catalogue compare with, and that were not read yet.

        Raise `FeedUnavailable` where the program does not answer. No request is sent while a transaction is open.
        """
        database = resources.get(Database)
        bounds = resources.get(ReportingEngine).catalogue.bounds
        for form, series in list_needed_series(bounds, self.program).items():
            needed = ",".join(series)
            async with database.reading() as session:
                unread = await store.find_unread_reports(
                    session, self.program, form, needed, REPORTS_OF_A_ROUND
                )
            for report_id in unread:
                body = await self.client.read_resource(f"/v1/{self.program}/reports/{report_id}")
                content = _parse_content(body)
                values = _select_values(content, frozenset(series))
                async with database.writing() as session:
                    await store.put_values(
                        session,
                        self.program,
                        report_id,
                        values,
                        period=content.period if content else "",
                        needed=needed,
                        at=resources.clock(),
                    )


def _parse_content(body: bytes | None) -> _ReportContent | None:
    """Return the content of a report with exact numbers; None where the program no longer has it."""
    if body is None:
        return None
    try:
        return _CONTENT.validate_python(json.loads(body, parse_float=Decimal))
    except (ValueError, ValidationError) as error:
        raise FeedUnavailable("refused", "a report is answered that cannot be read") from error


def _select_values(content: _ReportContent | None, series: Collection[str]) -> dict[tuple[str, str], Decimal]:
    """Return what a report states of some series, posted or derived, by unit and series; nil is nothing."""
    if content is None:
        return {}
    rows = (
        (row.unit, to_series_key(row.indicator, next(iter((row.dimension or {}).values()), None)), row.value)
        for row in (*content.derived, *content.observations)
    )
    return {(unit, key): value or Decimal(0) for unit, key, value in rows if key in series}
