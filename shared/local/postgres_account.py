"""The operating system account that runs the embedded PostgreSQL, which refuses to run as root.

An ordinary user runs it as himself, or inside a user namespace when /etc/passwd has no entry for him (in a container).
For root there are three ways, tried in this order for new data; existing data are run by the owner of the folder:

1. as `nobody`, when `nobody` can run the programs and reach the data folder;
2. as root inside a user namespace (`unshare --user`), when the kernel allows it;
3. as `nobody` from a folder below /var/lib that programs are copied to; `var/postgres` is then a link to its data.

See ADR 0008.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.local.postgres_programs import PostgresError, copy_programs

PUBLIC_FOLDER = Path("/var/lib")
"""The folder of programs and data in the third way: every user may read it, and a restart of the machine keeps it."""

PROBE_SECONDS = 60
"""After so long a probed program counts as one that does not run."""


@dataclass(frozen=True)
class OsAccount:
    """An account under which programs run: a prefix of its command line and arguments of Popen."""

    prefix: tuple[str, ...] = ()
    popen: dict[str, Any] = field(default_factory=dict)

    def can_run(self, *command: str) -> bool:
        """Whether a command succeeds under this account."""
        try:
            result = subprocess.run(  # noqa: S603 (fixed arguments)
                [*self.prefix, *command],
                **self.popen,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return result.returncode == 0

    def take_ownership(self, path: Path) -> None:
        """Change the owner of a file or folder to the account."""
        if "user" in self.popen:
            os.chown(path, self.popen["user"], self.popen["group"])


@dataclass(frozen=True)
class ServerSetup:
    """The account, the programs and the data folder of one server."""

    account: OsAccount
    programs: Path
    data: Path


def choose_server_setup(programs: Path, data: Path) -> ServerSetup:
    """Choose the account for a data folder that may not exist yet; its parent does.

    Raises PostgresError when no account can run the server there.
    """
    if data.exists():
        return _choose_owner(programs, data)
    if os.geteuid() != 0:
        return ServerSetup(_find_current_account(), programs, data)
    nobody = _account_from_user(pwd.getpwnam("nobody"))
    if nobody.can_run(str(programs / "postgres"), "--version") and nobody.can_run(
        "test", "-x", str(data.parent)
    ):
        return ServerSetup(nobody, programs, data)
    namespace = _find_user_namespace()
    if namespace is not None and namespace.can_run(str(programs / "postgres"), "--version"):
        return ServerSetup(namespace, programs, data)
    return _move_to_public_folder(nobody, programs, data)


def _choose_owner(programs: Path, data: Path) -> ServerSetup:
    """Choose the account that owns the data folder."""
    owner = data.stat().st_uid
    current = os.geteuid()
    if owner == current != 0:
        return ServerSetup(_find_current_account(), programs, data)
    if current != 0:
        raise PostgresError(
            f"{data} belongs to {_read_user_name(owner)}, not to {_read_user_name(current)}: start as the user who "
            "started it first, or set NTP_VAR to another folder"
        )
    if owner == 0:
        namespace = _find_user_namespace()
        if namespace is None:
            raise PostgresError(
                f"{data} belongs to root, and PostgreSQL refuses to run as root: give it away with "
                f"chown -R nobody {data}, or set NTP_VAR to another folder"
            )
        return ServerSetup(namespace, programs, data)
    account = _account_from_user(pwd.getpwuid(owner))
    if account.can_run(str(programs / "postgres"), "--version"):
        return ServerSetup(account, programs, data)
    return ServerSetup(account, copy_programs(programs, data.resolve().parent / "programs"), data)


def _find_current_account() -> OsAccount:
    """Return the account of an ordinary user, the one that runs this process."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        namespace = _find_user_namespace()
        if namespace is None:
            raise PostgresError(
                f"user {os.geteuid()} has no entry in /etc/passwd, without which PostgreSQL does not start: add one, "
                "or set NTP_ADMIN_DATABASE_URL to a server of your own"
            ) from None
        return namespace
    return OsAccount()


def _account_from_user(user: pwd.struct_passwd) -> OsAccount:
    return OsAccount(popen={"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []})


def _find_user_namespace() -> OsAccount | None:
    """Return an account inside a user namespace, or None when the system allows none."""
    unshare = shutil.which("unshare")
    account = OsAccount(prefix=(unshare, "--user", "--")) if unshare else None
    return account if account is not None and account.can_run("true") else None


def _move_to_public_folder(nobody: OsAccount, programs: Path, data: Path) -> ServerSetup:
    """Copy the programs below PUBLIC_FOLDER, and make `data` a link to a data folder beside them."""
    folder = Path(tempfile.mkdtemp(prefix="ntp-postgres-", dir=PUBLIC_FOLDER))
    folder.chmod(0o755)
    copy = copy_programs(programs, folder / "programs")
    if not nobody.can_run(str(copy / "postgres"), "--version"):
        shutil.rmtree(folder)
        raise PostgresError(
            f"PostgreSQL refuses to run as root, and nobody can run it from {programs} nor from {PUBLIC_FOLDER}: "
            "start as an ordinary user, or set NTP_ADMIN_DATABASE_URL to a server of your own"
        )
    data.symlink_to(folder / "data")
    return ServerSetup(nobody, copy, folder / "data")


def _read_user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
