"""Who runs the embedded PostgreSQL: it refuses to run as root, and containers and test machines often are root.

An ordinary user runs it as himself; one whom the machine has no name for (a container's), inside a user namespace,
where he is called `nobody`. As root there are three ways, tried in this order for new data and read off the
data folder's owner later:

1. as `nobody`, when `nobody` can read the programs and reach the data folder;
2. as root's own files inside a user namespace (`unshare --user`), where the kernel allows one;
3. as `nobody` from a folder of its own below /var/lib, programs copied there; `var/postgres` becomes a link to it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTSIDE = Path("/var/lib")
"""Where the third way keeps programs and data: readable by everybody, not wiped at boot."""

PROBE_SECONDS = 20


class AccountError(RuntimeError):
    """Nobody on this machine may run the server on that folder; the message says what to change."""


@dataclass(frozen=True)
class OsAccount:
    """How to start a PostgreSQL program: a prefix to its command and arguments to Popen."""

    prefix: tuple[str, ...] = ()
    popen: dict[str, Any] = field(default_factory=dict)

    def can(self, *command: str) -> bool:
        """Whether a command succeeds under this account."""
        try:
            done = subprocess.run(  # noqa: S603 (our own arguments)
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
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Hand a file or folder to the account."""
        if "user" in self.popen:
            os.chown(path, self.popen["user"], self.popen["group"])


@dataclass(frozen=True)
class ServerSetup:
    """OsAccount, programs and data folder that go together."""

    account: OsAccount
    programs: Path
    data: Path


def choose_server_setup(programs: Path, data: Path) -> ServerSetup:
    """Choose who runs the programs on `data`, which need not exist yet; its parent does."""
    if data.exists():
        return _as_owner(programs, data)
    if os.geteuid() != 0:
        return ServerSetup(_myself(), programs, data)
    nobody = _of(pwd.getpwnam("nobody"))
    if nobody.can(str(programs / "postgres"), "--version") and nobody.can("test", "-x", str(data.parent)):
        return ServerSetup(nobody, programs, data)
    namespace = _namespace()
    if namespace is not None and namespace.can(str(programs / "postgres"), "--version"):
        return ServerSetup(namespace, programs, data)
    return _move_out(nobody, programs, data)


def _as_owner(programs: Path, data: Path) -> ServerSetup:
    """The data folder's owner runs it."""
    owner = data.stat().st_uid
    me = os.geteuid()
    if owner == me != 0:
        return ServerSetup(_myself(), programs, data)
    if me != 0:
        raise AccountError(
            f"{data} belongs to {_name(owner)}, not to {_name(me)}: start as the user who started it first, "
            "or set NTP_VAR to another folder"
        )
    if owner == 0:
        namespace = _namespace()
        if namespace is None:
            raise AccountError(
                f"{data} belongs to root, and PostgreSQL refuses to run as root: give it away with "
                f"chown -R nobody {data}, or set NTP_VAR to another folder"
            )
        return ServerSetup(namespace, programs, data)
    account = _of(pwd.getpwuid(owner))
    if account.can(str(programs / "postgres"), "--version"):
        return ServerSetup(account, programs, data)
    return ServerSetup(account, _copy(programs, data.resolve().parent / "programs"), data)


def _myself() -> OsAccount:
    """The ordinary user who asks."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        namespace = _namespace()
        if namespace is None:
            raise AccountError(
                f"user {os.geteuid()} has no entry in /etc/passwd, without which PostgreSQL does not start: add one, "
                "or set NTP_ADMIN_DATABASE_URL to a server of your own"
            ) from None
        return namespace
    return OsAccount()


def _of(user: pwd.struct_passwd) -> OsAccount:
    return OsAccount(popen={"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []})


def _namespace() -> OsAccount | None:
    unshare = shutil.which("unshare")
    account = OsAccount(prefix=(unshare, "--user", "--")) if unshare else None
    return account if account is not None and account.can("true") else None


def _move_out(nobody: OsAccount, programs: Path, data: Path) -> ServerSetup:
    home = Path(tempfile.mkdtemp(prefix="ntp-postgres-", dir=OUTSIDE))
    home.chmod(0o755)
    copied = _copy(programs, home / "programs")
    if not nobody.can(str(copied / "postgres"), "--version"):
        shutil.rmtree(home)
        raise AccountError(
            f"PostgreSQL refuses to run as root, and nobody can run it from {programs} nor from {OUTSIDE}: "
            "start as an ordinary user, or set NTP_ADMIN_DATABASE_URL to a server of your own"
        )
    data.symlink_to(home / "data")
    return ServerSetup(nobody, copied, home / "data")


def _copy(programs: Path, target: Path) -> Path:
    """Copy an installation (bin, lib, share and the wheel's own libraries beside it); anew when it changed."""
    installation = programs.parent
    package = installation.parent
    copied = target / package.name / installation.name / programs.name
    stamp = target / "copied-from"
    version = f"{programs} {(programs / 'postgres').stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text() == version:
        return copied
    shutil.rmtree(target, ignore_errors=True)
    for part in ("bin", "lib", "share"):
        if (installation / part).is_dir():
            shutil.copytree(
                installation / part, target / package.name / installation.name / part, symlinks=True
            )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    target.chmod(0o755)
    stamp.write_text(version)
    return copied


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
