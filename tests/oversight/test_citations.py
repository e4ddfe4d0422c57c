"""Decisions that other services name, looked up among the documents."""

from datetime import date
from typing import Any

import pytest

from services.oversight.citations.rules import NamedDecision, find_named_decisions
from services.oversight.followed_services import NAMING_EVENTS, make_decision_handler
from shared.kit.feed_consumer.client import ReceivedEvent
from tests.application import get_database
from tests.oversight.clients import read, record
from tests.oversight.conftest import NOW
from tests.oversight.records import make_document
from tests.program_clients import Clients

DECISION = {"number": "186/QĐ-UBND", "date": "2023-04-12"}


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        ("unit.recognized", {"decision": DECISION}, [("186/QĐ-UBND", date(2023, 4, 12))]),
        (
            "unit.recognition_revoked",
            {"decision": DECISION, "revoked_by": {"number": "1/QĐ", "date": "2024-01-02"}},
            [("1/QĐ", date(2024, 1, 2))],
        ),
        ("target.set", {"decision": "90/NQ"}, [("90/NQ", None)]),
        (
            "target.set",
            {"decision": "90/NQ", "decision_date": "2023-12-08"},
            [("90/NQ", date(2023, 12, 8))],
        ),
        ("allocation.recorded", {"amount_vnd": 1}, []),
        ("allocation.recorded", {"decision": {"number": " "}}, []),
        ("allocation.recorded", {"decision": {"number": "1/NQ", "date": "?"}}, [("1/NQ", None)]),
    ],
)
def test_an_event_names_its_decisions(event: str, data: Any, expected: Any) -> None:
    assert list(find_named_decisions(event, data)) == [NamedDecision(*named) for named in expected]


async def test_decisions_of_other_services_are_looked_up_and_unknown_ones_listed(clients: Clients) -> None:
    database = get_database(clients.http.app)
    events: list[tuple[str, str, str, dict[str, Any]]] = [
        ("rural", "unit.recognized", "recognitions/1", {"decision": DECISION}),
        ("rural", "unit.recognized", "recognitions/2", {"decision": DECISION}),
        ("funding", "allocation.recorded", "entries/1", {"decision": {**DECISION, "date": "2023-04-13"}}),
        ("poverty", "target.set", "targets/2024/62", {"decision": "570/KH-UBND"}),
    ]
    for sequence, (service, event_type, subject, data) in enumerate(events, 1):
        assert event_type in NAMING_EVENTS[service]
        event = ReceivedEvent(sequence, NOW, event_type, subject, data)
        async with database.writing() as session:
            await make_decision_handler(service)(session, event, NOW)
    document = await record(
        clients,
        "documents",
        make_document("186 / qđ-ubnd", kind="committee_decision", issuer="UBND_TINH", signed_on="2023-04-12"),
    )
    rows = (await read(clients, "documents/cited"))["items"]
    assert [(row["decided_on"], row["recorded"]) for row in rows] == [
        ("2023-04-13", False),
        ("2023-04-12", True),
        (None, False),
    ]
    assert (rows[0]["documents_of_other_date"], rows[1]["documents"]) == ([document["id"]], [document["id"]])
    assert rows[1]["cited_by"] == [
        {"service": "rural", "event": "unit.recognized", "subject": "recognitions/1"}
    ]
    unknown = (await read(clients, "documents/cited", recorded=False, number="570/kh-ubnd"))["items"]
    assert [row["number"] for row in unknown] == ["570/KH-UBND"]
    page = await read(clients, "documents/cited", limit=2)
    assert len((await read(clients, "documents/cited", cursor=page["next"], limit=2))["items"]) == 1
