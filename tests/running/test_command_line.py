"""The front panel: what each process is told, and what it is not."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.__main__ import main
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import FACTORIES, FOLLOWERS, SERVICES, Stack

SECRET_NAMES = [f"NTP_{owner.upper()}_DATABASE_PASSWORD" for owner in FACTORIES]
CLIENT_SECRETS = {f"{name}_client_secret" for name in FOLLOWERS}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("NTP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NTP_VAR", str(tmp_path / "var"))


def told(stack: Stack) -> dict[str, dict[str, str]]:
    return {one.name: dict(one.environment) for one in stack.launcher()._processes}


def test_each_process_enters_the_database_as_its_own_role_and_knows_no_other(tmp_path: Path):
    environments = told(Stack(InstallationSettings()))
    assert list(environments) == [*SERVICES, "gateway"]
    kept = json.loads((tmp_path / "var" / "secrets.json").read_text())
    for name, environment in environments.items():
        assert environment["NTP_DATABASE_URL"].startswith(f"postgresql+asyncpg://{name}:")
        assert environment["NTP_DATABASE_URL"].endswith("@127.0.0.1:8005/ntp")
        own = {f"{name}_database_password"}
        if name == "gateway":
            own |= {"client_secret_pepper", *CLIENT_SECRETS}
        if name in FOLLOWERS:
            own.add(f"{name}_client_secret")
        seen = {secret for secret, word in kept.items() if word in "".join(environment.values())}
        assert seen == own


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path):
    first = told(Stack(InstallationSettings()))
    file = tmp_path / "var" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert told(Stack(InstallationSettings())) == first
    assert stat.S_IMODE((tmp_path / "var" / "gateway").stat().st_mode) == 0o700


def test_secrets_of_the_environment_come_first_and_reach_nobody_else(monkeypatch, tmp_path: Path):
    for name in SECRET_NAMES:
        monkeypatch.setenv(name, f"p@ss/{name}")
    monkeypatch.setenv("NTP_CLIENT_SECRET_PEPPER", "pepper" * 6)
    monkeypatch.setenv("NTP_ETHNIC_CLIENT_SECRET", "secret of the follower" * 2)
    environments = told(Stack(InstallationSettings()))
    assert "rural:p%40ss%2FNTP_RURAL_DATABASE_PASSWORD@" in environments["rural"]["NTP_DATABASE_URL"]
    assert environments["gateway"]["NTP_CLIENT_SECRET_PEPPER"] == "pepper" * 6
    for name, environment in environments.items():
        assert not set(SECRET_NAMES) & set(environment)
        assert ("NTP_CLIENT_SECRET_PEPPER" in environment) == (name == "gateway")
        assert "NTP_ETHNIC_CLIENT_SECRET" not in environment
        assert ("NTP_CLIENT_SECRET" in environment) == (name in FOLLOWERS)
        assert ("secret of the follower" in str(environment)) == (name in {*FOLLOWERS, "gateway"})
    kept = json.loads((tmp_path / "var" / "secrets.json").read_text())
    assert set(kept) == {"postgres_password"}


def test_a_database_url_replaces_the_embedded_server(monkeypatch):
    monkeypatch.setenv(
        "NTP_ADMIN_DATABASE_URL", "postgresql://boss:secret@db.example:6432/postgres?sslmode=require"
    )
    stack = Stack(InstallationSettings())
    assert stack.postgres is None
    url = told(stack)["poverty"]["NTP_DATABASE_URL"]
    assert url.startswith("postgresql+asyncpg://poverty:")
    assert url.endswith("@db.example:6432/ntp?ssl=require")  # as SQLAlchemy's asyncpg dialect says it
    assert "secret" not in url


def test_a_service_can_move_to_a_database_of_its_own(monkeypatch):
    monkeypatch.setenv("NTP_FUNDING_DATABASE_URL", "postgresql+asyncpg://funding:x@far.example/money")
    stack = Stack(InstallationSettings())
    assert told(stack)["funding"]["NTP_DATABASE_URL"] == "postgresql+asyncpg://funding:x@far.example/money"
    assert "funding" not in stack._owners
    assert "far.example" not in told(stack)["rural"]["NTP_DATABASE_URL"]


def test_the_gateway_knows_where_everybody_is(monkeypatch):
    monkeypatch.setenv("NTP_RURAL_PORT", "9001")
    monkeypatch.setenv("NTP_GATEWAY_PORT", "9000")
    environments = told(Stack(InstallationSettings()))
    upstreams = json.loads(environments["gateway"]["NTP_UPSTREAMS"])
    assert upstreams["rural"] == "http://127.0.0.1:9001"
    assert set(upstreams) == set(SERVICES)
    assert environments["rural"]["NTP_GATEWAY_URL"] == "http://127.0.0.1:9000"
    assert environments["rural"]["NTP_ISSUER"] == "http://127.0.0.1:9000"


def test_a_setting_that_makes_no_sense_is_named_without_a_trace(monkeypatch, capsys):
    monkeypatch.setenv("NTP_RURAL_PORT", "eighty")
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith("NTP_RURAL_PORT: ")


def test_data_without_their_password_are_refused_in_a_sentence(tmp_path: Path, capsys):
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    assert main(["run"]) == 2
    assert "bring secrets.json back" in capsys.readouterr().err


def test_stop_and_status_where_nothing_runs(capsys):
    assert main(["stop"]) == 0
    assert main(["status"]) == 1
    assert capsys.readouterr().out.splitlines() == ["nothing was running", "not running"]


def test_the_panel_itself_loads_no_web_framework_and_no_orm():
    """The launcher stays for ever; what it loads is paid for ever."""
    asked = "import services.__main__, sys; print({'fastapi', 'sqlalchemy', 'alembic'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
