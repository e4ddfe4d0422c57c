"""The manifest of a backup: its files by hash, the version that wrote it, and where its feeds and its journal end."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from shared.kit.version import product_version
from shared.local.postgres_programs import PostgresError
from shared.local.process_log import open_private

MANIFEST = "manifest.json"
FORMAT = 1
"""The format of the manifest; another one is that of a newer version."""

CHUNK_BYTES = 1 << 20
READ_TABLES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_name LIKE 'alembic\\_version\\_%'
"""
READ_NEWEST_CHANGE = "SELECT sequence, at FROM {schema}.changes ORDER BY sequence DESC LIMIT 1"
LIST_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1"
TOTALS = (
    ("reports", "reports", "count(*)"),
    ("observations", "observations", "count(*)"),
    ("sum_of_observations", "observations", "sum(value)"),
    ("entries", "entries", "count(*)"),
    ("allocated_vnd", "lots", "sum(allocated_vnd)"),
    ("disbursed_vnd", "lots", "sum(disbursed_vnd)"),
    ("record_versions", "record_versions", "count(*)"),
    ("issues", "issues", "count(*)"),
    ("clients", "clients", "count(*)"),
)
"""Name, table and expression of what is counted and summed, so that an operator sees that a restored installation has it all."""
READ_JOURNAL_HEAD = "SELECT height, hash FROM funding.blocks ORDER BY height DESC LIMIT 1"


class BackupError(PostgresError):
    """A backup cannot be used; the message says what is wrong with it, one fault a line."""


@dataclass(frozen=True)
class Manifest:
    """What a backup states of itself."""

    version: str
    server_version: str
    taken_at: str
    files: Mapping[str, Mapping[str, Any]]
    """Size in bytes and SHA-256 by name."""
    content: Mapping[str, Any]
    """By schema the newest change of its feed, the revisions of its histories and its totals; the head of the journal."""

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder, down to the disk."""
        document = {
            "format": FORMAT,
            "version": self.version,
            "server_version": self.server_version,
            "taken_at": self.taken_at,
            "files": self.files,
            "content": self.content,
        }
        with open(folder / MANIFEST, "w", encoding="utf-8", opener=open_private) as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())


def make_manifest(folder: Path, *, server_version: str, content: Mapping[str, Any]) -> Manifest:
    """Return the manifest of the files in a folder."""
    files = {path.name: describe_file(path) for path in sorted(folder.iterdir())}
    return Manifest(product_version(), server_version, datetime.now(UTC).isoformat(), files, content)


def describe_file(path: Path) -> dict[str, Any]:
    """Return the size and the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup whose files are those that it names. Raise `BackupError` with every fault."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise BackupError(f"{folder} is not a folder")
    if not path.exists():
        raise BackupError(
            f"{folder} holds no {MANIFEST}: it is a backup that did not end, a copy that is not whole, or one of version "
            "0.1.0; restore the last with --without-manifest"
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise BackupError(f"{path} was written by a newer version; restore it with that version")
        manifest = Manifest(
            str(document["version"]),
            str(document["server_version"]),
            str(document["taken_at"]),
            dict(document["files"]),
            dict(document["content"]),
        )
        faults = [*_find_file_faults(folder, manifest.files)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"{path} is damaged; use another backup") from None
    if faults:
        raise BackupError("\n".join(faults))
    return manifest


async def read_content(
    connection: "asyncpg.Connection[Any]", schemas: Iterator[str] | tuple[str, ...]
) -> dict[str, Any]:
    """Return where the feeds and the journal of a database end, and its revisions; a schema that is absent is left out."""
    content: dict[str, Any] = {}
    for schema in schemas:
        tables = [row["table_name"] for row in await connection.fetch(READ_TABLES, schema)]
        if not tables:
            continue
        newest = await connection.fetchrow(READ_NEWEST_CHANGE.format(schema=schema))
        revisions = {
            table.removeprefix("alembic_version_"): await connection.fetchval(
                f"SELECT version_num FROM {schema}.{table}"
            )
            for table in sorted(tables)
        }
        content[schema] = {
            "newest_change": newest["sequence"] if newest else 0,
            "newest_at": newest["at"].isoformat() if newest else None,
            "revisions": revisions,
            "totals": await _read_totals(connection, schema),
        }
    if "funding" in content:
        head = await connection.fetchrow(READ_JOURNAL_HEAD)
        content["funding"]["journal"] = {"height": head["height"], "hash": head["hash"]} if head else None
    return content


async def _read_totals(connection: "asyncpg.Connection[Any]", schema: str) -> dict[str, str]:
    tables = {row["table_name"] for row in await connection.fetch(LIST_TABLES, schema)}
    totals = {}
    for name, table, expression in TOTALS:
        if table in tables:
            total = await connection.fetchval(f"SELECT coalesce({expression}, 0)::text FROM {schema}.{table}")
            totals[name] = total
    return totals


def describe_totals(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each schema: its newest change and its totals."""
    for schema, stated in content.items():
        totals = ", ".join(f"{name} {total}" for name, total in stated.get("totals", {}).items())
        yield f"{schema:<9} newest change {stated['newest_change']}{'; ' if totals else ''}{totals}"


def find_content_faults(stated: Mapping[str, Any], restored: Mapping[str, Any]) -> list[str]:
    """Return each schema whose feed, journal, revisions or totals are not those of the manifest."""
    return [
        f"{schema}: the restored data end at {restored.get(schema)}, the backup at {content}"
        for schema, content in stated.items()
        if {name: restored.get(schema, {}).get(name) for name in content} != content
    ]


def _find_file_faults(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, stated in files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            yield f"{path} is missing"
            continue
        size = path.stat().st_size
        if size != stated["bytes"]:
            yield f"{path} has {size} bytes, and had {stated['bytes']} when it was written"
        elif describe_file(path)["sha256"] != stated["sha256"]:
            yield f"{path} is damaged: its SHA-256 is another than when it was written"
