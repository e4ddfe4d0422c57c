"""The requests of docs/funding.md run, in their order."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "funding.md"
REQUEST = re.compile(r"(?ms)^POST /v1/funding/(\S+)\n(\{.*?)(?=^```|^POST)")

pytestmark = pytest.mark.anyio


async def test_the_requests_of_the_page_run(office):
    ids: dict[str, str] = {}
    requests = REQUEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(requests) == 8
    for what, text in requests:
        for name, entry in ids.items():
            text = text.replace(name, entry)  # noqa: PLW2901 (the ids are known only now)
        answer = await office.post(what, json.loads(text))
        assert answer.status_code == 201, (what, answer.text)
        if what == "vouchers":
            ids = {f"LINE-{place}": line["id"] for place, line in enumerate(answer.json()["lines"], 1)}
    status = (await office.get("status", year=2023)).json()
    assert (status["total"]["allocation_rate"], status["closing_overdue"]) == (100, False)
    assert (status["total"]["disbursed_vnd"], status["total"]["recovered_vnd"]) == (151_000_000, 50_000_000)
    assert [closing["entries_since"] for closing in status["closings"]] == [1]
