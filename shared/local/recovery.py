"""Recovery of an installation whose `secrets.json` is lost, damaged, or not the one of its data.

New passwords are set in the data by PostgreSQL in single-user mode, which asks for none; the migrations set those of the
services; the gateway ends what the old pepper sealed and lets an administrator in. Clients need new secrets afterwards.
"""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

from shared.local.backup import running_server
from shared.local.launcher import SetupError, run_job
from shared.local.postgres import EmbeddedPostgres
from shared.local.postgres_programs import PostgresError
from shared.local.run_folder import RunFolder
from shared.local.secrets_file import SecretsFile, SecretsFileError
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import Stack

SECRETS = "secrets.json"
REPLACED_SECRETS = "secrets.json.replaced"


def recover(settings: InstallationSettings, *, client_id: str, units: Sequence[str]) -> list[str]:
    """Make new secrets for the data of an installation; return the lines of the gateway, with the administrator's secret."""
    if RunFolder(settings.folder / "run").find_launcher() is not None:
        raise SetupError("the stack is running, so its secrets are not lost; `make stop` ends it")
    _replace_unusable_file(settings)
    secrets = SecretsFile(settings.folder / SECRETS)
    if settings.admin_database_url is None and (settings.folder / "postgres").exists():
        password = secrets.get_or_create("postgres_password")
        postgres = EmbeddedPostgres(
            settings.folder / "postgres",
            port=settings.find_port("postgres"),
            password=password,
            programs=settings.postgres_programs,
        )
        postgres.prepare()
        set_password(postgres, password)
    stack = Stack(settings)
    with running_server(stack):
        return asyncio.run(_recover_gateway(stack, client_id, units))


def set_password(postgres: EmbeddedPostgres, password: str) -> None:
    """Set the administrator's password of a server that does not run. Raise `PostgresError` with what it prints."""
    arguments = postgres.make_popen_arguments()
    result = subprocess.run(  # noqa: S603 (fixed arguments)
        postgres.make_single_user_command(),
        **{name: value for name, value in arguments.items() if name != "preexec_fn"},
        input=f"ALTER ROLE postgres PASSWORD '{password}'\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0 or "ERROR" in result.stderr:
        raise PostgresError(f"the password cannot be set:\n{result.stdout}{result.stderr}")


def _replace_unusable_file(settings: InstallationSettings) -> None:
    """Move a damaged file of secrets aside."""
    path = settings.folder / SECRETS
    try:
        SecretsFile(path)
    except SecretsFileError:
        path.replace(settings.folder / REPLACED_SECRETS)


async def _recover_gateway(stack: Stack, client_id: str, units: Sequence[str]) -> list[str]:
    await stack.migrate()
    named = [part for unit in units for part in ("--unit", unit)]
    return await run_job(
        [sys.executable, "-m", "gateway", "recover", "--id", client_id, *named],
        environment=stack.make_environment("gateway"),
        folder=ROOT,
    )
