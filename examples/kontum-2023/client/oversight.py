"""The requests of the office of the steering committee: bodies, documents, conferences, inspections, plans."""

from client.requests import Request, Row, Stages, read_table, to_decision

PROVINCE = "62"
PATH = "/v1/oversight"
MILLION = 1_000_000
PLAN_TITLES = {
    "2024": "Kế hoạch thực hiện các CTMTQG năm 2024",
    "2021-2025": "Kế hoạch vốn ngân sách trung ương giai đoạn 2021-2025",
}
OBJECTIVES = {
    "2024": [
        "Giảm tỷ lệ hộ nghèo 4 điểm phần trăm; không để phát sinh tái nghèo",
        "7 xã và 5 thôn ra khỏi địa bàn đặc biệt khó khăn",
        "99,03 % hộ dân tộc thiểu số có đất ở; 98,97 % có đất sản xuất",
        "Công nhận mới 50 sản phẩm OCOP",
    ],
    "2021-2025": [],
}


def list_oversight_requests() -> Stages:
    """Return all records; none names another, so all may be sent in any order."""
    return [
        [
            *map(_to_body, read_table("oversight_bodies")),
            *map(_to_document, read_table("oversight_documents")),
            *map(_to_conference, read_table("oversight_conferences")),
            *map(_to_inspection, read_table("oversight_inspections")),
            *map(_to_campaign, read_table("oversight_campaigns")),
            *map(_to_supervision, read_table("oversight_supervisions")),
            *(_to_plan(period) for period in PLAN_TITLES),
        ]
    ]


def _to_body(row: Row) -> Request:
    body = {
        "unit": row["unit"],
        "kind": row["kind"],
        "name": row["name"],
        "programs": _to_programs(row),
        "founded_by": to_decision(row),
        "established_on": row["decision_date"],
    }
    return Request(f"{PATH}/bodies", body)


def _to_document(row: Row) -> Request:
    body = {
        "unit": PROVINCE,
        "number": row["number"],
        "kind": row["kind"],
        "issuer": row["issuer"],
        "title": row["title"],
        "signed_on": row["signed_on"],
        "normative": row["normative"] == "true",
    }
    return Request(f"{PATH}/documents", body)


def _to_conference(row: Row) -> Request:
    columns = ("level", "convener", "title", "held_on")
    return Request(f"{PATH}/conferences", {"unit": PROVINCE, **{name: row[name] for name in columns}})


def _to_inspection(row: Row) -> Request:
    body = {
        "unit": PROVINCE,
        "title": row["title"],
        "led_by": row["led_by"],
        "founded_by": {"number": row["decision_number"], "date": row["starts_on"]},
        "starts_on": row["starts_on"],
    }
    return Request(f"{PATH}/inspections", body)


def _to_campaign(row: Row) -> Request:
    columns = ("kind", "title", "starts_on")
    return Request(f"{PATH}/campaigns", {"unit": PROVINCE, **{name: row[name] for name in columns}})


def _to_supervision(row: Row) -> Request:
    columns = ("kind", "body", "round", "starts_on")
    body = {"unit": PROVINCE, **{name: row[name] for name in columns}, "programs": _to_programs(row)}
    return Request(f"{PATH}/supervisions", body)


def _to_plan(period: str) -> Request:
    capital = [
        {
            "source": row["source"],
            "program": row["program"] or None,
            "amount_vnd": int(row["amount_million_vnd"]) * MILLION,
        }
        for row in read_table("oversight_plan_capital")
        if row["period"] == period
    ]
    targets = [
        {"program": row["program"], "indicator": row["indicator"]}
        for row in read_table("targets")
        if row["period"] == period
    ]
    body = {
        "unit": PROVINCE,
        "title": PLAN_TITLES[period],
        "objectives": OBJECTIVES[period],
        "targets": targets,
        "period": period,
        "drafted_on": "2024-01-15",
        "owner": "SO_KHDT",
        "capital": capital,
    }
    return Request(f"{PATH}/plans", body)


def list_task_requests(plan_id: str) -> list[Request]:
    """Return the tasks of the plan of 2024."""
    return [
        Request(
            f"{PATH}/tasks",
            {
                "unit": PROVINCE,
                **{name: row[name] for name in ("text", "owner", "starts_on", "due_on")},
                "every": row["every"] or None,
                "product": {"kind": row["product"], "description": row["description"]},
                "plan": plan_id,
            },
        )
        for row in read_table("oversight_plan_tasks")
    ]


def _to_programs(row: Row) -> list[str]:
    return [row["program"]] if row["program"] else []
