"""Trained persons and jobs of the province: the totals of districts that state them, else their levels and kinds added up."""

from tests.lineages import check_lineages

PUBLISHED = {"persons_trained": 6_975, "jobs_created": 7_267}
DISTRICTS = ("608", "610", "611", "612", "613", "614", "615", "616", "617", "618")
LEVELS = ("college", "secondary", "elementary", "under_three_months")


def split(amount, parts):
    return [amount // parts + (number < amount % parts) for number in range(parts)]


def make_rows(district, trained, jobs):
    levels = zip(LEVELS, split(trained, len(LEVELS)), strict=True)
    stated = {f"persons_trained_by_level.{level}": value for level, value in levels}
    stated |= dict(zip(("jobs_at_home", "jobs_abroad"), split(jobs, 2), strict=True))
    return [
        {"district": district, "unit": district, "indicator": code, "value": str(value), "status": "official"}
        for code, value in stated.items()
    ]


async def read_both(clients, unit="62", **query):
    """Return value and coverage of the two figures, read from the sums and, as of the same instant, from the observations."""
    now = await clients.get("progress", period="2023", unit=unit, **query)
    then = await clients.get("progress", period="2023", unit=unit, as_of=now["as_of"], **query)
    for answer in (now, then):
        answer["both"] = {
            figure["indicator"]: (figure["value"], figure["coverage"]["reported"])
            for figure in answer["figures"]
            if figure["indicator"] in PUBLISHED
        }
    assert then["both"] == now["both"]
    return now["both"]


async def test_levels_and_totals_add_up_to_the_published_figures(clients):
    trained, jobs = split(PUBLISHED["persons_trained"], 10), split(PUBLISHED["jobs_created"], 10)
    amounts = dict(zip(DISTRICTS, zip(trained, jobs, strict=True), strict=True))
    parts = {district: make_rows(district, *amounts[district]) for district in DISTRICTS}
    totals = {
        district: [
            {"district": district, "unit": district, "indicator": code, "value": str(value), "status": "official"}
            for code, value in zip(PUBLISHED, amounts[district], strict=True)
        ]
        for district in DISTRICTS
    }  # fmt: skip
    figure = (await clients.read_figures("2023"))["persons_trained"]
    assert (figure["value"], figure["missing"]) == (None, ["persons_trained"])
    # four districts state levels alone: their sum, and what it covers
    await clients.report_and_accept(
        "annual_livelihoods", [row for code in DISTRICTS[:4] for row in parts[code]]
    )
    assert await read_both(clients) == {
        "persons_trained": (sum(trained[:4]), 4),
        "jobs_created": (sum(jobs[:4]), 4),
    }
    # four state totals alone, two both
    await clients.report_and_accept("annual_results", [row for code in DISTRICTS[4:] for row in totals[code]])
    await clients.report_and_accept(
        "annual_livelihoods", [row for code in DISTRICTS[8:] for row in parts[code]]
    )
    assert await read_both(clients) == {code: (value, 10) for code, value in PUBLISHED.items()}
    assert {"persons_trained", "jobs_created"} <= await check_lineages(clients, units=("62", "608", "618"))
    for unit, of_unit in amounts.items():
        figures = await read_both(clients, unit)
        assert figures == {code: (amount, 1) for code, amount in zip(PUBLISHED, of_unit, strict=True)}
    assert await read_both(clients, "51", map="2025-07-01")  # communes cannot have a share of a district
    series = await clients.get(
        "series", **{"indicator": "jobs_created", "unit": "62", "from": "2023", "to": "2023"}
    )
    assert series["items"][0]["value"] == PUBLISHED["jobs_created"]
    rows = (await clients.get("map", indicator="persons_trained", period="2023", level="district"))["items"]
    assert {row["unit"]: row["value"] for row in rows} == dict(zip(DISTRICTS, trained, strict=True))


async def test_the_total_of_the_province_counts_once_beside_levels_of_districts(clients):
    await clients.report_and_accept("annual_livelihoods", make_rows("610", 40, 20))
    whole = [
        {"district": "62", "unit": "62", "indicator": code, "value": str(value), "status": "official"}
        for code, value in PUBLISHED.items()
    ]
    await clients.report_and_accept("annual_results", whole)
    assert {code: value for code, (value, _) in (await read_both(clients)).items()} == PUBLISHED
    assert (await read_both(clients, "610"))["jobs_created"] == (20, 1)
