"""`python -m migrations [OWNER …]`: the one-shot job that brings a database to the state this code needs.

NTP_ADMIN_DATABASE_URL is an administrator's URL; each owner's running role gets NTP_<OWNER>_DATABASE_PASSWORD.
"""

import asyncio
import os
import sys
import time

import asyncpg
from alembic.util import CommandError

from migrations.owners import OWNERS
from migrations.run import HistoryError, migrate


def main() -> int:
    """Migrate the owners named, or all; 0 when the database is ready, 2 when something is not set."""
    owners = sys.argv[1:] or list(OWNERS)
    unknown = [owner for owner in owners if owner not in OWNERS]
    wanted = {owner: f"NTP_{owner.upper()}_DATABASE_PASSWORD" for owner in owners if owner in OWNERS}
    unset = [name for name in ("NTP_ADMIN_DATABASE_URL", *wanted.values()) if not os.environ.get(name)]
    if unknown or unset:
        for owner in unknown:
            print(f"{owner} is no owner of a schema; they are {', '.join(OWNERS)}", file=sys.stderr)
        for name in unset:
            print(f"{name} is not set", file=sys.stderr)
        return 2
    begun = time.monotonic()
    passwords = {owner: os.environ[name] for owner, name in wanted.items()}
    try:
        applied = asyncio.run(
            migrate(os.environ["NTP_ADMIN_DATABASE_URL"], passwords=passwords, owners=owners)
        )
    except (HistoryError, CommandError, OSError, asyncpg.PostgresError) as error:
        print(f"not migrated: {error}", file=sys.stderr)
        return 1
    for owner, history, revision in applied:
        print(f"{owner}: {history} at {revision}")
    print(f"database ready after {time.monotonic() - begun:.1f} s, {len(applied)} histories moved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
