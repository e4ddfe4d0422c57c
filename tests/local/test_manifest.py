"""The manifest of a backup: what is missing, damaged or of another version is named before anything is restored."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.local.backup import back_up, check_backup, restore
from shared.local.manifest import MANIFEST, BackupError, find_content_faults, make_manifest
from shared.local.postgres_programs import PostgresError
from shared.local.settings import InstallationSettings
from shared.local.stack import Stack, find_unfinished_restore


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "ntp.dump").write_bytes(b"dump" * 100)
    (folder / "secrets.json").write_text("{}")
    content = {"rural": {"newest_change": 3, "newest_at": None, "revisions": {"kit": "kit_0003"}}}
    make_manifest(folder, server_version="18.0", content=content).write(folder)
    return folder


def test_a_whole_backup_is_described(backup: Path) -> None:
    manifest = check_backup(backup)
    assert set(manifest.files) == {"ntp.dump", "secrets.json"}
    assert manifest.content["rural"]["newest_change"] == 3
    assert (backup / MANIFEST).stat().st_mode & 0o777 == 0o600


def change_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_every_damage_is_named_and_nothing_is_restored(backup: Path, tmp_path: Path) -> None:
    settings = InstallationSettings(var=tmp_path / "var")
    damages: dict[str, Callable[[], object]] = {
        "has 7 bytes, and had 400": lambda: (backup / "ntp.dump").write_bytes(b"damaged"),
        "its SHA-256 is another": lambda: (backup / "ntp.dump").write_bytes(b"pump" * 100),
        "ntp.dump is missing": (backup / "ntp.dump").unlink,
        "names no ntp.dump": lambda: change_manifest(backup, files={}),
        "by a newer version": lambda: change_manifest(backup, format=2),
        "is damaged; use another": lambda: (backup / MANIFEST).write_text('{"format": 1'),
        "holds no manifest.json": (backup / MANIFEST).unlink,
    }
    for sentence, damage in damages.items():
        damage()
        with pytest.raises(BackupError, match=sentence):
            check_backup(backup)
        with pytest.raises(BackupError, match=sentence):
            restore(settings, backup)
    assert not settings.folder.exists()
    with pytest.raises(BackupError, match="is not a folder"):
        check_backup(tmp_path / "none")


def test_a_backup_without_its_secrets_is_refused_unless_it_is_wanted(backup: Path, tmp_path: Path) -> None:
    (backup / "secrets.json").unlink()
    make_manifest(backup, server_version="18.0", content={}).write(backup)
    (backup / MANIFEST).unlink()
    make_manifest(backup, server_version="18.0", content={}).write(backup)
    settings = InstallationSettings(var=tmp_path / "var")
    with pytest.raises(BackupError, match="--without-secrets"):
        restore(settings, backup)
    with pytest.raises(PostgresError, match="--without-secrets"):
        back_up(settings, tmp_path / "another")
    assert not (tmp_path / "another").exists()


def test_nothing_starts_while_a_restore_has_not_ended(tmp_path: Path) -> None:
    settings = InstallationSettings(var=tmp_path)
    (tmp_path / "restoring").mkdir()
    assert "run it again" in (find_unfinished_restore(tmp_path) or "")
    with pytest.raises(RuntimeError, match="did not end"):
        Stack(settings)
    assert not (tmp_path / "secrets.json").exists()
    with pytest.raises(PostgresError, match="did not end"):
        back_up(settings, tmp_path / "backup")


def test_data_that_end_elsewhere_than_the_manifest_says_are_named() -> None:
    stated = {"rural": {"newest_change": 3}, "funding": {"newest_change": 9, "journal": None}}
    assert find_content_faults(stated, stated) == []
    (fault,) = find_content_faults(stated, {**stated, "funding": {"newest_change": 8, "journal": None}})
    assert fault.startswith("funding: ")
