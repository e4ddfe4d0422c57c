"""What each client posts: districts their reports, agencies their registers and targets, finance the ledger.

All of them work side by side; each keeps to the order that its own statements need. Reviewers read every report and
accept exactly what they read.
"""

import asyncio
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.door import Caller
from client.progress import Progress

DATA = Path(__file__).parents[1] / "data"
PERIOD = "2023"
PROVINCE = "62"
AT_ONCE = 4
"""Requests that one agency has under way: enough to keep a service busy, few enough for a small machine."""

FORMS = (
    ("poverty", "annual_review", "poverty_annual_review"),
    ("poverty", "annual_results", "poverty_annual_results"),
    ("ethnic", "annual_land", "ethnic_annual_land"),
    ("rural", "criteria_assessment", "rural_criteria_assessment"),
)
"""Program, form, table."""

Row = dict[str, str]
Body = dict[str, Any]
Callers = Mapping[str, Caller]


@dataclass(frozen=True)
class Statement:
    """One thing to post."""

    path: str
    body: Body
    method: str = "POST"


def read(table: str) -> list[Row]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def districts() -> dict[str, str]:
    return {row["code"]: row["name"] for row in read("districts")}


async def post_everything(callers: Callers, show: Callable[[int], Progress]) -> Progress:
    """Post and accept the whole year; `show` makes a progress bar for a number of steps."""
    reports = {code: list(_reports(code)) for code in districts()}
    stages = {
        "agency-rural": _rural(),
        "agency-ethnic": _ethnic(),
        "agency-poverty": _poverty(),
        "finance": _money(),
    }
    steps = 2 * sum(map(len, reports.values())) + sum(len(stage) for of in stages.values() for stage in of)
    progress = show(steps)
    try:
        async with asyncio.TaskGroup() as side_by_side:
            for code, of_district in reports.items():
                side_by_side.create_task(_report(callers, f"district-{code}", of_district, progress))
            for client_id, of_client in stages.items():
                side_by_side.create_task(_in_stages(callers[client_id], of_client, progress))
    finally:
        progress.close()
    return progress


async def _report(callers: Callers, client_id: str, reports: Sequence[Statement], progress: Progress) -> None:
    for report in reports:
        submitted = await callers[client_id].post(report.path, report.body)
        progress.advance(f"{client_id} {report.body['form']}", replayed=submitted.replayed)
        program = report.path.split("/")[2]
        accepted_before = await _accept(
            callers[f"reviewer-{program}"], f"{report.path}/{submitted.body['id']}"
        )
        progress.advance(f"reviewer-{program} {report.body['unit']}", replayed=accepted_before)


async def _accept(reviewer: Caller, report: str) -> bool:
    """Accept what was read; tells whether it was accepted before."""
    read_report = await reviewer.get(report)
    if read_report["state"] == "accepted":
        return True
    answer = await reviewer.post(f"{report}/accept", {"content_sha256": read_report["content_sha256"]})
    return answer.replayed


async def _in_stages(caller: Caller, stages: Sequence[Sequence[Statement]], progress: Progress) -> None:
    """Post stage after stage; within one, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def post(statement: Statement) -> None:
        async with room:
            progress.advance(f"{caller.client_id} {statement.path}", replayed=await _state(caller, statement))

    for stage in stages:
        async with asyncio.TaskGroup() as together:
            for statement in stage:
                together.create_task(post(statement))


async def _state(caller: Caller, statement: Statement) -> bool:
    """Post or put; tells whether it was there before."""
    if statement.method == "POST":
        return (await caller.post(statement.path, statement.body)).replayed
    if await _is_in_force(caller, statement):
        return True
    await caller.put(statement.path, statement.body)
    return False


async def _is_in_force(planner: Caller, targets: Statement) -> bool:
    """Whether the targets stand as they are about to be put."""
    path, period, unit = targets.path.rsplit("/", 2)
    standing = await planner.get(f"{path}?period={period}&unit={unit}")
    decided = {
        (row["indicator"], row["value"], row["decision_number"], row["decision_date"])
        for row in standing["items"]
    }
    decision = targets.body["decision"]
    return all(
        (target["indicator"], target["value"], decision["number"], decision["date"]) in decided
        for target in targets.body["targets"]
    )


def _reports(district: str) -> Iterator[Statement]:
    for program, form, table in FORMS:
        observations = [
            {
                "unit": row["unit"],
                "indicator": row["indicator"],
                "value": int(row["value"]),
                "status": row["status"],
            }
            for row in read(table)
            if row["district"] == district
        ]
        body = {"unit": district, "period": PERIOD, "form": form, "observations": observations}
        yield Statement(f"/v1/{program}/reports", body)


def _decision(row: Row) -> Body:
    return {"number": row["decision_number"], "date": row["decision_date"]}


def _rural() -> list[list[Statement]]:
    """Villages, then recognitions level by level and oldest first, then products."""

    def recognition(row: Row) -> Statement:
        body = {
            "unit": row["unit"],
            "level": row["level"],
            "field": row["field"] or None,
            "criteria_set": row["criteria_set"],
            "decision": _decision(row),
            "year": int(row["year"]),
        }
        return Statement("/v1/rural/recognitions", body)

    def product(row: Row) -> Statement:
        body = {
            "code": row["code"],
            "name": row["name"],
            "unit": row["unit"],
            "owner_kind": row["owner_kind"],
            "group": int(row["group"]),
            "stars": int(row["stars"]),
            "score": float(row["score"]),
            "decision": _decision(row),
            "potential_five_star": row["potential_five_star"] == "true",
            "grantor": row["grantor"],
        }
        return Statement("/v1/rural/ocop/products", body)

    recognitions = read("rural_recognitions")
    return [
        [
            Statement("/v1/rural/villages", {key: row[key] for key in ("code", "name", "valid_from")})
            for row in read("rural_villages")
        ],
        *(
            [recognition(row) for row in recognitions if row["level"] == level]
            for level in ("meets", "advanced", "model")
        ),
        [product(row) for row in read("rural_ocop_products")],
    ]


def _ethnic() -> list[list[Statement]]:
    """Classifications, the earlier before the later."""

    def classification(row: Row) -> Statement:
        body = {
            "unit": row["unit"],
            "region": row["region"],
            "specially_difficult": row["specially_difficult"] == "true",
            "decision": _decision(row),
            "effective_on": row["effective_on"],
        }
        return Statement("/v1/ethnic/classifications", body)

    rows = read("ethnic_classifications")
    return [[classification(row) for row in rows if row["region"] == region] for region in ("III", "I")]


def _poverty() -> list[list[Statement]]:
    return [
        [
            Statement(
                f"/v1/poverty/targets/{row['period']}/{row['unit']}",
                {
                    "decision": _decision(row),
                    "targets": [{"indicator": row["indicator"], "value": int(row["value"])}],
                },
                method="PUT",
            )
            for row in read("targets")
        ]
    ]


def _money() -> list[list[Statement]]:
    """What was left, what was carried over, what was allocated; then payments, quarter by quarter."""

    def entry(kind: str, row: Row) -> Statement:
        body: Body = {key: row[key] for key in ("program", "capital", "source", "unit")}
        body["amount_vnd"] = int(row["amount_vnd"])
        body |= {key: int(row[key]) for key in ("year", "from_year", "to_year") if key in row}
        if kind == "disbursements":
            body["voucher"] = {"source": row["voucher_source"], "number": row["voucher_number"]}
            body["effective_on"] = row["effective_on"]
        else:
            body["decision"] = _decision(row)
        return Statement(f"/v1/funding/{kind}", body)

    payments = read("funding_disbursements")
    return [
        [entry("opening-balances", row) for row in read("funding_opening_balances")],
        [entry("carry-overs", row) for row in read("funding_carry_overs")],
        [entry("allocations", row) for row in read("funding_allocations")],
        *(
            [entry("disbursements", row) for row in payments if row["effective_on"] == day]
            for day in sorted({row["effective_on"] for row in payments})
        ),
    ]
