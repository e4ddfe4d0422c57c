"""A service starts only on a schema that it was written for.

The code of a history's tables states the revision that it was written for. An older schema is refused: the migration job
has to run first. A newer one is refused as well, unless its last revision declares that code for this revision still
runs on it; the migration job writes that declaration into the comment of the history's version table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import run_sql

VERSION_TABLE_PREFIX = "alembic_version_"

SELECT_VERSION_TABLES = f"""
    SELECT relname AS table, coalesce(obj_description(oid, 'pg_class'), '') AS comment FROM pg_class
    WHERE relnamespace = to_regnamespace(current_schema()) AND relkind = 'r' AND relname LIKE '{VERSION_TABLE_PREFIX}%'
"""


class NotStartedError(RuntimeError):
    """A start cannot succeed before an operator changes something; the message says what, in one sentence."""


class SchemaMismatchError(NotStartedError):
    """The schema is not one that this service was written for; the message names each history and what to do."""


@dataclass(frozen=True, slots=True)
class SchemaRevision:
    """The revision of one history of migrations, such as `kit_0003`; those of a history sort by their names."""

    history: str
    revision: str


class SchemaRevisions(tuple[SchemaRevision, ...]):
    """The revisions that a service was written for, one of each history of its schema."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AppliedRevision:
    """The revision that a history has reached in the database."""

    revision: str
    compatible_from: str
    """The oldest revision whose code runs on this schema."""


async def require_schema(session: AsyncSession, revisions: Sequence[SchemaRevision]) -> None:
    """Raise `SchemaMismatchError` unless the schema of the session fits the code."""
    reasons = find_mismatches(revisions, await read_applied_revisions(session))
    if reasons:
        raise SchemaMismatchError(
            "the schema does not fit this version of the service: " + "; ".join(reasons)
        )


async def read_applied_revisions(session: AsyncSession) -> dict[str, AppliedRevision]:
    """Return the applied revision of each history in the schema of the session."""
    tables = {row.table: row.comment for row in await run_sql(session, SELECT_VERSION_TABLES)}
    if not tables:
        return {}
    rows = await run_sql(
        session,
        " UNION ALL ".join(
            f"SELECT '{table}' AS table, version_num AS revision FROM {table}" for table in tables
        ),
    )
    return {
        row.table.removeprefix(VERSION_TABLE_PREFIX): AppliedRevision(
            row.revision, tables[row.table] or row.revision
        )
        for row in rows
    }


def find_mismatches(revisions: Sequence[SchemaRevision], applied: Mapping[str, AppliedRevision]) -> list[str]:
    """Return a sentence for each history that does not fit."""
    reasons = []
    for expected in revisions:
        applied_revision = applied.get(expected.history)
        if applied_revision is None:
            reasons.append(f"{expected.history} was never migrated: run the migrations")
        elif applied_revision.revision < expected.revision:
            reasons.append(
                f"{expected.history} is at {applied_revision.revision}, before {expected.revision}: run the migrations"
            )
        elif applied_revision.compatible_from > expected.revision:
            reasons.append(
                f"{expected.history} is at {applied_revision.revision}, which needs code for {applied_revision.compatible_from} or later, "
                f"and this is for {expected.revision}: run a newer version of the service"
            )
    return reasons
