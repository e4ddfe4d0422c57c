"""Roll-ups equal a recomputation from scratch, and a plain model, whatever is submitted, reviewed and withdrawn."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

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
from shared.reporting.report_content import STATUSES
from tests.reporting.office import open_context, open_office

PERIOD = Period(2023)
LEVELS = {"610": ("23344", "23347"), "611": ("23380",)}
"""Two districts with a few of their rural communes."""
ABOVE = {commune: district for district, communes in LEVELS.items() for commune in communes}
COMMUNES_OF = {"610": 12, "611": 8}
FORMS = {"census": ("households", "poor"), "criteria": ("criterion_a", "criterion_b")}
UNITS = ("610", "611", "23344", "23380")
BASES = ("accepted", "provisional")
SCOPES = {"62": ("62", "610", "611"), "610": ("610",)}


def places(unit, form):
    """The units that a reporting unit may state a form's values for."""
    if unit not in LEVELS:
        return (unit,)
    return LEVELS[unit] if form == "criteria" else (unit, *LEVELS[unit])


def overlap(one, other):
    """Whether two units are the same, or one lies in the other."""
    return one == other or ABOVE.get(one) == other or ABOVE.get(other) == one


@dataclass
class Paper:
    """A report as the model knows it."""

    unit: str
    form: str
    values: dict[tuple[str, str], tuple[int, str]]
    state: str = "submitted"
    said: dict = field(default_factory=dict)

    @property
    def live(self):
        return self.state in ("submitted", "accepted")


class Model:
    """What should be true, from nothing but the papers."""

    def __init__(self):
        self.papers: list[Paper] = []

    def of(self, unit, form, *states):
        return [it for it in self.papers if (it.unit, it.form) == (unit, form) and it.state in states]

    def latest(self, unit, form):
        return next(iter(self.of(unit, form, "submitted") + self.of(unit, form, "accepted")), None)

    def stated_elsewhere(self, paper):
        return any(
            overlap(place, there) and indicator == the_same
            for other in self.papers
            if other.live and (other.unit, other.form) != (paper.unit, paper.form)
            for there, the_same in other.values
            for place, indicator in paper.values
        )

    def standing(self, basis):
        keys = {(it.unit, it.form) for it in self.papers}
        for unit, form in keys:
            accepted = self.of(unit, form, "accepted")
            pending = self.of(unit, form, "submitted") if basis == "provisional" else []
            yield from (pending or accepted)[:1]

    def expected(self, basis, scope):
        """Give value, coverage and least status by measure."""
        stated = {}
        for paper in self.standing(basis):
            for (place, indicator), said in paper.values.items():
                if scope in ("62", place, ABOVE.get(place)):
                    assert (place, indicator) not in stated, "counted twice"
                    stated[place, indicator] = said
        found = {}
        for indicator in {one for _, one in stated}:
            mine = [(place, *said) for (place, one), said in stated.items() if one == indicator]
            found[indicator] = (
                sum(value for _, value, _ in mine),
                sum(COMMUNES_OF.get(place, 1) for place, _, _ in mine),
                min(STATUSES.index(status) for _, _, status in mine),
            )
        both = [
            [stated[place, one] for one in FORMS["criteria"]]
            for place in {place for place, _ in stated}
            if all((place, one) in stated for one in FORMS["criteria"])
        ]
        if both:
            least = min(STATUSES.index(status) for one in both for _, status in one)
            done = sum(all(value == 1 for value, _ in one) for one in both)
            found["communes_done"] = done, len(both), least
            found["criteria_average"] = sum(value for one in both for value, _ in one), len(both), least
        return found


async def compare(office, model):
    """Compare what is rolled up, what is recomputed and what the model says, on both bases and at both levels."""
    async with open_context(office) as context:
        session, catalogue = context.session, context.engine.catalogue
        for basis in BASES:
            for scope, answering in SCOPES.items():
                ask = {"period": PERIOD, "basis": basis}
                rolled = await store.read_roll_ups(session, catalogue, units=answering, **ask)
                below = context.below(scope, PERIOD)
                recomputed = await store.read_measures(session, catalogue, units=below, **ask)
                assert rolled == recomputed, (basis, scope)
                if model is not None:
                    said = {code: (it.value, it.covers, it.status) for code, it in rolled.items()}
                    assert said == model.expected(basis, scope), (basis, scope)


SAID = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(STATUSES)), min_size=1, max_size=5
)


class Reporting(RuleBasedStateMachine):
    """Submit, correct, accept, return, withdraw in any order, by two districts and two of their communes."""

    office = runner = clear = None

    @initialize()
    def begin(self):
        self.model = Model()
        self.refused = 0
        self.clear()

    @rule(unit=st.sampled_from(UNITS), form=st.sampled_from(list(FORMS)), said=SAID)
    def submit(self, unit, form, said):
        self.send(unit, form, said, name_it=False)

    @precondition(lambda self: any(it.live for it in self.model.papers))
    @rule(pick=st.integers(0, 100), said=SAID)
    def correct(self, pick, said):
        live = [it for it in self.model.papers if it.live]
        paper = live[pick % len(live)]
        self.send(paper.unit, paper.form, said, name_it=True)

    def send(self, unit, form, said, *, name_it):
        cells = [(place, indicator) for place in places(unit, form) for indicator in FORMS[form]]
        limit = 1 if form == "criteria" else 3
        values = {cells[at % len(cells)]: (min(value, limit), status) for at, value, status in said}
        paper = Paper(unit, form, values)
        latest = self.model.latest(unit, form)
        body = {
            "unit": unit,
            "period": "2023",
            "form": form,
            "supersedes": latest.said["id"] if latest and name_it else None,
            "observations": [
                {"unit": place, "indicator": indicator, "value": value, "status": status}
                for (place, indicator), (value, status) in values.items()
            ],
        }
        answer = self.runner.run(self.office.post("reports", body, self.office.district(unit)))
        if any((ABOVE.get(place), indicator) in values for place, indicator in values):
            expected = 422, "invalid"
        elif any(
            it.values == values and (it is latest or not name_it)
            for it in self.model.of(unit, form, "submitted", "accepted")
        ):
            expected = 200, None
        elif latest and not name_it:
            expected = 409, "report_exists"
        elif self.model.stated_elsewhere(paper):
            expected = 409, "value_stated_elsewhere"
        else:
            expected = 201, None
        note(f"{unit} {form} {values} -> {expected}")
        assert (answer.status_code, answer.json().get("code")) == expected, answer.text
        self.refused = 0 if answer.status_code == 201 else self.refused + 1
        if answer.status_code == 201:
            if latest and latest.state == "submitted":
                latest.state = "superseded"
            paper.said = answer.json()
            self.model.papers.append(paper)

    @precondition(lambda self: self.model.papers)
    @rule(
        pick=st.integers(0, 100), move=st.sampled_from(["accept", "accept", "accept", "return", "withdraw"])
    )
    def judge(self, pick, move):
        live = [it for it in self.model.papers if it.live]
        paper = (live or self.model.papers)[pick % len(live or self.model.papers)]
        answer = self.runner.run(
            self.office.verdict(paper.said, move, **({} if move == "accept" else {"reason": "vì sao"}))
        )
        legal = paper.state == "submitted" or (paper.state, move) == ("accepted", "withdraw")
        note(f"{move} {paper.unit} {paper.form} while {paper.state}: {legal}")
        assert answer.status_code == (200 if legal else 409), answer.text
        self.refused = 0 if legal else self.refused + 1
        if legal:
            if move == "accept":
                for other in self.model.of(paper.unit, paper.form, "accepted"):
                    other.state = "superseded"
            paper.state = {"accept": "accepted", "return": "returned", "withdraw": "withdrawn"}[move]

    @invariant()
    def everything_agrees(self):
        """After every change, and once after refusals, which change nothing."""
        if hasattr(self, "model") and self.refused < 2:
            self.runner.run(compare(self.office, self.model))


def test_roll_ups_stay_equal_to_a_recomputation_and_to_a_plain_model(database, postgres_server):
    with asyncio.Runner() as runner:
        opened = open_office(database)
        Reporting.runner = runner
        Reporting.office = runner.run(opened.__aenter__())
        Reporting.clear = staticmethod(partial(postgres_server.clear, database))
        try:
            run_state_machine_as_test(
                Reporting,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=40,
                    derandomize=True,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def in_bulk(office, chance):
    """A file of a line for each of some units, for one form."""
    form = chance.choice(list(FORMS))
    lines = []
    for unit in chance.sample(UNITS, 3):
        place = chance.choice([one for one in places(unit, form) if one not in LEVELS or form == "census"])
        rows = [{"unit": place, "indicator": code, "value": chance.randint(0, 1)} for code in FORMS[form]]
        said = {"unit": unit, "period": "2023", "form": form, "observations": rows}
        lines.append({"idempotency_key": f"line-{chance.random()}", "report": said})
    return await office.bulk(lines, office.token("sender", ["report"], ["62"]))


async def many_reviews(office, chance, reports):
    """Verdicts on some reports, of other places among them, in one request."""
    verdicts = [
        {"report": it["id"], "verdict": verdict, "content_sha256": it["content_sha256"], "reason": "vì sao"}
        for it in reports
        for verdict in [chance.choice(["accept", "return"])]
    ]
    return await office.post("reviews", {"reviews": verdicts}, office.reviewer)


async def worker(office, number):
    """One client that submits, corrects, reviews and withdraws at random, and takes no for an answer."""
    chance = random.Random(number)
    answered = []
    for _ in range(16):
        unit, form = chance.choice(UNITS), chance.choice(list(FORMS))
        listed = await office.get("reports", office.reviewer, unit=unit, form=form, limit=5)
        live = [it for it in listed.json()["items"] if it["state"] in ("submitted", "accepted")]
        if chance.random() < 0.15:
            answered.append(await in_bulk(office, chance))
        elif chance.random() < 0.15:
            listed = await office.get("reports", office.reviewer, state="submitted", limit=5)
            answered.append(await many_reviews(office, chance, listed.json()["items"] or live))
        elif live and chance.random() < 0.6:
            report, move = chance.choice(live), chance.choice(["accept", "accept", "return", "withdraw"])
            more = {} if move == "accept" else {"reason": "vì sao"}
            answered.append(await office.verdict(report, move, **more))
        else:
            wanted = [place for place in places(unit, form) if place not in LEVELS or form == "census"]
            place = chance.choice(wanted)
            rows = [(place, indicator, chance.randint(0, 1)) for indicator in FORMS[form]]
            supersedes = live[0]["id"] if live else None
            answered.append(await office.submit(unit, "2023", form, rows, supersedes=supersedes))
    return answered


@pytest.mark.race
@pytest.mark.anyio
async def test_many_at_once_leave_roll_ups_and_feed_that_agree_with_the_reports(office):
    answers = [it for each in await asyncio.gather(*(worker(office, at) for at in range(8))) for it in each]
    statuses = Counter(it.status_code for it in answers)
    assert set(statuses) <= {200, 201, 404, 409}, [it.text for it in answers if it.status_code >= 500]
    one_by_one = [
        it for answer in answers for it in (answer.json().get("lines") or answer.json().get("items") or ())
    ]
    problems = [it["problem"] for it in one_by_one if it["problem"]]
    assert all(it["status"] in (404, 409) for it in problems), problems
    assert len(problems) < len(one_by_one)
    assert statuses[201] > 10
    assert statuses[200] > 5
    await compare(office, None)

    feed = (await office.get("changes", office.reviewer, limit=1000)).json()
    assert not feed["more"]
    ids = [int(it["id"]) for it in feed["items"]]
    times = [it["time"] for it in feed["items"]]
    assert ids == sorted(set(ids))
    assert times == sorted(times)
    told = {
        it["subject"].removeprefix("reports/"): it["type"].removeprefix("report.") for it in feed["items"]
    }
    reports, cursor = {}, None
    while True:
        asked = {"limit": 100, **({"cursor": cursor} if cursor else {})}
        page = (await office.get("reports", office.reviewer, **asked)).json()
        reports |= {it["id"]: it["state"] for it in page["items"]}
        cursor = page["next"]
        if cursor is None:
            break
    assert told == reports
