"""The settings of PostgreSQL that every session of a service has: limits of time, the zone, the kind of plans.

They belong to the role that runs the service (`ALTER ROLE … SET`, made by the migration job) and do not travel with a
connection: PgBouncer refuses such parameters, or ignores them where `ignore_startup_parameters` says so (see ADR 0031).
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import run_sql
from shared.kit.schema_revisions import NotStartedError

STATEMENT_TIMEOUT_MS = 15_000
"""Longer than any statement of a request needs; a runaway query must not hold a connection."""

LOCK_TIMEOUT_MS = 5_000
"""A writer that waits longer answers 503, and its client tries again."""

IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
"""A process that dies or stalls inside a transaction must release the locks that others wait for."""

NO_LIMIT = "0"

READ_SETTINGS = "SELECT name, setting, current_user AS role FROM pg_settings WHERE name = ANY ($1::text[])"


def make_session_settings() -> Mapping[str, str]:
    """Return the settings of a role that runs a service; limits are in milliseconds."""
    return {
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
        "TimeZone": "UTC",
        # A plan made while a year's partition was empty must not be kept when it is not.
        "plan_cache_mode": "force_custom_plan",
    }


async def require_session_settings(session: AsyncSession) -> None:
    """Raise `NotStartedError` where the role of the session has no limits, or another zone or kind of plans."""
    expected = make_session_settings()
    rows = await run_sql(session, READ_SETTINGS, list(expected))
    lacking = find_lacking_settings({row.name: row.setting for row in rows}, expected)
    if lacking:
        statements = "; ".join(
            f"ALTER ROLE {rows[0].role} SET {name} = '{expected[name]}'" for name in lacking
        )
        raise NotStartedError(
            f"the role {rows[0].role} lacks settings of the product: run the migrations, or {statements}"
        )


def find_lacking_settings(settings: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """Return the names of settings that are not as expected; an operator may choose another limit, but not none."""
    return [
        name
        for name, value in expected.items()
        if settings.get(name, NO_LIMIT) == NO_LIMIT or (not value.isdigit() and settings[name] != value)
    ]
