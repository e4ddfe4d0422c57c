"""`python -m migrations [--beside-running] [OWNER …]`: the job that brings a database to the state that this code requires.

With `--beside-running` it changes nothing where the processes that run now would not work with the new schema.
NTP_ADMIN_DATABASE_URL is the URL of an administrator; NTP_<OWNER>_DATABASE_PASSWORD is the password of each service role.
"""

import asyncio
import os
import sys
import time

import asyncpg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from migrations.owners import OWNERS
from migrations.roles import ServerRefusedError
from migrations.run import HistoryError, migrate

BESIDE_RUNNING = "--beside-running"


def main() -> int:
    """Migrate the named owners, or all; return 0 when the database is ready, 1 on an error, 2 on missing settings."""
    arguments = [argument for argument in sys.argv[1:] if argument != BESIDE_RUNNING]
    owners = arguments or list(OWNERS)
    unknown = [owner for owner in owners if owner not in OWNERS]
    variables = {owner: f"NTP_{owner.upper()}_DATABASE_PASSWORD" for owner in owners if owner in OWNERS}
    unset = [name for name in ("NTP_ADMIN_DATABASE_URL", *variables.values()) if not os.environ.get(name)]
    if unknown or unset:
        for owner in unknown:
            print(f"{owner} is not an owner of a schema; the owners are {', '.join(OWNERS)}", file=sys.stderr)
        for name in unset:
            print(f"{name} is not set", file=sys.stderr)
        return 2
    started_at = time.monotonic()
    passwords = {owner: os.environ[name] for owner, name in variables.items()}
    try:
        applied = asyncio.run(
            migrate(
                os.environ["NTP_ADMIN_DATABASE_URL"],
                passwords=passwords,
                owners=owners,
                beside_running=BESIDE_RUNNING in sys.argv,
            )
        )
    except DBAPIError as error:
        print(f"not migrated: {error.orig}", file=sys.stderr)
        return 1
    except asyncpg.InterfaceError as error:  # no address of a database
        print(f"not migrated: NTP_ADMIN_DATABASE_URL: {error}", file=sys.stderr)
        return 1
    except (HistoryError, ServerRefusedError, CommandError, OSError, asyncpg.PostgresError) as error:
        print(f"not migrated: {error}", file=sys.stderr)
        return 1
    for owner, history, revision in applied:
        print(f"{owner}: {history} at {revision}")
    elapsed_s = time.monotonic() - started_at
    print(f"database ready after {elapsed_s:.1f} s, {len(applied)} histories upgraded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
