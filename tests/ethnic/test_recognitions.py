"""A recognition in rural ends a region in ethnic: heard over the feed, shown apart from the decision, undone by revocation."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.application import get_database
from tests.ethnic.neighbourhood import NOW, living_side_by_side
from tests.registers import decision, table

LEFT, BY_DECISION, BY_RECOGNITION = (
    "communes_left_special_difficulty",
    "communes_left_by_decision",
    "communes_left_by_recognition",
)


@pytest.fixture
async def side_by_side(database):
    async with living_side_by_side(database) as found:
        yield found


async def counts(it, period="2023", **query):
    figures = await it.ethnic.figures(period, **query)
    return tuple(figures[code]["value"] for code in (LEFT, BY_DECISION, BY_RECOGNITION))


async def test_what_the_decision_says_and_what_the_rule_makes_of_it_are_shown_apart(side_by_side):
    it = side_by_side
    classified = await it.classify()
    recognized = await it.recognize()
    await it.hear()
    for on, by_rule in (("2023-04-11", None), ("2023-04-12", "I"), ("2024-06-30", "I")):
        (said,) = (await it.ethnic.get("classifications", unit="23509", on=on))["items"]
        assert (said["region"], said["specially_difficult"]) == ("III", True)
        assert (said["by_rule"] and said["by_rule"]["region"]) == by_rule
    made = said["by_rule"]
    assert (made["specially_difficult"], made["since"]) == (False, "2023-04-12")
    assert "QĐ 861/QĐ-TTg" in made["clause"]
    assert made["confidence"] == "from memory"
    heard = (await it.ethnic.http.get(made["recognition"]["heard"])).json()
    assert (heard["id"], heard["decision"]) == (recognized["id"], recognized["decision"])
    assert (heard["source"], heard["feed"]) == (
        f"/v1/rural/recognitions/{recognized['id']}",
        "/v1/rural/changes",
    )
    one = await it.ethnic.get(f"classifications/{classified['id']}")
    assert one["by_rule"]["region"] == "I"
    assert (await it.ethnic.get("classifications"))["items"] == [one]


async def test_the_figure_counts_it_and_its_lineage_names_it(side_by_side):
    it = side_by_side
    await it.classify()
    await it.recognize()
    assert await counts(it) == (0, 0, 0)
    await it.hear()
    assert await counts(it) == (1, 0, 1)
    figures = await it.ethnic.figures()
    for code, listed in ((LEFT, 1), (BY_DECISION, 0), (BY_RECOGNITION, 1)):
        rows = await it.ethnic.follow(figures[code]["lineage"])
        assert [row["by_rule"]["region"] for row in rows] == ["I"] * listed
        assert figures[code]["caveat"] is None
    lineage = await it.ethnic.get(f"lineage/{LEFT}", period="2023", unit="62")
    assert (lineage["value"], lineage["register_rows"]) == (1, figures[LEFT]["lineage"])


async def test_an_exit_by_recognition_and_by_decision_is_one_exit(side_by_side):
    it = side_by_side
    await it.classify()
    await it.recognize(on="2023-04-12")
    await it.hear()
    await it.classify(region="I", on="2023-11-30", number="1/QĐ-UBDT")
    assert await counts(it) == (1, 1, 0)
    assert await counts(it, "2023-Q2") == (1, 0, 1)
    assert await counts(it, "2023-Q4") == (0, 0, 0)


async def test_a_revocation_restores_what_the_decision_says(side_by_side):
    it = side_by_side
    await it.classify()
    recognized = await it.recognize(on="2023-04-12")
    await it.revoke(recognized, on="2024-02-01")
    await it.hear()
    on_day = []
    for on in ("2024-01-31", "2024-02-01"):
        (said,) = (await it.ethnic.get("classifications", unit="23509", on=on))["items"]
        on_day.append(said["by_rule"] and said["by_rule"]["region"])
    assert on_day == ["I", None]
    assert (await counts(it, "2023"), await counts(it, "2024")) == ((1, 0, 1), (0, 0, 0))
    (heard,) = (await it.ethnic.get("recognitions", unit="615"))["items"]
    assert heard["revocation"]["decision"] == {"number": "9/QĐ-UBND", "date": "2024-02-01"}
    assert heard["revocation"]["change"] > heard["change"]


async def test_what_was_known_before_it_was_heard_is_read_again(side_by_side):
    it = side_by_side
    classified = await it.classify()
    recognized = await it.recognize()
    await it.hear()
    (heard,) = (await it.ethnic.get("recognitions"))["items"]
    await it.revoke(recognized, on="2023-12-01")
    await it.hear()
    known = [
        (await counts(it, as_of=at), len((await it.ethnic.get("recognitions", as_of=at))["items"]))
        for at in (classified["recorded_at"], heard["recorded_at"])
    ]
    assert known == [((0, 0, 0), 0), ((1, 0, 1), 1)]
    assert await counts(it) == (0, 0, 0)
    path = f"recognitions/{heard['id']}"
    assert (await it.ethnic.get(path, as_of=heard["recorded_at"]))["revocation"] is None
    assert (await it.ethnic.get(path))["revocation"] is not None


async def test_only_what_the_rule_names_changes_a_region(side_by_side):
    """Villages, communes that nobody classified, and other changes of rural pass by."""
    it = side_by_side
    await it.classify("23509")
    village = {"code": "23509.01", "name": "Thôn 1", "valid_from": "2020-01-01"}
    await it.rural.kept("villages", village)
    await it.recognize("23509.01", criteria_set="village_em_2022_2025", on="2023-06-15")
    await it.recognize("23515")
    await it.hear()
    assert await counts(it) == (0, 0, 0)
    assert [one["unit"] for one in (await it.ethnic.get("recognitions"))["items"]] == ["23515"]
    said = await it.following()
    assert (said["state"], said["behind"]) == ("following", 0)


async def test_hearing_again_keeps_nothing_twice(side_by_side):
    it = side_by_side
    await it.classify()
    await it.recognize()
    for _ in range(3):
        await it.hear()
    assert len((await it.ethnic.get("recognitions"))["items"]) == 1
    headers = it.ethnic.headers("read")
    changes = (await it.ethnic.http.get("/v1/ethnic/changes", headers=headers)).json()["items"]
    assert [one["type"] for one in changes] == ["commune.classified", "commune.recognition_heard"]


@pytest.mark.parametrize("trouble", ["silent", "refused", "rewound", "stuck"])
async def test_what_cannot_be_heard_is_said_with_the_figure(side_by_side, trouble):
    it = side_by_side
    await it.classify()
    await it.recognize()
    await it.hear()
    async with get_database(it.app).writing() as session:
        if trouble == "silent":
            it.door.shut = True
            await session.execute(text("UPDATE followed_feeds SET heard_at = heard_at - interval '1 hour'"))
        elif trouble == "rewound":
            await session.execute(text("UPDATE followed_feeds SET change_at = change_at - interval '1 hour'"))
    if trouble == "refused":
        it.follower.neighbours._credentials = ("service-ethnic", "another secret")
        it.follower.neighbours._renew_at = float("-inf")
    elif trouble == "stuck":
        async with get_database(it.app).writing() as session:
            await session.execute(text("UPDATE followed_feeds SET sequence = 0, change_at = NULL"))
    await it.hear()
    said = await it.following()
    assert (said["state"], said["problem"] is None) == (trouble, False)
    figure = (await it.ethnic.figures())[LEFT]
    assert (figure["value"], figure["caveat"]["code"]) == (1, f"recognitions_{trouble}")
    assert figure["caveat"]["text_en"].startswith("The recognitions of the new rural program ")
    assert (await it.ethnic.figures())["em_households"]["caveat"] is None
    async with get_database(it.app).writing() as session:
        await session.execute(text("UPDATE followed_feeds SET reached_at = reached_at - interval '1 hour'"))
    known_before = {"as_of": (NOW - timedelta(hours=2)).isoformat()}
    assert (await it.ethnic.figures(**known_before))[LEFT]["caveat"] is None
    vintage = {
        "name": "KH 570",
        "unit": "62",
        "period": "2023",
        "document": {"number": "570/KH-UBND", "date": "2024-02-19"},
    }
    published = await it.ethnic.http.post(
        "/v1/ethnic/publications", json=vintage, headers=it.ethnic.headers("review")
    )
    frozen = {one["indicator"]: one["caveat"] for one in published.json()["figures"]}
    assert frozen[LEFT] == figure["caveat"]


async def test_without_a_client_nothing_is_followed_and_the_answers_say_so(clients):
    (said,) = (await clients.get("following"))["items"]
    assert (said["feed"], said["state"]) == ("/v1/rural/changes", "off")
    assert (await clients.figures())[LEFT]["caveat"]["code"] == "recognitions_off"
    unheard = await clients.http.get("/v1/ethnic/recognitions/01890a5d-ac96-774b-bcce-b302099a8057")
    assert (unheard.status_code, unheard.json()["code"]) == (404, "recognition_unheard")


async def test_it_follows_by_itself_and_nobody_waits_for_it(database):
    async with living_side_by_side(database, follow_every_seconds=0.02) as it:
        it.door.hangs = True
        assert (await it.ethnic.http.get("/readyz")).status_code == 200
    async with living_side_by_side(database, follow_every_seconds=0.02) as it:
        await it.classify()
        await it.recognize()
        for _ in range(500):
            if (await counts(it))[0] == 1:
                break
        assert await counts(it) == (1, 0, 1)


async def test_the_demo_counts_six_by_whichever_way(side_by_side):
    """Plan 570's six exits: by the decisions of the demo's table, by the recognitions of 2023, and by both."""
    it = side_by_side
    classifications = table("ethnic_classifications")
    before, after = ([row for row in classifications if row["region"] == region] for region in ("III", "I"))
    for row in before:
        await it.classify(row["unit"], "III", row["effective_on"], row["decision_number"])
    for row in table("rural_recognitions"):
        if row["level"] == "meets" and "." not in row["unit"]:
            await it.recognize(
                row["unit"],
                criteria_set=row["criteria_set"],
                decision=decision(row),
                year=int(row["year"]),
            )
    await it.hear()
    assert await counts(it) == (6, 0, 6)
    for row in after:
        await it.classify(row["unit"], "I", row["effective_on"], row["decision_number"])
    assert await counts(it) == (6, 6, 0)
    assert (await counts(it, "2022"), await counts(it, "2024")) == ((0, 0, 0), (0, 0, 0))
