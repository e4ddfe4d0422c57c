"""The demo's records of oversight give the figures that Plan 570 prints."""

import sys
from pathlib import Path

import pytest

from tests.oversight.clients import read, record
from tests.program_clients import Clients, read_table

DEMO = Path(__file__).parents[2] / "examples" / "kontum-2023"


async def test_the_records_of_the_demo_give_the_printed_figures(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    sys.modules.pop("client", None)
    from client.oversight import list_oversight_requests

    for stage in list_oversight_requests():
        for request in stage:
            await record(clients, request.path.removeprefix("/v1/oversight/"), request.body)
    figures = await clients.read_figures("2023")
    for row in read_table("plan_570"):
        if row["program"] == "oversight":
            value = figures[row["figure"]]["value"]
            printed = int(row["printed"])
            assert value >= printed if row["compares"] == "at_least" else value == printed, row["id"]
            assert len(await clients.list_all(figures[row["figure"]]["lineage"])) == value, row["id"]
    assert figures["normative_council_resolutions"]["value"] == 18
    assert figures["normative_committee_decisions"]["value"] == 9
    assert figures["steering_committees_own"]["value"] == 1
    on = {"on": "2024-02-19"}
    for number in ("13-NQ/TU", "12-CT/TU", "3299/CTr-UBND"):
        (document,) = (await read(clients, "documents", number=number, **on))["items"]
        assert document["state"] == "in_force"
    (plan,) = (await read(clients, "plans", period="2024"))["items"]
    assert plan["capital_total_vnd"] == 2_733_200_000_000
    (ceilings,) = (await read(clients, "plans", period="2021-2025"))["items"]
    assert ceilings["capital_total_vnd"] == 2_752_660_000_000
