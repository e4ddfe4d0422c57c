"""A PgBouncer in front of the PostgreSQL of one installation."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from shared.local.ports import HOST
from shared.local.settings import InstallationSettings
from shared.local.stack import SCHEMA_OWNERS, Stack
from tests.postgres import free_port
from tests.running.installation import Installation
from tests.scale.programs import find_program, make_open_folder, running

CONFIGURATION = """
[databases]
ntp = host=127.0.0.1 port={server_port} dbname=ntp
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
pool_mode = transaction
max_prepared_statements = 300
default_pool_size = 10
max_client_conn = 500
server_login_retry = 1
"""


@contextlib.contextmanager
def running_pgbouncer(installation: Installation, server_port: int) -> Iterator[None]:
    """Run PgBouncer for an installation that is not started yet, and name it in the installation's variables."""
    program = find_program("pgbouncer")
    assert program is not None
    folder = make_open_folder(installation.folder.parent / "pgbouncer")
    port = free_port()
    write_private(
        folder / "pgbouncer.ini", CONFIGURATION.format(server_port=server_port, port=port, folder=folder)
    )
    passwords = read_passwords(installation)
    write_private(
        folder / "userlist.txt", "".join(f'"{owner}" "{password}"\n' for owner, password in passwords)
    )
    installation.variables["NTP_DATABASE_ADDRESS"] = f"{HOST}:{port}"
    with running([str(program), str(folder / "pgbouncer.ini")], folder / "log.txt", port=port):
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only the account of the programs reads."""
    path.write_text(text)
    path.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


def read_passwords(installation: Installation) -> list[tuple[str, str]]:
    """Return the roles of the services and their passwords, which are made where there are none yet."""
    settings = InstallationSettings(var=installation.folder)
    stack = Stack(settings)
    return [(owner, stack._passwords[owner]) for owner in SCHEMA_OWNERS]
