"""The command line of an installation: the environment of each process, and the messages."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.__main__ import main
from shared.local.connections import read_server_connections, require_connections
from shared.local.launcher import SetupError
from shared.local.run_folder import RunFolder
from shared.local.settings import PORT_OFFSETS, ROOT, InstallationSettings
from shared.local.stack import (
    DATABASE_OWNERS,
    FACTORIES,
    FEED_CONSUMERS,
    SCHEMA_OWNERS,
    SERVICES,
    SETTINGS_CLASSES,
    Stack,
    list_all_variables,
)
from tests.not_none import not_none
from tests.postgres import free_port
from tests.waiting import wait_until

PASSWORD_VARIABLES = [f"NTP_{owner.upper()}_DATABASE_PASSWORD" for owner in SCHEMA_OWNERS]
CLIENT_SECRETS = {f"{name}_client_secret" for name in FEED_CONSUMERS}


@pytest.fixture(autouse=True)
def remove_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("NTP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NTP_VAR", str(tmp_path / "var"))


def make_environments(stack: Stack | None = None) -> dict[str, dict[str, str]]:
    stack = stack or Stack(InstallationSettings())
    return {name: stack.make_environment(name) for name in FACTORIES}


def test_each_process_has_its_own_role_in_the_database_and_no_other_secret(tmp_path: Path) -> None:
    environments = make_environments()
    assert list(environments) == [*SERVICES, "webhooks", "gateway"]
    secrets = json.loads((tmp_path / "var" / "secrets.json").read_text())
    for name, environment in environments.items():
        assert environment["NTP_DATABASE_URL"].startswith(f"postgresql+asyncpg://{DATABASE_OWNERS[name]}:")
        assert environment["NTP_DATABASE_URL"].endswith("@127.0.0.1:8005/ntp")
        own = {f"{DATABASE_OWNERS[name]}_database_password"}
        if name == "webhooks":
            own.add("client_secret_pepper")
        if name == "gateway":
            own |= {"client_secret_pepper", *CLIENT_SECRETS}
        if name in FEED_CONSUMERS:
            own.add(f"{name}_client_secret")
        values = "".join(environment.values())
        assert {secret_name for secret_name, secret in secrets.items() if secret in values} == own


def test_secrets_are_generated_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = make_environments()
    file = tmp_path / "var" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert make_environments() == first
    assert stat.S_IMODE((tmp_path / "var" / "gateway").stat().st_mode) == 0o700


def test_secrets_of_the_environment_take_precedence_and_reach_only_their_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in PASSWORD_VARIABLES:
        monkeypatch.setenv(name, f"p@ss/{name}")
    monkeypatch.setenv("NTP_CLIENT_SECRET_PEPPER", "pepper" * 6)
    for name in FEED_CONSUMERS:
        monkeypatch.setenv(f"NTP_{name.upper()}_CLIENT_SECRET", f"secret of {name}, a consumer of feeds")
    environments = make_environments()
    assert "rural:p%40ss%2FNTP_RURAL_DATABASE_PASSWORD@" in environments["rural"]["NTP_DATABASE_URL"]
    assert environments["gateway"]["NTP_CLIENT_SECRET_PEPPER"] == "pepper" * 6
    for name, environment in environments.items():
        assert not set(PASSWORD_VARIABLES) & set(environment)
        assert ("NTP_CLIENT_SECRET_PEPPER" in environment) == (name in {"webhooks", "gateway"})
        assert "NTP_ETHNIC_CLIENT_SECRET" not in environment
        assert ("NTP_CLIENT_SECRET" in environment) == (name in FEED_CONSUMERS)
        own = {other for other in FEED_CONSUMERS if f"secret of {other}," in str(environment)}
        assert own == (set(FEED_CONSUMERS) if name == "gateway" else {name} & set(FEED_CONSUMERS))
    secrets = json.loads((tmp_path / "var" / "secrets.json").read_text())
    assert set(secrets) == {"postgres_password"}


def test_each_process_gets_the_variables_that_it_reads_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTP_CLIENT_LIMIT", "5/minute")
    monkeypatch.setenv("NTP_THRESHOLDS_FILE", "thresholds.toml")
    monkeypatch.setenv("NTP_LOG_JSON", "true")
    environments = make_environments()
    assert {name for name in FACTORIES if "NTP_CLIENT_LIMIT" in environments[name]} == {"gateway"}
    assert {name for name in FACTORIES if "NTP_THRESHOLDS_FILE" in environments[name]} == {"rural"}
    assert {name for name in FACTORIES if "NTP_LOG_JSON" in environments[name]} == set(FACTORIES)
    assert all("PATH" in environment for environment in environments.values())


def test_a_database_url_replaces_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "NTP_ADMIN_DATABASE_URL", "postgresql://boss:secret@db.example:6432/postgres?sslmode=require"
    )
    stack = Stack(InstallationSettings())
    assert stack.postgres is None
    url = make_environments(stack)["poverty"]["NTP_DATABASE_URL"]
    assert url.startswith("postgresql+asyncpg://poverty:")
    assert url.endswith("@db.example:6432/ntp?ssl=require")  # the name in SQLAlchemy's asyncpg dialect
    assert "secret" not in url


def test_a_service_can_have_a_database_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTP_FUNDING_DATABASE_URL", "postgresql+asyncpg://funding:x@far.example/money")
    stack = Stack(InstallationSettings())
    environments = make_environments(stack)
    assert environments["funding"]["NTP_DATABASE_URL"] == "postgresql+asyncpg://funding:x@far.example/money"
    assert "funding" not in stack._owners
    assert "far.example" not in environments["rural"]["NTP_DATABASE_URL"]


def test_the_gateway_gets_the_addresses_of_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTP_RURAL_PORT", "9001")
    monkeypatch.setenv("NTP_GATEWAY_PORT", "9000")
    environments = make_environments()
    upstreams = json.loads(environments["gateway"]["NTP_UPSTREAMS"])
    assert upstreams["rural"] == "http://127.0.0.1:9001"
    assert set(upstreams) == set(SERVICES)
    assert environments["rural"]["NTP_GATEWAY_URL"] == "http://127.0.0.1:9000"
    assert environments["rural"]["NTP_ISSUER"] == "http://127.0.0.1:9000"


def test_the_base_port_moves_every_port_and_the_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTP_BASE_PORT", "18100")
    monkeypatch.setenv("NTP_ETHNIC_PORT", "9003")
    settings = InstallationSettings()
    ports = {name: settings.find_port(name) for name in PORT_OFFSETS}
    assert ports == {
        "gateway": 18100,
        "rural": 18101,
        "poverty": 18102,
        "ethnic": 9003,
        "funding": 18104,
        "postgres": 18105,
        "oversight": 18106,
        "papers": 18107,
        "webhooks": 18108,
    }
    environments = make_environments()
    assert environments["rural"]["NTP_ISSUER"] == "http://127.0.0.1:18100"
    assert environments["rural"]["NTP_DATABASE_URL"].endswith("@127.0.0.1:18105/ntp")
    upstreams = json.loads(environments["gateway"]["NTP_UPSTREAMS"])
    assert upstreams["funding"] == "http://127.0.0.1:18104"
    assert upstreams["ethnic"] == "http://127.0.0.1:9003"


def test_instances_have_ports_state_folders_and_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NTP_RURAL_INSTANCES", "3")
    monkeypatch.setenv("NTP_GATEWAY_INSTANCES", "2")
    monkeypatch.setenv("NTP_FUNDING_PORT", "9004")
    stack = Stack(InstallationSettings())
    apps = {instance: stack.make_app(instance) for instance in stack.list_instances()}
    assert list(apps) == ["rural", "rural-2", "rural-3", *SERVICES[1:], "webhooks", "gateway", "gateway-2"]
    assert {name: app.port for name, app in apps.items() if "-" in name} == {
        "rural-2": 8011,
        "rural-3": 8021,
        "gateway-2": 8010,
    }
    upstreams = json.loads(apps["gateway-2"].environment["NTP_UPSTREAMS"])
    assert upstreams["rural"] == [f"http://127.0.0.1:{port}" for port in (8001, 8011, 8021)]
    assert upstreams["funding"] == "http://127.0.0.1:9004"
    third = apps["rural-3"].environment
    assert (third["NTP_INSTANCE"], third["NTP_STATE_DIR"]) == ("rural-3", str(tmp_path / "var" / "rural-3"))
    assert {
        name: app.environment["NTP_GATEWAY_URL"][-4:] for name, app in apps.items() if "rural" in name
    } == {
        "rural": "8000",
        "rural-2": "8010",
        "rural-3": "8000",
    }
    assert {app.environment["NTP_ISSUER"] for app in apps.values()} == {"http://127.0.0.1:8000"}
    assert "NTP_INSTANCE" not in apps["funding"].environment
    running = InstallationSettings().replace_ports({name: app.port + 100 for name, app in apps.items()})
    assert (running.find_port("rural-3"), running.list_instances("gateway")) == (
        8121,
        ["gateway", "gateway-2"],
    )


def test_pools_that_exceed_what_postgresql_accepts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FACTORIES:
        monkeypatch.setenv(f"NTP_{name.upper()}_INSTANCES", "3")
    stack = Stack(InstallationSettings())
    assert stack.count_connections() == 3 * 8 * 6
    assert stack.postgres is not None
    assert stack.postgres._settings["max_connections"] == "154"
    with pytest.raises(
        SetupError, match=r"may open 144 database connections .* accepts 100: lower NTP_POOL_SIZE"
    ):
        require_connections(stack.count_connections(), 100)
    require_connections(90, 100)
    for name in FACTORIES:
        monkeypatch.setenv(f"NTP_{name.upper()}_INSTANCES", "9")
    monkeypatch.setenv("NTP_POOL_SIZE", "10")
    with pytest.raises(SetupError, match="may open 720"):
        Stack(InstallationSettings())
    monkeypatch.setenv("NTP_DATABASE_ADDRESS", "127.0.0.1:6432")
    environment = Stack(InstallationSettings()).make_environment("rural-2")
    assert environment["NTP_DATABASE_URL"].endswith("@127.0.0.1:6432/ntp")


def test_every_process_has_a_port_and_a_settings_class() -> None:
    assert set(PORT_OFFSETS) == {*FACTORIES, "postgres"}
    assert set(SETTINGS_CLASSES) == set(FACTORIES)
    assert len(set(PORT_OFFSETS.values())) == len(PORT_OFFSETS)


def test_a_base_port_without_room_for_the_others_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NTP_BASE_PORT", "65531")
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith("NTP_BASE_PORT: ")


def test_an_invalid_setting_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NTP_RURAL_PORT", "eighty")
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith("NTP_RURAL_PORT: ")


def test_a_variable_that_nothing_reads_is_named_at_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("NTP_RURL_PORT", "9001")
    monkeypatch.setenv("NTP_CLIENT_LIMIT", "5/minute")
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    assert main(["run"]) == 2
    first, _ = capsys.readouterr().err.splitlines()
    assert first == "warning: nothing reads the variable NTP_RURL_PORT; did you mean NTP_RURAL_PORT?"


def test_the_variables_of_the_product_include_those_of_its_services() -> None:
    assert {"NTP_BASE_PORT", "NTP_THRESHOLDS_FILE", "NTP_CLIENT_LIMIT", "NTP_LIVE_ON"} <= list_all_variables()


def test_data_without_their_password_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    assert main(["run"]) == 2
    assert "bring secrets.json back" in capsys.readouterr().err


def test_stop_and_status_where_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop"]) == 0
    assert main(["status"]) == 1
    assert capsys.readouterr().out.splitlines() == ["nothing was running", "not running"]


def test_the_record_of_a_launcher_of_the_last_release_is_read(tmp_path: Path) -> None:
    """An upgrade brings in the new version first and stops the old stack with it."""
    run_folder = RunFolder(tmp_path / "run")
    run_folder.acquire_lock({})
    record = json.loads((tmp_path / "run" / "launcher.pid").read_text())
    del record["ports"]
    (tmp_path / "run" / "launcher.pid").write_text(json.dumps(record))
    assert not_none(run_folder.find_launcher()).pid == os.getpid()
    run_folder.release_lock()


def test_the_command_line_loads_no_web_framework_and_no_orm() -> None:
    """The launcher runs as long as the product, and so does what it has loaded."""
    code = (
        "import services.__main__, shared.local.stack as stack, sys; stack.list_all_variables(); "
        "print({'fastapi', 'sqlalchemy', 'alembic'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "content", [b"", b'{"postgres_password": "half', b"[]", b'{"a": 1}', b"\xff\xfe", b"null"]
)
def test_secrets_that_cannot_be_read_are_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "var" / "secrets.json"
    file.parent.mkdir()
    file.write_bytes(content)
    assert main(["run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{file} is damaged (")
    assert file.read_bytes() == content


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["no text", "a folder"])
def test_a_file_of_secrets_that_cannot_be_read_is_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    monkeypatch.setenv("NTP_SECRETS_DIR", str(folder))
    file = folder / "ntp_client_secret_pepper"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    assert main(["run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("NTP_CLIENT_SECRET_PEPPER: ")
    assert not (tmp_path / "var").exists()


def test_a_folder_of_secrets_that_is_none_is_refused_and_no_secrets_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a wrong path would start an installation on secrets of its own making."""
    monkeypatch.setenv("NTP_SECRETS_DIR", str(tmp_path / "mountd"))
    assert main(["run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("NTP_SECRETS_DIR: ")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("url", ["nonsense", "postgresql://a:b@127.0.0.1:1/x", "mysql://a:b@127.0.0.1/x"])
def test_a_server_that_lets_nobody_in_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(
        SetupError, match=r"^PostgreSQL does not let this command in .*NTP_ADMIN_DATABASE_URL"
    ):
        asyncio.run(read_server_connections(url))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NTP_UPSTREAMS", "nonsense"),
        ("NTP_DATABASE_URL", "nonsense"),
        ("NTP_DATABASE_URL", "postgresql://gateway:x@127.0.0.1/ntp"),
        ("NTP_CLIENT_SECRET_PEPPER", "short"),
        ("NTP_SECRETS_DIR", "/nowhere/at/all"),
    ],
)
@pytest.mark.parametrize("module", ["shared.kit.serve", "gateway"])
def test_a_wrong_setting_of_a_process_is_named_without_a_traceback(
    variable: str, value: str, module: str
) -> None:
    commands = {
        "shared.kit.serve": ["gateway.app:create_app", "--port", str(free_port())],
        "gateway": ["rotate-keys"],
    }
    environment = make_environments()["gateway"] | {variable: value}
    refused = subprocess.run(
        [sys.executable, "-m", module, *commands[module]],
        cwd=ROOT,
        env=environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = refused.stderr.splitlines()
    assert line.removeprefix("not started: ").startswith(f"{variable}: ")
    assert refused.returncode == {"shared.kit.serve": os.EX_CONFIG, "gateway": 2}[module]


def test_a_process_that_is_stopped_while_it_loads_writes_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text(
        "import pathlib, time\npathlib.Path(__file__).with_name('loading').touch()\ntime.sleep(3600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.kit.serve", "gateway.app:create_app", "--port", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((tmp_path / "loading").exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (-signal.SIGINT, "")


@pytest.mark.parametrize("command", ["run", "backup", "restore", "check-backup"])
def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "var").write_text("a file")
    arguments = [] if command == "run" else [str(tmp_path / "var" / "backup")]
    assert main([command, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "var") in line
