"""Templates of offices: a Word file is checked, dated and kept, and its own layout is filled."""

from datetime import UTC, datetime
from typing import Any

import httpx

from services.papers.documents.own_layout import fill_docx
from services.papers.drafts.reading import read_draft
from services.papers.gateway import Gateway
from services.papers.issues.schemas import MEDIA_TYPES
from services.papers.templates.reading import read_template
from services.papers.templates.rules import bind_slots
from shared.kit.resources import get_resources
from tests.papers.conftest import NOW
from tests.papers.upstreams import PathTransport
from tests.papers.word_files import make_control, make_word_file, read_controls, replace_entry
from tests.program_clients import Clients

DOCX = MEDIA_TYPES["docx"]
PDF = MEDIA_TYPES["pdf"]
TEMPLATES = "/v1/papers/templates"
QUERY = {
    "template": "labour-report", "title": "Báo cáo của Sở", "legal_basis": "QĐ 12/QĐ-UBND", "valid_from": "2024-01-01",
    "unit": "62",
}  # fmt: skip
WORDS = (
    "Năm ", make_control("document.year"), ": ", make_control("poverty.poor_households"), " hộ, ",
    make_control("poverty.poverty_rate"), "%.",
)  # fmt: skip
ON = datetime(2024, 1, 1, tzinfo=UTC).date()


async def upload(
    clients: Clients, content: bytes, *, scope: str = "oversight", **changes: Any
) -> httpx.Response:
    units = changes.pop("units", ("62",))
    headers = clients.make_headers(scope, units=units) | {"Content-Type": DOCX}
    headers |= changes.pop("headers", {})
    return await clients.http.post(TEMPLATES, params=QUERY | changes, content=content, headers=headers)


async def test_a_template_is_checked_kept_and_used_from_its_day(clients: Clients) -> None:
    word_file = make_word_file(WORDS)
    tried = await upload(clients, word_file, dry_run="true")
    assert (tried.status_code, "location" in tried.headers) == (200, False), tried.text
    headers = {"Idempotency-Key": "first"}
    kept = await upload(clients, word_file, headers=headers)
    assert kept.status_code == 201, kept.text
    again = await upload(clients, word_file, headers=headers)
    assert (again.json(), again.headers["idempotent-replay"]) == (kept.json(), "true")
    template = kept.json()
    assert [(slot["tag"], slot["print"], slot["decimals"]) for slot in template["slots"]] == [
        ("poverty.poor_households", "count", 0), ("poverty.poverty_rate", "percent", 2),
    ]  # fmt: skip
    assert (await upload(clients, word_file)).json()["code"] == "template_recorded"

    address = kept.headers["location"]
    assert (await clients.http.get(address)).json() == template
    read = await clients.http.get(address, headers={"Accept": DOCX})
    assert (read.content, read.headers["content-type"]) == (word_file, DOCX)
    later = await upload(clients, make_word_file("Mẫu 2025: ", WORDS), valid_from="2025-01-01")
    listed = await clients.http.get(TEMPLATES, params={"template": "labour-report"})
    assert [row["version"] for row in listed.json()["items"]] == [
        template["version"],
        later.json()["version"],
    ]
    everything = await clients.list_all(f"{TEMPLATES}?template=annual-report")
    assert {row["origin"] for row in everything} == {"shipped"}
    shipped = await clients.http.get(f"{TEMPLATES}/{everything[0]['version']}")
    assert shipped.json()["slots"] and shipped.json()["layout_sha256"] is None
    nothing = await clients.http.get(f"{TEMPLATES}/{'0' * 64}")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "template_version_not_found")

    draft = "/v1/papers/labour-report"
    query = {"unit": "62", "year": "2024"}
    filled = (await clients.http.get(draft, params=query)).json()
    assert (filled["template_version"], filled["confidence"]) == (template["version"], "uploaded")
    assert filled["paragraphs"][0]["text"] == "Năm 2024: [chưa có số liệu] hộ, [chưa có số liệu]%."
    document = await clients.http.get(draft, params=query, headers={"Accept": DOCX})
    assert read_controls(document.content)["document.year"] == "2024"
    refused = await clients.http.get(draft, params=query, headers={"Accept": PDF})
    assert (refused.status_code, PDF in refused.json()["available"]) == (406, False)
    other = await clients.http.get(draft, params={"unit": "62", "year": "2023"})
    assert (other.status_code, other.json()["code"]) == (404, "template_not_found")


async def test_every_fault_of_a_template_is_named_at_once(clients: Clients) -> None:
    word_file = make_word_file(
        "{{poverty.poverty_rate}}",
        (make_control("poverty.no_such_figure"), make_control("roads.length"), make_control("Title")),
        (make_control(None), make_control("funding.total.paid"), make_control("document.colour")),
        make_control("poverty.poor_households", properties="<w:picture/>"),
    )
    linked = replace_entry(
        word_file,
        "word/_rels/document.xml.rels",
        lambda part: part.replace(
            b"</Relationships>",
            b'<Relationship Id="x9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            b'attachedTemplate" Target="http://elsewhere.test/a.dotm" TargetMode="External"/></Relationships>',
        ),
    )
    refused = await upload(clients, linked)
    assert (refused.status_code, refused.json()["code"]) == (422, "template_file_refused")
    assert sorted((fault["code"], fault["pointer"]) for fault in refused.json()["errors"]) == [
        ("file_has_external_links", ""),
        ("slot_binding_wrong", "/slots/document.colour"),
        ("slot_binding_wrong", "/slots/funding.total.paid"),
        ("slot_binding_wrong", "/slots/poverty.no_such_figure"),
        ("slot_binding_wrong", "/slots/roads.length"),
        ("slot_control_wrong", "/slots/poverty.poor_households"),
        ("slot_is_text", "/slots/poverty.poverty_rate"),
        ("slot_unbound", "/slots"),
        ("slot_unbound", "/slots/Title"),
    ]
    district = await upload(clients, make_word_file(WORDS), units=("610",))
    assert (district.status_code, district.json()["code"]) == (403, "unit_not_granted")
    whole: dict[str, Any] = {"unit": [], "units": ("610",)}
    assert (await upload(clients, make_word_file(WORDS), **whole)).json()[
        "code"
    ] == "template_for_all_refused"
    assert (await upload(clients, make_word_file(WORDS), template="forms")).status_code == 404
    unnamed = await upload(clients, make_word_file(WORDS), title="a\0", legal_basis="", valid_from="tomorrow")
    assert [fault["code"] for fault in unnamed.json()["errors"]] == [
        "text_has_control_character", "text_too_short", "not_a_date",
    ]  # fmt: skip
    wrong = await upload(clients, b"{}", headers={"Content-Type": "application/json"})
    assert wrong.status_code == 415


async def test_papers_says_that_it_cannot_reach_the_others(clients: Clients) -> None:
    transport = get_resources(clients.http.app).get(Gateway).transport
    assert isinstance(transport, PathTransport)
    transport.apps = {}
    answers = [
        await clients.http.get("/v1/papers/annual-report", params={"unit": "62", "year": "2023"}),
        await clients.http.get("/v1/papers/forms"),
        await upload(clients, make_word_file(WORDS)),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unreachable")
        assert answer.headers["retry-after"] == "1"
    listed = await clients.http.get(TEMPLATES)
    assert listed.status_code == 200


def list_refused(content: bytes) -> Any:
    return read_template(None, content)[0]["refused"]


def test_a_word_file_that_reaches_outside_or_is_none_is_refused() -> None:
    plain = make_word_file(WORDS)
    assert list_refused(plain) == []
    field = '<w:r {0}><w:instrText> INCLUDEPICTURE "http://x.test/a.png" </w:instrText></w:r>'
    within = '<w:r {0}><w:instrText> HYPERLINK \\l "_Toc1" </w:instrText></w:r>'
    namespace = make_control("x").partition(">")[0].partition(" ")[2]
    assert list_refused(make_word_file(field.format(namespace))) == ["file_has_external_links"]
    assert list_refused(make_word_file(within.format(namespace))) == []
    assert list_refused(replace_entry(plain, "word/vbaProject.bin", b"x")) == ["file_has_macros"]
    assert list_refused(b"PK\x03\x04") == ["file_unreadable"]
    assert list_refused(b"a;b") == ["file_kind_unknown"]
    assert list_refused(replace_entry(plain, "word/document.xml", lambda part: part[:-20])) == [
        "file_unreadable"
    ]
    entity = b'<!DOCTYPE w [<!ENTITY a "b">]>'
    declared = replace_entry(
        plain, "word/document.xml", lambda part: part.replace(b"<w:document", entity + b"<w:document", 1)
    )
    assert list_refused(declared) == ["file_unreadable"]
    assert list_refused(plain + b"0" * 2**21) == ["file_too_large"]
    nothing = read_template(None, make_word_file("Chỉ có chữ."))[0]
    assert [fault.code for fault in bind_slots(nothing, {}, ON).faults] == ["template_without_slots"]


def test_controls_of_every_place_are_filled_and_read_again() -> None:
    bound = make_control(
        "units.commune",
        properties='<w:dataBinding w:xpath="/a"/><w:showingPlcHdr/>',
        content="<w:r><w:t>nhập</w:t></w:r><w:r><w:t> số</w:t></w:r>",
    )
    empty = make_control("units.district", content="")
    word_file = make_word_file(
        (bound, empty), header=make_control("document.number"), around=("units.province",)
    )
    texts = {"units.commune": "102", "units.district": "10", "units.province": "01"}
    filled = {
        "figures": [{"slot": slot, "text": text} for slot, text in texts.items()],
        "document_slots": {"document.number": "45/BC"},
    }
    written = fill_docx(filled, word_file)[1]
    assert written == fill_docx(filled, word_file)[1]
    assert read_controls(written) == texts
    assert b"dataBinding" not in written
    assert read_controls(written, "word/header1.xml") == {"document.number": "45/BC"}
    paragraphs = read_draft(None, written)[0]["paragraphs"]
    assert {control["tag"]: control["text"] for row in paragraphs for control in row["controls"]} == texts
    slots = bind_slots(read_template(None, word_file)[0], {}, NOW.date()).slots
    assert {slot["tag"] for slot in slots} == set(texts)
