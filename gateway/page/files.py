"""The files of the page: names with hashes of their content, references between them, and each coding made once. No I/O but the reading."""

import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import brotli
import zstandard

STATIC = Path(__file__).parent / "static"

INDEX, WORKER = "index.html", "worker.js"
"""The two files whose addresses stay: the page, and the service worker, which browsers look up by its address."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page runs nothing but its own files, talks to this origin only, and cannot be framed."""

ASSET_PATH = "/page/"
HASH_LENGTH = 10
"""Hexadecimal digits of a hash in a name: 40 bits, so that no two versions of a file share a name."""

MEDIA_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PRELOADED = ("draw.js", "words.js", "read.js", "status.js", "page.js")
"""The modules that the first figures need, named in the HTML so that a browser requests them at once."""

REFERENCE = re.compile(r'(?<=["\'])\./([a-z_]+\.(?:js|css|svg))(?=["\'])')


@dataclass(frozen=True)
class PageFile:
    """A file as it is sent, with its content in each coding."""

    name: str
    content: bytes

    @property
    def media_type(self) -> str:
        """The media type, by the ending of the name."""
        return MEDIA_TYPES[Path(self.name).suffix]

    @cached_property
    def etag(self) -> str:
        """The strong tag of the content without a coding."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @cached_property
    def encoded(self) -> Mapping[str, bytes]:
        """The content by coding, the preferred first."""
        return {
            "br": bytes(brotli.compress(self.content, quality=11)),
            "zstd": zstandard.ZstdCompressor(level=19).compress(self.content),
            "gzip": gzip.compress(self.content, compresslevel=9, mtime=0),
        }


@dataclass(frozen=True)
class PageFiles:
    """The page, its service worker, and the files with hashes in their names."""

    index: PageFile
    worker: PageFile
    assets: Mapping[str, PageFile]


def load_page_files(folder: Path = STATIC, *, outlines: Iterable[date] = ()) -> PageFiles:
    """Read the files of the page, which offers outlines from these days on.

    Raise `ValueError` where modules import each other in a circle.
    """
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.is_file()
    }
    hashed: dict[str, PageFile] = {}
    for name in texts:
        if name not in (INDEX, WORKER):
            _add_asset(name, texts, hashed, ())
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{ASSET_PATH}{hashed[name].name}">'
        for name in PRELOADED
        if name in hashed
    )
    days = html.escape(",".join(day.isoformat() for day in sorted(outlines)))
    index = _replace_references(texts[INDEX], hashed).replace("<!-- preloads -->", preloads)
    index = index.replace('name="outlines" content=""', f'name="outlines" content="{days}"')
    names = sorted(file.name for file in hashed.values())
    version = hashlib.sha256("".join([*names, index]).encode()).hexdigest()[:HASH_LENGTH]
    worker = texts[WORKER]
    for name, value in (("VERSION", version), ("PAGE", index), ("POLICY", CONTENT_SECURITY_POLICY)):
        worker = worker.replace(f'"{name}"', json.dumps(value))
    return PageFiles(
        PageFile(INDEX, index.encode()),
        PageFile(WORKER, worker.encode()),
        {file.name: file for file in hashed.values()},
    )


def _add_asset(
    name: str, texts: Mapping[str, str], hashed: dict[str, PageFile], importers: tuple[str, ...]
) -> None:
    """Add a file after those that it refers to, since their names are part of its content."""
    if name in hashed:
        return
    if name in importers:
        raise ValueError(
            f"files of the page refer to each other in a circle: {', '.join((*importers, name))}"
        )
    for referred in _find_references(texts[name]):
        _add_asset(referred, texts, hashed, (*importers, name))
    content = _replace_references(texts[name], hashed).encode()
    digest = hashlib.sha256(content).hexdigest()[:HASH_LENGTH]
    stem, _, ending = name.rpartition(".")
    hashed[name] = PageFile(f"{stem}.{digest}.{ending}", content)


def _find_references(text: str) -> Iterator[str]:
    for match in REFERENCE.finditer(text):
        yield match.group(1)


def _replace_references(text: str, hashed: Mapping[str, PageFile]) -> str:
    """Return the text with the address of each file that it refers to."""
    return REFERENCE.sub(lambda match: ASSET_PATH + hashed[match.group(1)].name, text)
