"""Bulk submission, and the evidence files of reports."""

import gzip
import hashlib
import io
import json
import zipfile
from collections import Counter
from datetime import date
from random import Random
from typing import Any

import pytest

from shared.kit.resources import get_resources
from shared.reporting.evidence.rules import (
    COMPOUND_FILE,
    CSV,
    HEIC,
    MAX_FILE_BYTES,
    OLD_SPREADSHEET,
    OLD_TEXT_DOCUMENT,
    SPREADSHEET,
    TEXT_DOCUMENT,
    UnsupportedEvidence,
    check_evidence,
)
from shared.reporting.settings import ReportingSettings
from tests.territory.shipped import shipped_territory

PDF = b"%PDF-1.7 a signed paper"
PDF_SHA = hashlib.sha256(PDF).hexdigest()
DISTRICTS = ("608", "610", "611", "612")


def line(unit, jobs, key=None, **more):
    report = {
        "unit": unit,
        "period": "2023",
        "form": "results",
        "observations": [{"unit": unit, "indicator": "jobs", "value": jobs}],
        **more,
    }
    return json.dumps({"idempotency_key": key or f"line-{unit}", "report": report})


async def send(office, lines, units=("62",)):
    headers = {
        "Authorization": f"Bearer {office.token('sender', ['report'], units)}",
        "Content-Type": "application/x-ndjson",
        "Accept-Language": "en",
    }
    return await office.http.post("/v1/poverty/reports/bulk", content="\n".join(lines), headers=headers)


async def test_every_line_has_a_result_and_the_counts_add_up(office):
    lines = [
        line("608", 1),
        line("610", -1),
        "{not json",
        "",
        line("612", 0).replace("0}", "1e99999999999999999999}"),
        line("999", 3),
        line("611", 4, note="x" * 3000),
    ]
    body = (await send(office, lines)).json()
    assert [(line["line"], line["outcome"]) for line in body["lines"]] == [
        (1, "submitted"),
        (2, "refused"),
        (3, "refused"),
        (5, "refused"),
        (6, "refused"),
        (7, "refused"),
    ]
    counts = body["counts"]
    assert counts == {"received": 4, "created": 1, "changed": 0, "unchanged": 0, "refused": 3}
    assert body["lines"][3]["problem"]["code"] == "malformed_request"
    assert body["lines"][1]["problem"]["errors"][0]["code"] == "value_out_of_range"
    assert body["lines"][5]["problem"]["errors"][0]["pointer"] == "/report/note"


async def test_received_is_created_changed_unchanged_and_refused_for_random_lines(office):
    """First reports, corrections, repeats and faults, with the counts of each line and of all lines."""
    random = Random(13)
    live: dict[str, str] = {}
    outcomes: Counter[str] = Counter()
    for round_ in range(8):
        lines, expected = [], 0
        for number in range(6):
            unit = random.choice(DISTRICTS)
            communes = office.communes(unit)[:3]
            cells = [(commune, code) for commune in communes for code in ("households", "poor")]
            chosen = random.sample(cells, random.randint(1, 6))
            values = [
                {
                    "unit": commune,
                    "indicator": code,
                    "value": random.choice([1, 1, 2, -1 if number == 0 else 3]),
                }
                for commune, code in chosen
            ]
            expected += len(values)
            report: dict[str, Any] = {"unit": unit, "period": "2023", "form": "census"}
            report["observations"] = values
            report["supersedes"] = live.get(unit) if random.random() < 0.8 else None
            lines.append(json.dumps({"idempotency_key": f"{round_}-{number}", "report": report}))
        body = (await send(office, lines)).json()
        counts = body["counts"]
        assert counts["received"] == expected
        assert counts["received"] == sum(
            counts[name] for name in ("created", "changed", "unchanged", "refused")
        )
        by_change: Counter[str] = Counter()
        for line in body["lines"]:
            outcomes[line["outcome"]] += 1
            if line["outcome"] == "submitted":
                line_counts = line["report"]["counts"]
                assert (
                    line_counts["received"]
                    == line_counts["created"] + line_counts["changed"] + line_counts["unchanged"]
                )
                by_change.update(line_counts)
                live[line["report"]["unit"]] = line["report"]["id"]
        for name in ("created", "changed"):
            assert counts[name] == by_change[name]
            outcomes[name] += counts[name]
        assert sum(body["reports"].values()) == len(lines)
    assert min(outcomes[name] for name in ("submitted", "refused", "created", "changed")) > 3


async def test_sending_the_same_lines_again_repeats_nothing(office):
    lines = [line(unit, 7) for unit in DISTRICTS]
    first = (await send(office, lines)).json()
    repeat = (await send(office, lines)).json()
    assert [line["outcome"] for line in repeat["lines"]] == ["replayed"] * 4
    assert [line["report"]["id"] for line in repeat["lines"]] == [
        line["report"]["id"] for line in first["lines"]
    ]
    other_keys = (await send(office, [line(unit, 7, key=f"other-{unit}") for unit in DISTRICTS])).json()
    assert other_keys["reports"] == {"unchanged": 4}
    assert len((await office.get("reports", office.reviewer)).json()["items"]) == 4


async def test_a_key_with_another_content_is_refused_on_its_line(office):
    body = (await send(office, [line("608", 1, key="k"), line("608", 2, key="k")])).json()
    assert body["lines"][1]["problem"]["code"] == "idempotency_key_reused"


async def test_lines_take_effect_in_their_order(office):
    districts = [unit.code for unit in shipped_territory().children("62", date(2023, 12, 31))]
    lines = []
    for number, district in enumerate(districts):
        lines += [line(district, number), "{not json", line(district, number, key=f"again-{number}")]
        lines += [
            line(district, number + 1, key=f"other-{number}"),
            line(district, number),
            line(district, -1, key=f"bad-{number}"),
        ]
    body = (await send(office, lines)).json()
    assert [line["line"] for line in body["lines"]] == list(range(1, len(lines) + 1))
    outcomes = ["submitted", "refused", "unchanged", "refused", "replayed", "refused"]
    assert [line["outcome"] for line in body["lines"]] == outcomes * len(districts)
    assert {line["problem"]["code"] for line in body["lines"][3::6]} == {"report_exists"}
    ids = [line["report"]["id"] for line in body["lines"][::6]]
    feed = (await office.get("changes", office.reviewer, limit=200)).json()
    assert [item["subject"] for item in feed["items"]] == [f"reports/{report_id}" for report_id in ids]


@pytest.mark.parametrize("at_once", [False, True], ids=["line by line", "in one piece"])
async def test_lines_before_one_that_is_too_long_are_processed(office, at_once):
    lines = [f"{line(unit, 7)}\n".encode() for unit in DISTRICTS]
    lines += [f"{line('613', 1, note='x' * 5_000_000)}\n".encode(), line("614", 1).encode()]

    async def send_chunks():
        for chunk in [b"".join(lines)] if at_once else lines:
            yield chunk

    headers = {"Authorization": f"Bearer {office.token('sender', ['report'], ['62'])}"}
    answer = await office.http.post("/v1/poverty/reports/bulk", content=send_chunks(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert [line["outcome"] for line in answer.json()["lines"]] == ["submitted"] * len(DISTRICTS)
    assert answer.json()["problem"]["code"] == "body_too_large"
    assert len((await office.get("reports", office.reviewer)).json()["items"]) == len(DISTRICTS)


async def test_a_first_line_that_is_too_long_is_413(office):
    refused = await send(office, [line("613", 1, note="x" * 5_000_000)])
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


async def test_a_line_for_another_district_is_refused(office):
    body = (await send(office, [line("608", 1), line("610", 1)], units=("608",))).json()
    assert [line["outcome"] for line in body["lines"]] == ["submitted", "refused"]
    assert body["lines"][1]["problem"]["code"] == "unit_not_granted"


async def keep(office, content=PDF, sha256=PDF_SHA, kind="application/pdf", token=None, **more):
    headers = {
        "Authorization": f"Bearer {token or office.district('610')}",
        "Content-Type": kind,
        "Accept-Language": "en",
        **more,
    }
    return await office.http.put(f"/v1/poverty/evidence/{sha256}", content=content, headers=headers)


async def test_a_report_names_its_evidence_by_hash(office):
    ref = {"sha256": PDF_SHA, "kind": "signed_document"}
    early = await office.submit("610", "2023", "results", [("610", "jobs", 5)], evidence=[ref])
    assert early.json()["errors"][0]["pointer"] == "/evidence/0/sha256"
    first = await keep(office)
    office.clock.move(days=1)
    repeat = await keep(office)
    assert (first.status_code, repeat.status_code) == (201, 200)
    assert repeat.json() == first.json()
    report = await office.submit("610", "2023", "results", [("610", "jobs", 5)], evidence=[ref])
    assert report.status_code == 201
    whole = (await office.get(f"reports/{report.json()['id']}", office.reviewer)).json()
    assert whole["evidence"] == [ref]
    read = await office.get(f"evidence/{PDF_SHA}", office.reviewer)
    assert (read.content, read.headers["content-disposition"]) == (PDF, "attachment")


async def test_evidence_has_the_stated_type_and_hash_and_no_name(office):
    assert (await keep(office, b"<html>", hashlib.sha256(b"<html>").hexdigest())).json()[
        "code"
    ] == "evidence_type"
    assert (await keep(office, kind="text/html")).status_code == 415
    assert (await keep(office, PDF + b"!")).json()["code"] == "evidence_mismatch"
    scan = await keep(office, **{"Content-Disposition": "attachment; filename*=UTF-8''nguyen-van-a.pdf"})
    assert (scan.status_code, scan.json()["code"]) == (422, "evidence_named")
    assert (await office.get(f"evidence/{PDF_SHA}", office.reviewer)).status_code == 404
    large = PDF + b" " * MAX_FILE_BYTES
    refused = await keep(office, large, hashlib.sha256(large).hexdigest())
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert refused.json()["limit_bytes"] == MAX_FILE_BYTES
    whole = large[:MAX_FILE_BYTES]
    assert (await keep(office, whole, hashlib.sha256(whole).hexdigest())).status_code == 201
    named = {"sha256": PDF_SHA, "kind": "signed_document", "name": "Nguyen Van A.pdf"}
    answer = await office.submit("610", "2023", "results", [("610", "jobs", 5)], evidence=[named])
    assert answer.json()["errors"][0]["code"] == "personal_data"


def make_archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return stream.getvalue()


def make_compound_file(*streams):
    return COMPOUND_FILE + b"".join(f"{stream}\0".encode("utf-16-le") for stream in streams)


def make_photo(*brands):
    return (
        (16 + 4 * (len(brands) - 1)).to_bytes(4, "big")
        + b"ftyp"
        + brands[0]
        + bytes(4)
        + b"".join(brands[1:])
    )


GOOD_FILES = [
    (SPREADSHEET, make_archive("[Content_Types].xml", "xl/workbook.xml")),
    (TEXT_DOCUMENT, make_archive("[Content_Types].xml", "word/document.xml")),
    (OLD_SPREADSHEET, make_compound_file("Workbook")),
    (OLD_TEXT_DOCUMENT, make_compound_file("WordDocument")),
    (CSV, "xã;hộ\r\nĐăk Pét;5\r\n".encode()),
    (HEIC, make_photo(b"heic", b"mif1") + b"x" * 50),
    (HEIC, make_photo(b"mif1", b"heic") + b"x" * 50),
]
WRONG_FILES = [
    (SPREADSHEET, make_archive("word/document.xml")),
    (SPREADSHEET, make_archive("xl/workbook.xml", "xl/vbaProject.bin")),
    (SPREADSHEET, make_archive("xl/workbook.xml", *map(str, range(2001)))),
    (TEXT_DOCUMENT, b"PK\x03\x04 and nothing more"),
    (OLD_SPREADSHEET, make_compound_file("WordDocument")),
    (OLD_TEXT_DOCUMENT, make_compound_file("WordDocument", "_VBA_PROJECT")),
    (OLD_TEXT_DOCUMENT, "WordDocument\0".encode("utf-16-le")),
    (CSV, b"a,b\n\xff"),
    (CSV, b"a,b\n\x00"),
    (CSV, b"<html>"),
    (HEIC, make_photo(b"mif1", b"avif") + b"x" * 50),
    (HEIC, make_photo(b"mp42", b"heic")),
    (HEIC, b"\xff\xff\xff\xffftypheic"),
    ("application/zip", make_archive("xl/workbook.xml")),
]


def test_each_kind_of_file_is_known_by_its_content():
    for media_type, content in GOOD_FILES:
        check_evidence(hashlib.sha256(content).hexdigest(), media_type, "", content)
    for media_type, content in WRONG_FILES:
        with pytest.raises(UnsupportedEvidence):
            check_evidence(hashlib.sha256(content).hexdigest(), media_type, "", content)


async def test_the_files_of_a_client_have_a_quota_and_their_coding_is_looked_through(office, monkeypatch):
    settings = get_resources(office.app).get(ReportingSettings)
    kept = PDF + b"x" * 5000
    monkeypatch.setitem(settings.__dict__, "evidence_quota_bytes", len(kept) + len(PDF) - 1)
    packed = gzip.compress(kept)
    first = await keep(office, packed, hashlib.sha256(kept).hexdigest(), **{"Content-Encoding": "gzip"})
    assert (first.status_code, first.json()["size_bytes"]) == (201, len(kept))
    refused = await keep(office)
    assert (refused.status_code, refused.json()["code"]) == (413, "evidence_quota_exceeded")
    assert refused.json()["used_bytes"] == len(kept)
    assert (await keep(office, kept, hashlib.sha256(kept).hexdigest())).status_code == 200
    assert (await keep(office, token=office.district("611"))).status_code == 201
    assert (await keep(office)).status_code == 200  # it is kept already and takes no room
    script = gzip.compress(b"<html>")
    refused = await keep(
        office, script, hashlib.sha256(b"<html>").hexdigest(), **{"Content-Encoding": "gzip"}
    )
    assert (refused.status_code, refused.json()["code"]) == (415, "evidence_type")


async def test_evidence_is_not_public(office):
    await keep(office)
    assert (await office.get(f"evidence/{PDF_SHA}")).status_code == 401
    assert (await office.get(f"evidence/{PDF_SHA}", office.district("611"))).status_code == 404
    assert (await office.get(f"evidence/{PDF_SHA}", office.district("610"))).status_code == 200


async def reads(office, *tokens):
    return [(await office.get(f"evidence/{PDF_SHA}", token)).status_code == 200 for token in tokens]


async def test_every_client_that_sent_a_file_reads_it(office):
    first, second, other = (office.district(code) for code in ("610", "611", "608"))
    for token in (first, second, second, first):
        assert (await keep(office, token=token)).status_code in {200, 201}
    assert await reads(office, first, second, other, office.reviewer) == [True, True, False, True]


async def test_every_client_that_sees_a_report_reads_its_files(office):
    def reporter(name, unit):
        return office.token(name, ["report"], [unit])

    ref = {"sha256": PDF_SHA, "kind": "signed_document"}
    await keep(office)
    colleague, province = reporter("colleague", "610"), reporter("province", "62")
    commune = reporter("commune", office.communes("610")[0])
    assert await reads(office, colleague, province) == [False, False]
    assert (
        await office.submit("610", "2023", "results", [("610", "jobs", 5)], evidence=[ref])
    ).status_code == 201
    assert await reads(office, colleague, province, commune, office.district("611")) == [
        True,
        True,
        False,
        False,
    ]


async def test_naming_the_hash_of_a_file_gives_no_access_to_it(office):
    ref = {"sha256": PDF_SHA, "kind": "signed_document"}
    await keep(office)
    named = await office.submit("611", "2023", "results", [("611", "jobs", 5)], evidence=[ref])
    assert named.status_code == 201
    stranger, colleague = office.district("611"), office.token("colleague", ["report"], ["611"])
    assert await reads(office, stranger, colleague) == [False, False]
    assert (await keep(office, token=stranger)).status_code == 200
    assert await reads(office, stranger, colleague) == [True, True]


async def test_a_key_that_is_no_string_is_refused_on_its_line(office):
    body = (await send(office, ['{"idempotency_key": 5, "report": {}}', line("608", 1)])).json()
    assert [line["outcome"] for line in body["lines"]] == ["refused", "submitted"]
    assert body["lines"][0]["idempotency_key"] is None


async def test_not_all_of_thousands_of_faults_are_shown(office):
    faulty = json.dumps({"idempotency_key": "k", "report": {"unit": "608", "observations": [{}] * 600}})
    body = (await send(office, [faulty] * 4)).json()
    errors_by_line = [line["problem"]["errors"] for line in body["lines"]]
    assert [len(errors) for errors in errors_by_line][-1] == 4
    assert errors_by_line[-1][-1]["code"] == "more_faults"
    assert body["counts"]["refused"] == 2400
