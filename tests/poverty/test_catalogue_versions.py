"""The catalogue is replaced by an administrator's call or by a file: a program of 2026 without a line of code."""

import copy
import json
import tomllib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.poverty.app import create_app
from services.poverty.settings import PovertySettings
from shared.kit.resources import get_resources
from shared.reporting.catalogue.versions import find_row_changes, to_plain
from shared.reporting.catalogue_versions.current import CurrentCatalogue
from tests.in_process import open_client
from tests.issuer import Issuer
from tests.program_clients import Clients

SHIPPED = Path(__file__).parents[2] / "services" / "poverty" / "catalogue.toml"
NOW = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
UNIT = "51"
COMMUNE = "23293"
DECISION = {"number": "12/QĐ-UBND", "date": "2026-01-05"}
BASIS = {"legal_basis": "NĐ 99/2026/NĐ-CP (made up)", "confidence": "made up", "valid_from": "2026-01-01"}
OF_2026: dict[str, dict[str, Any]] = {
    "standard": {
        "code": "made_up_2026",
        "label": {"vi": "Chuẩn 2026", "en": "Standard of 2026"},
        "forms": ["annual_review"],
        **BASIS,
    },
    "form": {
        "code": "quarterly_jobs_abroad",
        "label": {"vi": "Lao động đi nước ngoài", "en": "Workers abroad"},
        "periods": ["quarter"],
        "owed_by": "commune",
        "due": [{"days_after_end": 10, "clause": "Điều 1", "confidence": "made up", "valid_from": "2026-01-01"}],
        **BASIS,
    },
    "dimension": {
        "code": "level",
        "label": {"vi": "Trình độ", "en": "Level"},
        "member": [
            {"code": "college", "label": {"vi": "cao đẳng", "en": "college"}, "valid_from": "2026-01-01"},
            {"code": "basic", "label": {"vi": "sơ cấp", "en": "basic"}, "valid_from": "2026-01-01"},
        ],
        **BASIS,
    },
    "identity": {
        "kind": "sum_equals_total",
        "indicator": "workers_abroad_by_level",
        "total": "workers_abroad",
        **BASIS,
    },
    "figure": {
        "code": "workers_abroad_college_share",
        "label": {"vi": "Tỷ lệ cao đẳng", "en": "Share of college"},
        "kind": "ratio",
        "numerator": ["workers_abroad_by_level.college"],
        "denominator": ["workers_abroad"],
        "unit_of_measure": "percent",
        "decimals": 1,
        "definition": {"vi": "Cao đẳng chia tổng số.", "en": "College by all."},
        "legal_basis": "made up",
        "valid_from": "2026-01-01",
        "break": [{"on": "2026-07-01", "note": {"vi": "Cách đếm mới", "en": "Counted anew"}}],
    },
}  # fmt: skip
INDICATORS: list[dict[str, Any]] = [
    {
        "code": code,
        "label": {"vi": code, "en": code},
        "form": "quarterly_jobs_abroad",
        "unit_of_measure": "workers",
        "level": "commune",
        "flow": True,
        "legal_basis": "made up",
        "valid_from": "2026-01-01",
        **more,
    }
    for code, more in (("workers_abroad", {}), ("workers_abroad_by_level", {"dimension": "level"}))
]


@asynccontextmanager
async def open_clients(database, **settings):
    issuer = Issuer()
    fields = {"catalogue_poll_seconds": 3600, "database_url": database.url("poverty"), **settings}
    app = issuer.trust(create_app(PovertySettings(**fields), clock=lambda: NOW))
    async with open_client(app) as http:
        yield Clients(http, issuer, "poverty", NOW)


@pytest.fixture
async def clients(database):
    async with open_clients(database) as opened:
        yield opened


def read_shipped():
    return to_plain(tomllib.loads(SHIPPED.read_text(encoding="utf-8"), parse_float=Decimal))


def with_rows_of_2026(tables):
    changed = copy.deepcopy(tables)
    for table, row in OF_2026.items():
        changed.setdefault(table, []).append(row)
    changed["indicator"] += INDICATORS
    return changed


async def read_catalogue(clients):
    answer = await clients.http.get("/v1/poverty/catalogue")
    assert answer.status_code == 200, answer.text
    return answer.json()["tables"], answer.headers["etag"]


async def replace(clients, tables, tag, *, scopes=("admin",), units=(UNIT,), **params):
    headers = {**clients.make_headers(*scopes, units=units), **({"If-Match": tag} if tag else {})}
    body = {"decision": DECISION, "tables": tables}
    return await clients.http.put("/v1/poverty/catalogue", json=body, headers=headers, params=params)


async def submit(clients, form, rows, period, **more):
    body = {"unit": COMMUNE, "period": period, "form": form, "observations": rows, **more}
    headers = clients.make_headers("report", units=(UNIT,), client_id="commune")
    return await clients.http.post("/v1/poverty/reports", json=body, headers=headers)


async def accept(clients, form, rows, period):
    answer = await submit(clients, form, rows, period)
    assert answer.status_code == 201, answer.text
    seen = {"content_sha256": answer.json()["content_sha256"]}
    headers = clients.make_headers("review", units=(UNIT,), client_id="reviewer")
    address = f"/v1/poverty/reports/{answer.json()['id']}/accept"
    verdict = await clients.http.post(address, json=seen, headers=headers)
    assert verdict.status_code == 200, verdict.text
    return answer.json()


def to_rows(college, basic, total):
    rows = [{"unit": COMMUNE, "indicator": "workers_abroad", "value": total}]
    by_level = {"college": college, "basic": basic}
    return rows + [
        {
            "unit": COMMUNE,
            "indicator": "workers_abroad_by_level",
            "dimension": {"level": level},
            "value": value,
        }
        for level, value in by_level.items()
    ]


async def test_a_standard_form_indicator_dimension_and_break_of_2026_need_no_code(clients):
    before = await clients.read_figures("2025", UNIT)
    assert before["poverty_rate"]["catalogue_version"].startswith("0-")
    tables, tag = await read_catalogue(clients)
    checked = await replace(clients, with_rows_of_2026(tables), tag, dry_run=True)
    assert checked.status_code == 200, checked.text
    plan = checked.json()
    assert (plan["state"], plan["version"]) == ("checked", None)
    added = {(row["table"], row["code"], row["change"]) for row in plan["rows"]}
    assert added == {
        *((table, row.get("code", "workers_abroad_by_level/workers_abroad"), "added") for table, row in OF_2026.items()),
        *(("indicator", row["code"], "added") for row in INDICATORS),
    }  # fmt: skip
    figures = {row["figure"]: row["change"] for row in plan["figures"]}
    assert figures["workers_abroad_college_share"] == figures["workers_abroad_by_level.basic"] == "added"
    assert figures["poverty_rate"] == "changed"
    assert "jobs_created" not in figures
    assert (await read_catalogue(clients))[1] == tag

    replaced = await replace(clients, with_rows_of_2026(tables), tag)
    assert (replaced.status_code, replaced.json()["state"]) == (200, "replaced"), replaced.text
    version = replaced.json()["version"]
    assert version.startswith("1-")
    assert replaced.json()["figures"] == plan["figures"]

    await accept(clients, "quarterly_jobs_abroad", to_rows(3, 5, 8), "2026-Q1")
    await accept(clients, "quarterly_jobs_abroad", to_rows(1, 1, 2), "2026-Q3")
    refused = await submit(clients, "quarterly_jobs_abroad", to_rows(3, 5, 9), "2026-Q2")
    assert [fault["code"] for fault in refused.json()["errors"]] == ["members_not_total"]
    of_year = await clients.read_figures("2026", UNIT)
    share = of_year["workers_abroad_college_share"]
    assert (share["numerator"], share["denominator"], share["value"]) == (4, 10, 40)
    assert (share["catalogue_version"], share["comparable_from"]) == (version, "2026-07-01")
    assert of_year["workers_abroad"]["value"] == 10
    poor = [{"unit": COMMUNE, "indicator": code, "value": value} for code, value in (("poor_households", 3), ("households", 60))]  # fmt: skip
    report = await accept(clients, "annual_review", poor, "2026")
    assert report["standard"] == "made_up_2026"
    rate = (await clients.read_figures("2026", UNIT))["poverty_rate"]
    assert (rate["value"], rate["standard"], rate["comparable_from"]) == (5, "made_up_2026", "2026-01-01")
    owed = await clients.get("completeness", period="2026-Q1", unit=UNIT)
    assert {row["form"] for row in owed["items"]} >= {"quarterly_jobs_abroad"}
    entry = await clients.get("indicators/workers_abroad_by_level")
    assert [member["code"] for member in entry["dimension"]["members"]] == ["college", "basic"]


async def test_each_version_is_kept_and_listed(clients):
    tables, tag = await read_catalogue(clients)
    first = await replace(clients, with_rows_of_2026(tables), tag)
    again = copy.deepcopy(with_rows_of_2026(tables))
    again["figure"][-1]["decimals"] = 2
    second = await replace(clients, again, first.headers["etag"])
    assert second.status_code == 200, second.text
    assert [(row["code"], row["change"]) for row in second.json()["rows"]] == [
        ("workers_abroad_college_share", "changed")
    ]
    assert second.json()["replaces"] == first.json()["version"]
    same = await replace(clients, again, second.headers["etag"])
    assert (same.status_code, same.json()["state"], same.json()["rows"]) == (200, "unchanged", [])
    listed = (await clients.get("catalogue/versions"))["items"]
    assert [(row["number"], row["decision_number"], row["client_id"]) for row in listed] == [
        (2, "12/QĐ-UBND", "agency"),
        (1, "12/QĐ-UBND", "agency"),
    ]
    assert [row["version"] for row in listed] == [second.json()["version"], first.json()["version"]]
    kept = await clients.get("catalogue/versions/1")
    assert kept["tables"]["figure"][-1]["decimals"] == 1
    missing = await clients.http.get("/v1/poverty/catalogue/versions/9")
    assert (missing.status_code, missing.json()["code"]) == (404, "catalogue_version_not_found")
    feed = await clients.http.get("/v1/poverty/changes", headers=clients.make_headers("read", units=(UNIT,)))
    assert [event["type"] for event in feed.json()["items"]] == ["catalogue.replaced"] * 2


async def test_only_an_administrator_who_saw_the_version_in_use_replaces_it(clients):
    tables, tag = await read_catalogue(clients)
    changed = with_rows_of_2026(tables)
    assert (await replace(clients, changed, tag, scopes=("review", "target"))).status_code == 403
    assert (await clients.http.put("/v1/poverty/catalogue", json={})).status_code == 401
    assert (await replace(clients, changed, None)).status_code == 428
    assert (await replace(clients, changed, '"7-00000000"')).status_code == 412
    assert (await replace(clients, changed, tag)).status_code == 200
    assert (await replace(clients, tables, tag)).status_code == 412


FAULTS = {
    "an unknown table": (lambda tables: tables.update(nothing=[]), "/tables/nothing", "unknown_field"),
    "an unknown field": (lambda tables: tables["indicator"][0].update(nothing=1), "/tables", "catalogue_faulty"),
    "an unknown kind of formula": (lambda tables: tables["figure"][0].update(kind="script"), "/tables", "catalogue_faulty"),
    "an unknown rule": (
        lambda tables: tables["figure"].append({**OF_2026["figure"], "kind": "count", "inputs": ["households"], "rule": "os.system"}),
        "/tables",
        "catalogue_faulty",
    ),
    "an unknown form": (lambda tables: tables["indicator"][0].update(form="nothing"), "/tables", "catalogue_faulty"),
    "a standard of an unknown form": (
        lambda tables: tables["standard"][0].update(forms=["nothing"]), "/tables", "catalogue_faulty"
    ),
    "a figure from nothing": (
        lambda tables: tables["figure"][0].update(terms=["nothing"]), "/tables", "catalogue_faulty"
    ),
    "no day": (lambda tables: tables["form"][0].update(valid_from="soon"), "/tables", "catalogue_faulty"),
    "another program": (lambda tables: tables.update(program="rural"), "/tables/program", "catalogue_of_other_program"),
    "no form": (lambda tables: tables.pop("form"), "/tables/form", "missing"),
    "rows that are no rows": (lambda tables: tables.update(form=[5]), "/tables/form/0", "not_an_object"),
    "a code that is no text": (lambda tables: tables["form"][0].update(code={"a": 1}), "/tables", "catalogue_faulty"),
    "too many decimals": (lambda tables: tables["indicator"][0].update(decimals=99), "/tables", "catalogue_faulty"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_faulty_catalogue_is_refused_and_nothing_changes(clients, fault):
    tables, tag = await read_catalogue(clients)
    spoil, pointer, code = FAULTS[fault]
    changed = with_rows_of_2026(tables)
    spoil(changed)
    answer = await replace(clients, changed, tag)
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(row["pointer"], row["code"]) for row in answer.json()["errors"]}, answer.text
    assert (await read_catalogue(clients))[1] == tag


async def test_every_fault_of_a_catalogue_is_named_at_once(clients):
    tables, tag = await read_catalogue(clients)
    for row in tables["indicator"][:3]:
        row["level"] = "planet"
    answer = await replace(clients, tables, tag)
    details = [row["detail"] for row in answer.json()["errors"]]
    assert len(details) == 3
    assert all(row["code"] in detail for row, detail in zip(tables["indicator"], details, strict=False))


async def test_rows_that_reports_use_are_not_removed(clients):
    tables, tag = await read_catalogue(clients)
    changed = with_rows_of_2026(tables)
    tag = (await replace(clients, changed, tag)).headers["etag"]
    await accept(clients, "quarterly_jobs_abroad", to_rows(3, 5, 8), "2026-Q1")
    for remove, code in (
        ("form", "quarterly_jobs_abroad"),
        ("indicator", "workers_abroad_by_level"),
        ("dimension", "workers_abroad_by_level.basic"),
    ):
        without = copy.deepcopy(changed)
        if remove == "form":
            without = tables
        elif remove == "indicator":
            without["indicator"] = [row for row in changed["indicator"] if row["code"] != code]
            without["identity"], without["figure"] = [], changed["figure"][:-1]
        else:
            without["dimension"][-1]["member"] = without["dimension"][-1]["member"][:1]
        refused = await replace(clients, without, tag)
        assert (refused.status_code, refused.json()["code"]) == (409, "catalogue_in_use"), refused.text
        assert code in {row["code"] for row in refused.json()["rows"]} or remove == "indicator"
    covering = copy.deepcopy(changed)
    covering["standard"].append({**OF_2026["standard"], "code": "later", "forms": ["quarterly_jobs_abroad"]})
    refused = await replace(clients, covering, tag)
    assert (refused.status_code, refused.json()["code"]) == (409, "catalogue_in_use")
    ended = copy.deepcopy(changed)
    ended["form"][-1]["valid_to"] = "2026-12-31"
    assert (await replace(clients, ended, tag)).status_code == 200


async def test_a_figure_that_a_target_names_is_not_removed(clients):
    tables, tag = await read_catalogue(clients)
    changed = with_rows_of_2026(tables)
    tag = (await replace(clients, changed, tag)).headers["etag"]
    figure = OF_2026["figure"]["code"]
    body = {"decision": DECISION, "targets": [{"indicator": figure, "value": 40}]}
    headers = clients.make_headers("target", units=(UNIT,))
    planned = await clients.http.put(f"/v1/poverty/targets/2026/{UNIT}", json=body, headers=headers)
    assert planned.status_code == 200, planned.text
    refused = await replace(clients, {**changed, "figure": changed["figure"][:-1]}, tag, dry_run=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "catalogue_in_use"), refused.text
    assert refused.json()["rows"] == [{"table": "figure", "code": figure}]


def test_rows_without_a_code_are_told_apart_by_all_their_columns():
    rule = {"dimension": "ethnic_group", "minimum_persons": 10_000, **BASIS}
    other = {**rule, "dimension": "level"}
    added = find_row_changes({"withholding": [rule]}, {"withholding": [rule, other]})
    assert [(row.table, row.change, "dimension=level" in row.code) for row in added] == [
        ("withholding", "added", True)
    ]
    raised = find_row_changes({"withholding": [rule]}, {"withholding": [{**rule, "minimum_persons": 5}]})
    assert {(row.change, "None" in row.code) for row in raised} == {("added", False), ("removed", False)}


async def test_another_process_follows_and_a_later_start_reads_the_version(clients, database):
    async with open_clients(database) as other:
        tables, tag = await read_catalogue(clients)
        version = (await replace(clients, with_rows_of_2026(tables), tag)).json()["version"]
        resources = get_resources(other.http.app)
        assert (await read_catalogue(other))[1] == tag
        await resources.get(CurrentCatalogue).follow(resources)
        assert (await read_catalogue(other))[1] == f'"{version}"'
    async with open_clients(database) as later:
        assert (await read_catalogue(later))[1] == f'"{version}"'


async def test_sums_are_made_anew_where_a_version_adds_up_otherwise(clients):
    poor = [{"unit": COMMUNE, "indicator": "poor_households", "value": 3}]
    await accept(clients, "annual_review", poor, "2025")
    tables, tag = await read_catalogue(clients)
    changed = copy.deepcopy(tables)
    average = {
        **{key: OF_2026["figure"][key] for key in ("unit_of_measure", "definition", "legal_basis")},
        "code": "poor_households_on_average",
        "label": {"vi": "Trung bình", "en": "Average"},
        "kind": "average",
        "terms": ["poor_households", "households"],
        "valid_from": "2016-01-01",
    }
    changed["figure"].append(average)
    households = [{"unit": COMMUNE, "indicator": "households", "value": 60}]
    address = "/v1/poverty/reports"
    listed = await clients.http.get(address, headers=clients.make_headers("read", units=(UNIT,)))
    (report,) = listed.json()["items"]
    body = {
        "unit": COMMUNE,
        "period": "2025",
        "form": "annual_review",
        "observations": poor + households,
        "supersedes": report["id"],
    }
    headers = clients.make_headers("report", units=(UNIT,), client_id="commune")
    corrected = (await clients.http.post(address, json=body, headers=headers)).json()
    headers = clients.make_headers("review", units=(UNIT,), client_id="reviewer")
    seen = {"content_sha256": corrected["content_sha256"]}
    await clients.http.post(f"{address}/{corrected['id']}/accept", json=seen, headers=headers)
    assert (await replace(clients, changed, tag)).status_code == 200
    figure = (await clients.read_figures("2025", UNIT))["poor_households_on_average"]
    assert (figure["value"], figure["denominator"]) == (63, 1)


def write_file(path, tables):
    """Write a catalogue as a file; JSON texts and lists of tables are TOML once names stand before them."""
    lines = [f'program = "{tables["program"]}"']
    for table, rows in tables.items():
        for row in rows if isinstance(rows, list) else ():
            lines += [f"[[{table}]]", *(f"{name} = {to_toml(value)}" for name, value in row.items())]
    path.write_text("\n".join(lines), encoding="utf-8")


def to_toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {to_toml(member)}" for name, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


async def test_a_file_of_the_installation_replaces_the_shipped_one_and_is_a_version_once(database, tmp_path):
    path = tmp_path / "catalogue.toml"
    write_file(path, with_rows_of_2026(read_shipped()))
    for _ in range(2):
        async with open_clients(database, catalogue_file=path) as clients:
            await accept_nothing_and_read(clients)
            listed = (await clients.get("catalogue/versions"))["items"]
            assert [(row["number"], row["client_id"]) for row in listed] == [(1, None)]
            figures = await clients.read_figures("2026", UNIT)
            assert figures["workers_abroad"]["catalogue_version"] == listed[0]["version"]


async def accept_nothing_and_read(clients):
    answer = await submit(clients, "quarterly_jobs_abroad", to_rows(1, 1, 2), "2026-Q1")
    assert answer.status_code in (200, 201), answer.text


async def test_a_faulty_file_stops_the_start(database, tmp_path):
    path = tmp_path / "catalogue.toml"
    path.write_text('program = "poverty"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="form"):
        create_app(PovertySettings(database_url=database.url("poverty"), catalogue_file=path))
