"""Readings after any write are what they are without the cache of answers, for every caller and language."""

from typing import Any

import pytest

from shared.kit.answer_cache import AnswerCache
from shared.kit.resources import get_resources

pytestmark = pytest.mark.anyio

PROVISIONAL: tuple[str, dict[str, Any]] = (
    "progress",
    {"period": "2023", "unit": "610", "basis": "provisional"},
)
READINGS: list[tuple[str, dict[str, Any], str]] = [
    *[(*PROVISIONAL, caller) for caller in ("public", "reviewer", "district")],
    ("progress", {"period": "2023", "unit": "62"}, "public"),
    (
        "map",
        {"period": "2023", "unit": "62", "indicator": "poverty_rate", "level": "district"},
        "public",
    ),
    ("series", {"unit": "62", "indicator": "poverty_rate", "from": "2022", "to": "2023"}, "reviewer"),
    ("observations", {"period": "2023", "unit": "610", "limit": 3}, "public"),
    ("periods", {}, "district"),
    ("completeness", {"period": "2023", "unit": "62"}, "public"),
    ("obligations", {"unit": "610"}, "district"),
    ("targets", {"unit": "62"}, "reviewer"),
    ("lineage/poverty_rate", {"period": "2023", "unit": "62"}, "public"),
]


async def read_all(office):
    tokens = {"public": None, "reviewer": office.reviewer, "district": office.district("610")}
    answers = []
    for path, params, caller in READINGS:
        answer = await office.get(path, tokens[caller], **params)
        answers.append((path, caller, answer.status_code, answer.text, answer.headers.get("etag")))
    return answers


async def test_a_reading_after_any_write_is_what_it_is_without_the_cache(office):
    cache = get_resources(office.app).get(AnswerCache)
    rows = [(unit, code, 5) for unit in office.communes("610") for code in ("poor", "households")]
    decision = {"number": "1/QĐ-UBND", "date": "2023-01-05"}
    target = {"decision": decision, "targets": [{"indicator": "poverty_rate", "value": 5}]}
    before = await read_all(office)
    (report,) = [(await office.submit("610", "2023", "census", rows)).json()]

    async def let_days_pass():
        office.clock.move(days=30)

    for write in (
        lambda: office.verdict(report),
        lambda: office.put("targets/2023/62", target, office.planner),
        lambda: office.put("go-lives/610", {"live_on": "2023-06-01"}, office.planner),
        let_days_pass,
        lambda: office.verdict(report, "withdraw", reason="nhầm kỳ"),
    ):
        answer = await write()
        assert answer is None or answer.status_code == 200, answer.text
        cached = await read_all(office)
        assert cached != before
        cache.clear()
        assert await read_all(office) == cached
        before = cached
