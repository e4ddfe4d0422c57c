"""Roll-ups equal a recomputation and a simple model, whatever is submitted, reviewed and withdrawn (ADR 0012)."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.periods import Period
from shared.reporting.figures import store
from shared.reporting.models import BASES
from shared.reporting.report_content import STATUSES
from tests.forms import short_and_long
from tests.reporting import office as offices
from tests.reporting.early_form import make_early_catalogue
from tests.reporting.office import Office, open_context, open_office
from tests.reporting.recomputed_measures import read_measures

PERIOD = Period(2023)
FEW, MANY = 8, 150
"""How many histories are searched for a roll-up that differs: a few, the same in every run; or many."""
COMMUNES = {"610": ("23344", "23347"), "611": ("23380",)}
"""Two districts with a few of their rural communes."""
DISTRICT_OF = {commune: district for district, communes in COMMUNES.items() for commune in communes}
COMMUNE_COUNTS = {"610": 12, "611": 8}
FORMS = {
    "census": ("households", "poor", "persons_by_group.a", "persons_by_group.b"),
    "criteria": ("criterion_a", "criterion_b"),
}
OFFICIAL_FORMS = tuple(FORMS)
FORMS["early"] = FORMS["census"]
"""The preliminary form of the census."""
UNITS = ("610", "611", "23344", "23380")
STANDARDS = ("set_a", "set_b")
"""Two standards of the criteria, both in force in the year; the later one is that of a report that names none."""
SCOPES = {"62": ("62", "610", "611"), "610": ("610",)}


def list_stated_units(unit, form):
    """Return the units for which a reporting unit may state values of a form."""
    if unit not in COMMUNES:
        return (unit,)
    return COMMUNES[unit] if form == "criteria" else (unit, *COMMUNES[unit])


def to_series_fields(key):
    """Return the indicator, and the member of its dimension, as a report states them."""
    indicator, _, member = key.partition(".")
    return {"indicator": indicator} | ({"dimension": {"group": member}} if member else {})


def overlap(unit, other):
    """Whether two units are the same, or one contains the other."""
    return unit == other or DISTRICT_OF.get(unit) == other or DISTRICT_OF.get(other) == unit


@dataclass
class ModelReport:
    """A report in the model."""

    unit: str
    form: str
    values: dict[tuple[str, str], tuple[int | None, str]]
    standard: str = ""
    state: str = "submitted"
    answer: dict[str, Any] = field(default_factory=dict)
    replaced: int = 0
    """When its acceptance was replaced by that of another report, as a count of reviews; 0 if it never was."""

    @property
    def live(self):
        return self.state in ("submitted", "accepted")

    @property
    def key(self):
        return self.unit, self.form, self.standard


class Model:
    """What must be true, computed from the reports alone."""

    def __init__(self):
        self.reports: list[ModelReport] = []

    def find(self, key, *states):
        return [report for report in self.reports if report.key == key and report.state in states]

    def find_latest(self, key):
        return next(iter(self.find(key, "submitted") + self.find(key, "accepted")), None)

    def find_replaced(self, report):
        """Return the report that is accepted again when this accepted one is withdrawn."""
        earlier = [other for other in self.find(report.key, "superseded") if other.replaced]
        return max(earlier, key=lambda other: other.replaced, default=None)

    def is_stated_elsewhere(self, report):
        return any(
            overlap(unit, other_unit) and indicator == other_indicator
            for other in self.reports
            if other.live and other.key != report.key and other.standard == report.standard
            if (other.form == "early") == (report.form == "early")
            for other_unit, other_indicator in other.values
            for unit, indicator in report.values
        )

    def find_in_effect(self, basis, standards):
        keys = {report.key for report in self.reports if report.standard in standards}
        for key in keys:
            accepted = self.find(key, "accepted")
            pending = self.find(key, "submitted") if basis == "provisional" else []
            yield from (pending or accepted)[:1]

    def compute_measures(self, basis, scope, standard):
        """Return value, coverage, coverage by nil and by preliminary forms, and least certain status by measure."""
        stated: dict[tuple[str, str], tuple[int | None, str]] = {}
        early: dict[tuple[str, str], tuple[int | None, str]] = {}
        for report in self.find_in_effect(basis, ("", standard)):
            of_stage = early if report.form == "early" else stated
            for (unit, indicator), value_and_status in report.values.items():
                if scope in ("62", unit, DISTRICT_OF.get(unit)):
                    assert (unit, indicator) not in of_stage, "counted twice"
                    of_stage[unit, indicator] = value_and_status
        official = list(stated)
        stated |= {
            (unit, indicator): value_and_status
            for (unit, indicator), value_and_status in early.items()
            if not any(overlap(unit, other) and indicator == code for other, code in official)
        }
        measures = {}
        for indicator in {code for _, code in stated}:
            rows = [(unit, *stated[unit, code]) for unit, code in stated if code == indicator]
            measures[indicator] = (
                sum(value or 0 for _, value, _ in rows),
                sum(COMMUNE_COUNTS.get(unit, 1) for unit, _, _ in rows),
                sum(COMMUNE_COUNTS.get(unit, 1) for unit, value, _ in rows if value is None),
                sum(COMMUNE_COUNTS.get(unit, 1) for unit, _, _ in rows if (unit, indicator) not in official),
                min(STATUSES.index(status) for _, _, status in rows),
            )
        criteria = [
            [stated[unit, code] for code in FORMS["criteria"]]
            for unit in {unit for unit, _ in stated}
            if all((unit, code) in stated for code in FORMS["criteria"])
        ]
        if criteria:
            least = min(STATUSES.index(status) for commune in criteria for _, status in commune)
            done = sum(all(value == 1 for value, _ in commune) for commune in criteria)
            total = sum(value or 0 for commune in criteria for value, _ in commune)
            measures["communes_done"] = done, len(criteria), 0, 0, least
            measures["criteria_average"] = total, len(criteria), 0, 0, least
        return measures


async def compare(office, model):
    """Compare roll-ups, their recomputation and the model, on both bases, for both scopes and under both standards."""
    async with open_context(office) as context:
        session, catalogue = context.session, context.engine.catalogue
        for basis, scope, standard in itertools.product(BASES, SCOPES, STANDARDS):
            standards = catalogue.select_standards(PERIOD.ends_on, standard)
            ask: dict[str, Any] = {"period": PERIOD, "basis": basis, "standards": standards}
            rolled = await store.read_roll_ups(
                session, catalogue, units=SCOPES[scope], root=SCOPES[scope][0], **ask
            )
            below = context.below(scope, PERIOD)
            recomputed = await read_measures(session, catalogue, context.territory, units=below, **ask)
            assert rolled == recomputed, (basis, scope, standard)
            if model is not None:
                measures = {
                    code: (
                        measure.value,
                        measure.covers,
                        measure.nil_covers,
                        measure.preliminary_covers,
                        measure.status,
                    )
                    for code, measure in rolled.items()
                }
                assert measures == model.compute_measures(basis, scope, standard), (basis, scope, standard)


CELLS = st.lists(
    st.tuples(st.integers(0, 11), st.none() | st.integers(0, 3), st.sampled_from(STATUSES)),
    min_size=1,
    max_size=5,
)
"""Which unit and indicator, with a value or nil (None), and a status."""


class Reporting(RuleBasedStateMachine):
    """Two districts and two of their communes submit, correct and withdraw; reports are accepted and returned, in any order."""

    office: ClassVar[Office]
    runner: ClassVar[asyncio.Runner]
    clear: ClassVar[Callable[[], None]]

    @initialize()
    def begin(self):
        self.model = Model()
        self.refused = self.reviews = 0
        Reporting.clear()

    @rule(
        unit=st.sampled_from(UNITS),
        form=st.sampled_from(list(FORMS)),
        standard=st.sampled_from([None, *STANDARDS]),
        cells=CELLS,
    )
    def submit(self, unit, form, standard, cells):
        self.send(unit, form, standard if form == "criteria" else None, cells, correct=False)

    @precondition(lambda self: any(report.live for report in self.model.reports))
    @rule(pick=st.integers(0, 100), cells=CELLS)
    def correct(self, pick, cells):
        live = [report for report in self.model.reports if report.live]
        report = live[pick % len(live)]
        self.send(report.unit, report.form, report.standard or None, cells, correct=True)

    def send(self, unit, form, standard, cells, *, correct):
        keys = [(stated, code) for stated in list_stated_units(unit, form) for code in FORMS[form]]
        limit = 1 if form == "criteria" else 3
        values = {
            keys[index % len(keys)]: (None if value is None else min(value, limit), status)
            for index, value, status in cells
        }
        if form == "early":
            values = {
                key: (value, "preliminary" if status == "official" else status)
                for key, (value, status) in values.items()
            }
        report = ModelReport(unit, form, values, (standard or STANDARDS[-1]) if form == "criteria" else "")
        latest = self.model.find_latest(report.key)
        body = {
            "unit": unit,
            "period": "2023",
            "form": form,
            "standard": standard,
            "supersedes": latest.answer["id"] if latest and correct else None,
            "observations": [
                {"unit": stated, **to_series_fields(indicator), "status": status}
                | ({"nil": True} if value is None else {"value": value})
                for (stated, indicator), (value, status) in values.items()
            ],
        }
        answer = self.runner.run(self.office.post("reports", body, self.office.district(unit)))
        if any((DISTRICT_OF.get(stated), indicator) in values for stated, indicator in values):
            expected: tuple[int, str | None] = 422, "invalid"
        elif any(
            live.values == values and (live is latest or not correct)
            for live in self.model.find(report.key, "submitted", "accepted")
        ):
            expected = 200, None
        elif latest and not correct:
            expected = 409, "report_exists"
        elif self.model.is_stated_elsewhere(report):
            expected = 409, "value_stated_elsewhere"
        else:
            expected = 201, None
        note(f"{report.key} {values} -> {expected}")
        assert (answer.status_code, answer.json().get("code")) == expected, answer.text
        self.refused = 0 if answer.status_code == 201 else self.refused + 1
        if answer.status_code == 201:
            if latest and latest.state == "submitted":
                latest.state = "superseded"
            report.answer = answer.json()
            self.model.reports.append(report)

    @precondition(lambda self: self.model.reports)
    @rule(
        pick=st.integers(0, 100), move=st.sampled_from(["accept", "accept", "accept", "return", "withdraw"])
    )
    def review(self, pick, move):
        live = [report for report in self.model.reports if report.live]
        report = (live or self.model.reports)[pick % len(live or self.model.reports)]
        answer = self.runner.run(
            self.office.verdict(report.answer, move, **({} if move == "accept" else {"reason": "vì sao"}))
        )
        reinstated = None
        if (report.state, move) == ("accepted", "withdraw"):
            reinstated = self.model.find_replaced(report)
            allowed = reinstated is None or not self.model.is_stated_elsewhere(reinstated)
        else:
            allowed = report.state == "submitted"
        note(f"{move} {report.key} while {report.state}: {allowed}")
        assert answer.status_code == (200 if allowed else 409), answer.text
        self.refused = 0 if allowed else self.refused + 1
        if allowed:
            if move == "accept":
                for other in self.model.find(report.key, "accepted"):
                    self.reviews += 1
                    other.state, other.replaced = "superseded", self.reviews
            if reinstated is not None:
                reinstated.state = "accepted"
            report.state = {"accept": "accepted", "return": "returned", "withdraw": "withdrawn"}[move]

    @invariant()
    def roll_ups_agree_with_the_model(self):
        """Checked after every change, and once after refusals, which change nothing."""
        if hasattr(self, "model") and self.refused < 2:
            self.runner.run(compare(self.office, self.model))


@pytest.mark.slow
@pytest.mark.parametrize("histories", short_and_long(FEW, MANY))
def test_roll_ups_equal_a_recomputation_and_a_simple_model(database, postgres_server, histories, monkeypatch):
    with_early_form = make_early_catalogue()
    monkeypatch.setattr(offices, "catalogue", lambda: with_early_form)
    with asyncio.Runner() as runner:
        opened = open_office(database)
        Reporting.runner = runner
        Reporting.office = runner.run(opened.__aenter__())
        Reporting.clear = staticmethod(partial(postgres_server.clear, database))
        try:
            run_state_machine_as_test(
                Reporting,
                settings=settings(
                    max_examples=histories,
                    stateful_step_count=40,
                    derandomize=histories == FEW,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def submit_in_bulk(office, random):
    """Submit a line for each of three units, on one form."""
    form = random.choice(OFFICIAL_FORMS)
    lines = []
    for unit in random.sample(UNITS, 3):
        stated = random.choice(list_single_units(unit, form))
        rows = [
            {"unit": stated, **to_series_fields(code), "value": random.randint(0, 1)} for code in FORMS[form]
        ]
        report = {"unit": unit, "period": "2023", "form": form, "observations": rows}
        lines.append({"idempotency_key": f"line-{random.random()}", "report": report})
    return await office.bulk(lines, office.token("sender", ["report"], ["62"]))


def list_single_units(unit, form):
    """Return the units for which a reporting unit may state values, without districts whose communes state them."""
    return [stated for stated in list_stated_units(unit, form) if stated not in COMMUNES or form == "census"]


async def review_many(office, random, reports):
    """Review these reports in one request."""
    verdicts = [
        {
            "report": report["id"],
            "verdict": random.choice(["accept", "return"]),
            "content_sha256": report["content_sha256"],
            "reason": "vì sao",
        }
        for report in reports
    ]
    return await office.post("reviews", {"reviews": verdicts}, office.reviewer)


async def work(office, number):
    """Submit, correct, review and withdraw at random, as one of several clients; return the answers."""
    random = Random(number)
    answers = []
    for _ in range(32):
        unit, form = random.choice(UNITS), random.choice(OFFICIAL_FORMS)
        listed = await office.get("reports", office.reviewer, unit=unit, form=form, limit=5)
        live = [report for report in listed.json()["items"] if report["state"] in ("submitted", "accepted")]
        if random.random() < 0.15:
            answers.append(await submit_in_bulk(office, random))
        elif random.random() < 0.15:
            listed = await office.get("reports", office.reviewer, state="submitted", limit=5)
            answers.append(await review_many(office, random, listed.json()["items"] or live))
        elif live and random.random() < 0.6:
            report, move = random.choice(live), random.choice(["accept", "accept", "return", "withdraw"])
            more = {} if move == "accept" else {"reason": "vì sao"}
            answers.append(await office.verdict(report, move, **more))
        else:
            stated = random.choice(list_single_units(unit, form))
            rows = [(stated, indicator, random.randint(0, 1)) for indicator in FORMS[form][:2]]
            supersedes = live[0]["id"] if live else None
            answers.append(await office.submit(unit, "2023", form, rows, supersedes=supersedes))
    return answers


async def read_states(office):
    """Return the state of every report, by id."""
    states: dict[str, str] = {}
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = (await office.get("reports", office.reviewer, limit=100, **cursor)).json()
        states |= {report["id"]: report["state"] for report in page["items"]}
        cursor = {"cursor": page["next"]} if page["next"] else None
    return states


@pytest.mark.race
@pytest.mark.anyio
async def test_roll_ups_and_feed_agree_with_the_reports_after_many_writers_at_once(office):
    answers_by_client = await asyncio.gather(*(work(office, number) for number in range(8)))
    answers = [answer for answers in answers_by_client for answer in answers]
    statuses = Counter(answer.status_code for answer in answers)
    errors = [answer.text for answer in answers if answer.status_code >= 500]
    assert set(statuses) <= {200, 201, 404, 409}, errors
    bodies = [answer.json() for answer in answers]
    results = [result for body in bodies for result in (body.get("lines") or body.get("items") or ())]
    problems = [result["problem"] for result in results if result["problem"]]
    assert all(problem["status"] in (404, 409) for problem in problems), problems
    assert len(problems) < len(results)
    assert statuses[201] > 10
    assert statuses[200] > 5
    await compare(office, None)

    feed = (await office.get("changes", office.reviewer, limit=1000)).json()
    assert not feed["more"]
    ids = [int(event["id"]) for event in feed["items"]]
    times = [event["time"] for event in feed["items"]]
    assert ids == sorted(set(ids))
    assert times == sorted(times)
    last_events = {
        event["subject"].removeprefix("reports/"): event["type"].removeprefix("report.")
        for event in feed["items"]
    }
    assert last_events == await read_states(office)
