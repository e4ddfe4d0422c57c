"""The requests of each client: districts post reports, agencies registers and targets, finance the ledger.

All of them work side by side; each keeps the order that its own requests need. Reviewers read every report and accept
exactly what they read.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

from ntp_client import AsyncNtpClient

from client.oversight import list_oversight_requests, list_task_requests
from client.progress import Progress
from client.requests import Body, Request, Row, Stages, read_table, to_decision

PERIOD = "2023"
PROVINCE = "62"
DEPARTMENT = "department-poverty"
"""The department that states poverty of the years before."""
LIVE_ON = "2024-01-01"
"""What is posted for 2023 and before is backfilled, and not judged for timeliness."""
TREASURY = "KBNN Kon Tum (minh họa)"
END_OF_YEAR_STEPS = 4
"""A paper, a correction, a recovery and the closing."""
CONCURRENT_REQUESTS = 4
"""Requests that one agency has under way: enough to keep a service busy, few enough for a small machine."""

FORMS = (
    ("poverty", "annual_review", "poverty_annual_review"),
    ("poverty", "annual_results", "poverty_annual_results"),
    ("poverty", "annual_livelihoods", "poverty_annual_livelihoods"),
    ("poverty", "review_em_poor", "poverty_review_em_poor"),
    ("ethnic", "annual_land", "ethnic_annual_land"),
    ("rural", "criteria_assessment", "rural_criteria_assessment"),
)
"""Program, form, table."""

Clients = Mapping[str, AsyncNtpClient]


def read_districts() -> dict[str, str]:
    """Return the names of the districts by code."""
    return {row["code"]: row["name"] for row in read_table("districts")}


async def post_everything(clients: Clients, make_progress: Callable[[int], Progress]) -> Progress:
    """Post and accept the whole year; `make_progress` makes the progress bar for a number of steps."""
    reports = {f"district-{district}": list(list_reports(district)) for district in read_districts()}
    reports[DEPARTMENT] = list(list_earlier_reports())
    stages = {
        "agency-rural": _list_rural_requests(),
        "agency-ethnic": _list_ethnic_requests(),
        "agency-poverty": _list_poverty_requests(),
        "finance": _list_funding_requests(),
        "office-oversight": list_oversight_requests(),
    }
    report_steps = 2 * sum(map(len, reports.values()))
    register_steps = sum(len(stage) for stages_of_client in stages.values() for stage in stages_of_client)
    task_steps = len(list_task_requests(""))
    progress = make_progress(report_steps + register_steps + task_steps + END_OF_YEAR_STEPS)
    try:
        async with asyncio.TaskGroup() as tasks:
            for client_id, requests in reports.items():
                tasks.create_task(_post_reports(clients, client_id, requests, progress))
            for client_id, stages_of_client in stages.items():
                tasks.create_task(_send_stages(clients[client_id], stages_of_client, progress))
        await _post_plan_tasks(clients["office-oversight"], progress)
        await _post_end_of_year(clients["finance"], progress)
    finally:
        progress.close()
    return progress


async def _post_plan_tasks(office: AsyncNtpClient, progress: Progress) -> None:
    """Post the tasks of the plan of 2024, which name it."""
    (plan,) = (await office.get("/v1/oversight/plans", period="2024"))["items"]
    await _send_stages(office, [list_task_requests(plan["id"])], progress)


async def _post_end_of_year(finance: AsyncNtpClient, progress: Progress) -> None:
    """Post a paper with two lines, correct one, recover the other, and close the year: the figures stay as they were."""

    async def post(path: str, body: Body) -> Body:
        answer = await finance.post(f"/v1/funding/{path}", body)
        progress.advance(f"finance {path}", replayed=answer.replayed)
        entry: Body = answer.body
        return entry

    line = {"year": 2023, "capital": "recurrent", "source": "central", "unit": "610", "amount_vnd": 5_000_000}
    paper = await post(
        "vouchers",
        {
            "kind": "disbursement",
            "voucher": {"source": TREASURY, "number": "MH-2023-0265", "date": "2023-12-29"},
            "effective_on": "2023-12-29",
            "lines": [{**line, "program": "poverty"}, {**line, "program": "ethnic"}],
        },
    )
    mistaken, overpaid = paper["lines"]
    await post("corrections", {"corrects": mistaken["id"], "reason": "Nhập nhầm dòng vốn, chưa chi"})
    await post(
        "recoveries",
        {
            "recovers": overpaid["id"],
            "amount_vnd": overpaid["amount_vnd"],
            "voucher": {"source": TREASURY, "number": "MH-TH-2023-0001", "date": "2023-12-30"},
            "effective_on": "2023-12-30",
        },
    )
    await post(
        "closings",
        {
            "year": 2023,
            "unit": PROVINCE,
            "decision": {"number": "minh họa khóa sổ 2023", "date": "2024-01-31"},
            "closed_on": "2024-01-31",
        },
    )


async def _post_reports(
    clients: Clients, client_id: str, requests: Sequence[Request], progress: Progress
) -> None:
    """Post the reports of a district one after another; the program's reviewer accepts each."""
    for request in requests:
        report = await clients[client_id].post(request.path, request.body)
        progress.advance(f"{client_id} {request.body['form']}", replayed=report.replayed)
        program = request.path.split("/")[2]
        reviewer = clients[f"reviewer-{program}"]
        accepted_before = await _accept(reviewer, f"{request.path}/{report.body['id']}")
        progress.advance(f"reviewer-{program} {request.body['unit']}", replayed=accepted_before)


async def _accept(reviewer: AsyncNtpClient, path: str) -> bool:
    """Accept a report exactly as it was read; return whether it was accepted before."""
    report = await reviewer.get(path)
    if report["state"] == "accepted":
        return True
    answer = await reviewer.post(f"{path}/accept", {"content_sha256": report["content_sha256"]})
    return answer.replayed


async def _send_stages(client: AsyncNtpClient, stages: Stages, progress: Progress) -> None:
    """Send stage after stage; the requests of one stage a few at a time."""
    slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def send(request: Request) -> None:
        async with slots:
            sent_before = await _send(client, request)
            progress.advance(f"{client.client_id} {request.path}", replayed=sent_before)

    for stage in stages:
        async with asyncio.TaskGroup() as tasks:
            for request in stage:
                tasks.create_task(send(request))


async def _send(client: AsyncNtpClient, request: Request) -> bool:
    """Send a request; return whether an earlier run had sent it."""
    if request.method == "POST":
        return (await client.post(request.path, request.body)).replayed
    if "targets" in request.body and await _are_targets_set(client, request):
        return True
    await client.put(request.path, request.body)
    return False


async def _are_targets_set(client: AsyncNtpClient, request: Request) -> bool:
    """Return whether the targets of a request are set as it states them: a PUT has no key that would mark a replay."""
    path, period, unit = request.path.rsplit("/", 2)
    current = await client.get(f"{path}?period={period}&unit={unit}")
    rows = {
        (row["indicator"], row["value"], row["decision_number"], row["decision_date"])
        for row in current["items"]
    }
    decision = request.body["decision"]
    return all(
        (target["indicator"], target["value"], decision["number"], decision["date"]) in rows
        for target in request.body["targets"]
    )


def list_reports(district: str) -> Iterator[Request]:
    """Yield the reports of a district, one for each form."""
    for program, form, table in FORMS:
        observations = [_to_observation(row) for row in read_table(table) if row["district"] == district]
        body = {"unit": district, "period": PERIOD, "form": form, "observations": observations}
        yield Request(f"/v1/{program}/reports", body)


def list_earlier_reports() -> Iterator[Request]:
    """Yield the reports of the department on the years before, the earliest first: each start is compared with the end before."""
    rows = read_table("poverty_series")
    for period, form in dict.fromkeys((row["period"], row["form"]) for row in rows):
        stated = [row for row in rows if (row["period"], row["form"]) == (period, form)]
        body = {
            "unit": PROVINCE,
            "period": period,
            "form": form,
            "standard": stated[0]["standard"],
            "observations": [_to_observation(row) for row in stated],
        }
        yield Request("/v1/poverty/reports", body)


def _to_observation(row: Row) -> Body:
    """Return an observation; the indicator of a row may name a level of training after a full stop."""
    indicator, _, member = row["indicator"].partition(".")
    dimension = {"dimension": {"training_level": member}} if member else {}
    return {
        "unit": row["unit"],
        "indicator": indicator,
        "value": int(row["value"]),
        "status": row["status"],
        **dimension,
    }


def _list_rural_requests() -> Stages:
    """Return villages, then recognitions by level from the lowest, then products."""

    def to_recognition(row: Row) -> Request:
        body = {
            "unit": row["unit"],
            "level": row["level"],
            "field": row["field"] or None,
            "criteria_set": row["criteria_set"],
            "decision": to_decision(row),
            "year": int(row["year"]),
        }
        return Request("/v1/rural/recognitions", body)

    def to_product(row: Row) -> Request:
        body = {
            "code": row["code"],
            "name": row["name"],
            "unit": row["unit"],
            "owner_kind": row["owner_kind"],
            "group": int(row["group"]),
            "stars": int(row["stars"]),
            "score": float(row["score"]),
            "decision": to_decision(row),
            "potential_five_star": row["potential_five_star"] == "true",
            "grantor": row["grantor"],
        }
        return Request("/v1/rural/ocop/products", body)

    recognitions = read_table("rural_recognitions")
    return [
        _list_live_days("rural"),
        [
            Request("/v1/rural/villages", {key: row[key] for key in ("code", "name", "valid_from")})
            for row in read_table("rural_villages")
        ],
        *(
            [to_recognition(row) for row in recognitions if row["level"] == level]
            for level in ("meets", "advanced", "model")
        ),
        [to_product(row) for row in read_table("rural_ocop_products")],
    ]


def _list_ethnic_requests() -> Stages:
    """Return classifications, the earlier ones (region III) before the later."""

    def to_classification(row: Row) -> Request:
        body = {
            "unit": row["unit"],
            "region": row["region"],
            "specially_difficult": row["specially_difficult"] == "true",
            "decision": to_decision(row),
            "effective_on": row["effective_on"],
        }
        return Request("/v1/ethnic/classifications", body)

    rows = read_table("ethnic_classifications")
    return [
        _list_live_days("ethnic"),
        *([to_classification(row) for row in rows if row["region"] == region] for region in ("III", "I")),
        _list_targets("ethnic"),
    ]


def _list_poverty_requests() -> Stages:
    """Return the day of going live, then the targets."""
    return [_list_live_days("poverty"), _list_targets("poverty")]


def _list_targets(program: str) -> list[Request]:
    """Return the targets of a program: one request for each period, unit and decision."""
    rows: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in read_table("targets"):
        if row["program"] == program:
            key = (row["period"], row["unit"], row["decision_number"], row["decision_date"])
            rows.setdefault(key, []).append(row)
    return [
        Request(
            f"/v1/{program}/targets/{period}/{unit}",
            {
                "decision": to_decision(same[0]),
                "targets": [{"indicator": row["indicator"], "value": float(row["value"])} for row in same],
            },
            method="PUT",
        )
        for (period, unit, _, _), same in rows.items()
    ]


def _list_live_days(program: str) -> list[Request]:
    """Return the statement of the day on which the province goes live in a program."""
    return [Request(f"/v1/{program}/go-lives/{PROVINCE}", {"live_on": LIVE_ON}, method="PUT")]


def _list_funding_requests() -> Stages:
    """Return opening balances, carry-overs, assignments, allocations, then disbursements date by date."""

    def to_entry(kind: str, row: Row) -> Request:
        body: Body = {key: row[key] for key in ("program", "capital", "source", "unit")}
        body["amount_vnd"] = int(row["amount_vnd"])
        body |= {key: int(row[key]) for key in ("year", "from_year", "to_year") if key in row}
        if kind == "disbursements":
            body["voucher"] = {"source": row["voucher_source"], "number": row["voucher_number"]}
            body["effective_on"] = row["effective_on"]
        else:
            body["decision"] = to_decision(row)
        return Request(f"/v1/funding/{kind}", body)

    disbursements = read_table("funding_disbursements")
    return [
        [to_entry("opening-balances", row) for row in read_table("funding_opening_balances")],
        [to_entry("carry-overs", row) for row in read_table("funding_carry_overs")],
        [to_entry("assignments", row) for row in read_table("funding_assignments")],
        [to_entry("allocations", row) for row in read_table("funding_allocations")],
        *(
            [to_entry("disbursements", row) for row in disbursements if row["effective_on"] == date]
            for date in sorted({row["effective_on"] for row in disbursements})
        ),
    ]
