"""The page at `/`: who gets HTML, how its files are sent, and what they may contain."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import brotli
import pytest
import zstandard

from gateway.page.files import CONTENT_SECURITY_POLICY, PRELOADED, STATIC, load_page_files

CONTRACTS = Path(__file__).resolve().parents[2] / "gateway" / "contracts"
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in STATIC.iterdir()}
MODULES = {name: text for name, text in SOURCES.items() if name.endswith(".js")}
WORDS = SOURCES["words.js"]
VIETNAMESE = re.compile(r"[à-ỹÀ-ỸđĐăĂơƠưƯ]")
ENTRY = re.compile(
    r'^  "?([a-z_ ]+)"?: \[\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\],$', re.MULTILINE
)
OUTSIDE = {"/docs", "/worker.js", "/page/", "/"}
FIRST_BYTES = 25_000
"""What the files may weigh before the first figures; with the status, 45 kB at most are read before these stand."""
ALL_BYTES = 50_000
HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_browsers_get_html_and_programs_json(gateway):
    page = await gateway.get("/", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    unchanged = await gateway.get("/", headers={**HTML, "if-none-match": page.headers["etag"]})
    assert unchanged.status_code == 304
    for accept in ("*/*", "application/json", "text/html;q=0.5, application/json"):
        index = await gateway.get("/", headers={"accept": accept})
        assert index.json()["page"] == "/", accept
    assert (await gateway.get("/", headers={"accept": "image/png"})).status_code == 406


async def test_the_query_of_the_page_is_that_of_its_script(gateway):
    page = await gateway.get("/", headers=HTML)
    for query in ("period=2023&map=2025-07-01&lang=en", "lang=en&lang=vi", "zarsrc=30", "unit=%ff"):
        answer = await gateway.get(f"/?{query}", headers=HTML)
        assert (answer.status_code, answer.content) == (200, page.content), query
        refusal = await gateway.get(f"/?{query}", headers={"accept": "application/json"})
        assert refusal.status_code in {400, 422}, query


async def test_files_have_hashed_names_and_are_sent_compressed(gateway):
    page = (await gateway.get("/", headers=HTML)).text
    addresses = set(re.findall(r'(?:href|src)="(/page/[^"]+)"', page))
    assert len(addresses) == len(PRELOADED) + 1, (
        "the preloaded modules, of which one is the script, and the style sheet"
    )
    files = load_page_files()
    for address in {*addresses, *(f"/page/{name}" for name in files.assets)}:
        answer = await gateway.get(address, headers={"accept-encoding": "identity"})
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        again = await gateway.get(
            address, headers={"accept-encoding": "identity", "if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304
    for name in ("page.0000000000.js", "..%2Fapi.py", "page.js"):
        assert (await gateway.get(f"/page/{name}")).status_code in {404, 422}, name
    worker = await gateway.get("/worker.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert not re.search('"(VERSION|PAGE|POLICY)"', worker.text)


def test_each_coding_holds_the_same_content():
    files = load_page_files()
    for file in (files.index, files.worker, *files.assets.values()):
        assert brotli.decompress(file.encoded["br"]) == file.content
        assert gzip.decompress(file.encoded["gzip"]) == file.content
        assert zstandard.ZstdDecompressor().decompress(file.encoded["zstd"]) == file.content


def test_a_changed_file_changes_the_names_of_what_refers_to_it(tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = load_page_files(tmp_path)
    (tmp_path / "words.js").write_text(WORDS + "\n", encoding="utf-8")
    after = load_page_files(tmp_path)
    changed = {name.split(".")[0] for name in set(after.assets) - set(before.assets)}
    assert {"words", "status", "page"} <= changed
    assert "draw" not in changed
    assert after.index.etag != before.index.etag
    assert after.worker.etag != before.worker.etag
    (tmp_path / "draw.js").write_text('import "./page.js";', encoding="utf-8")
    with pytest.raises(ValueError, match="circle"):
        load_page_files(tmp_path)


def test_the_page_names_the_days_of_the_outlines_also_without_a_server():
    files = load_page_files(outlines=[date(2025, 7, 1), date(2015, 3, 11)])
    line = b'<meta name="outlines" content="2015-03-11,2025-07-01">'
    assert line in files.index.content
    assert json.dumps(line.decode())[1:-1].encode() in files.worker.content
    assert b'<meta name="outlines" content="">' in load_page_files().index.content
    assert files.worker.etag != load_page_files().worker.etag


def test_the_page_is_small():
    files = load_page_files()
    first = {
        name for name in files.assets if f"{name.split('.')[0]}.js" in PRELOADED or name.endswith(".css")
    }
    sizes = {name: len(file.encoded["br"]) for name, file in files.assets.items()}
    assert sum(sizes[name] for name in first) + len(files.index.encoded["br"]) <= FIRST_BYTES, sizes
    assert sum(sizes.values()) <= ALL_BYTES, sizes


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    index = SOURCES["index.html"]
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)", index)
    for name, text in SOURCES.items():
        without_namespaces = text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?://|@import|innerHTML|insertAdjacentHTML|\beval\(|document\.write", without_namespaces
        ), name
        assert not re.search(
            r"localStorage\.setItem\((?!\"ntp-language\")|sessionStorage|document\.cookie", text
        ), name


def test_all_words_are_in_one_file_in_two_languages():
    for name, text in SOURCES.items():
        if name != "words.js":
            assert not VIETNAMESE.search(text), f"{name}: {VIETNAMESE.findall(text)}"
    entries = ENTRY.findall(WORDS)
    for key, vietnamese, english in entries:
        assert vietnamese, key
        assert english, key
        assert set(re.findall(r"\{(\w+)\}", vietnamese)) >= set(re.findall(r"\{(\w+)\}", english)) - {
            "code"
        }, key
    words = {key for key, _, _ in ENTRY.findall(WORDS[: WORDS.index("const UNITS_OF_MEASURE")])}
    used = {key for text in MODULES.values() for key in re.findall(r'translate\(\s*"(\w+)"', text)}
    assert used <= words, used - words
    quoted = {
        key for text in [*MODULES.values()] if text is not WORDS for key in re.findall(r'"(\w+)"', text)
    }
    named_by_data = {
        "rural",
        "poverty",
        "ethnic",
        "oversight",
        "investment",
        "recurrent",
        "official",
        "superseded",
    }
    named_by_data |= {"withdrawn", "returned", "meets", "advanced", "model", "local_budget", "village"}
    named_by_data |= {
        "done_accept",
        "done_return",
        "preliminary",
        "mixed",
        "seconds",
        "minutes",
        "hours",
        "days",
    }
    unused = {key for key in words - used - quoted - named_by_data if f'translate("{key}' not in WORDS}
    assert not unused, unused


def list_documented_paths() -> set[str]:
    return {
        re.sub(r"\{[^}]*\}", "{}", path)
        for file in CONTRACTS.glob("*.json")
        for path in json.loads(file.read_text(encoding="utf-8"))["paths"]
    } | OUTSIDE


def list_paths_used() -> Iterator[tuple[str, str]]:
    for name, text in {**MODULES, "index.html": SOURCES["index.html"]}.items():
        for path in re.findall(r'["`](/[a-z0-9_./${}-]*?)["`?]', re.sub(r"\$\{[^}]*\}", "{}", text)):
            yield name, path


def test_every_path_that_the_page_uses_is_in_the_contract():
    documented = list_documented_paths() | {"/oauth/token"}
    programs = ("rural", "poverty", "ethnic", "oversight", "funding")
    used = list(list_paths_used())
    assert len(used) > 10
    for name, path in used:
        candidates = {path, *(path.replace("/v1/{}", f"/v1/{program}", 1) for program in programs)}
        verdicts = {
            variant.replace("/reports/{}/{}", f"/reports/{{}}/{verb}")
            for variant in candidates
            for verb in ("accept", "return")
        }
        assert (candidates | verdicts) & documented, f"{name}: {path}"
