"""Two gateways and three instances of each service, behind a balancer and PgBouncer: figures, read your writes, a rolling upgrade."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx

from shared.local.settings import ROOT
from shared.local.stack import FACTORIES, SERVICES
from tests.postgres import free_port
from tests.running.installation import Installation, temporary_installation
from tests.scale.balancing import copy_readable
from tests.scale.pooler import running_pgbouncer
from tests.scale.programs import explain_missing, find_program, is_listening, make_open_folder, running
from tests.scale.report import PartReport
from tests.scale.traffic import CLIENT, LINE, TIMEOUT_S, Traffic, create_client
from tests.waiting import wait_until

MOST_INSTANCES = 3
GATEWAYS = 2
POOL_SIZE = "4"
ROUNDS = 30
"""Writes through one gateway, each read through the other at once."""
SETTLE_S = 3.0
"""Traffic before and after a roll, so that it meets both versions alone."""
COPIED = (
    "services",
    "gateway",
    "shared",
    "migrations",
    "examples",
    "clients",
    "alembic.ini",
    "pyproject.toml",
)

EXPANSION = """
\"\"\"A column more in the table that every write adds to.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "{new}"
down_revision = "{old}"
compatible_from = "{old}"


def upgrade():
    op.add_column("changes", sa.Column("remark", sa.Text))
"""


def count_instances(of_each: int) -> dict[str, int]:
    """Return the number of instances by process."""
    return {**dict.fromkeys(SERVICES, of_each), "webhooks": GATEWAYS, "gateway": GATEWAYS}


def measure_several_instances(of_each: int = MOST_INSTANCES) -> PartReport:
    """Run the part with so many instances of each service."""
    report = PartReport(f"two gateways, {of_each} instances of each service")
    counts = count_instances(of_each)
    with temporary_installation() as installation, contextlib.ExitStack() as opened:
        installation.ports = choose_ports()
        installation.tree = copy_tree(installation.folder.parent / "tree")
        installation.variables = {
            "NTP_POOL_SIZE": POOL_SIZE,
            "NTP_TRUSTED_PROXIES": "127.0.0.1",
            "NTP_CLIENT_LIMIT": "",
            "NTP_ADDRESS_LIMIT": "",
            "NTP_PART_WITHIN_S": "30",
            **{f"NTP_{name.upper()}_INSTANCES": str(count) for name, count in counts.items()},
        }
        gateways = [
            installation.gateway_url,
            f"http://127.0.0.1:{installation.ports['gateway'] + 10}",
        ]
        origin = prepare_balancer(report, installation, opened)
        if (reason := explain_missing("pgbouncer")) is not None:
            report.add("PgBouncer", f"left out: {reason}")
        else:
            opened.enter_context(running_pgbouncer(installation, installation.ports["postgres"]))
            report.add("PgBouncer", "before PostgreSQL")
        installation.start()
        report.add("processes of the product", sum(counts.values()))
        compare_figures(report, installation, gateways)
        secret = create_client(installation)
        read_own_writes(report, gateways, secret)
        revoke_everywhere(report, installation, gateways)
        roll_under_traffic(
            report, installation, origin or gateways[0], secret, with_gateways=origin is not None
        )
    return report


def choose_ports() -> dict[str, int]:
    """Return the first port of each process: the further instances listen ten and twenty ports above, all of them free."""
    while True:
        base = free_port()
        if not any(map(is_listening, range(base, base + 10 * MOST_INSTANCES))):
            return {name: base + number for number, name in enumerate((*FACTORIES, "postgres"))}


def copy_tree(target: Path) -> Path:
    """Copy the code, so that a further version can be brought in while it runs."""
    target.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def prepare_balancer(
    report: PartReport, installation: Installation, opened: contextlib.ExitStack
) -> str | None:
    """Run HAProxy before the gateways where it is installed; return the origin that clients use."""
    if (reason := explain_missing("haproxy")) is not None:
        report.add("HAProxy", f"left out: {reason}; gateways are not rolled")
        return None
    folder = make_open_folder(installation.folder.parent / "haproxy")
    port = free_port()
    environment = {
        "NTP_BALANCER": f"127.0.0.1:{port}",
        "NTP_GATEWAY_1": f"127.0.0.1:{installation.ports['gateway']}",
        "NTP_GATEWAY_2": f"127.0.0.1:{installation.ports['gateway'] + 10}",
    }
    command = [str(find_program("haproxy")), "-db", "-f", copy_readable("haproxy.cfg", folder)]
    opened.enter_context(running(command, folder / "log.txt", environment=environment, port=port))
    installation.variables["NTP_ISSUER"] = f"http://127.0.0.1:{port}"
    report.add("HAProxy", "before the gateways")
    return f"http://127.0.0.1:{port}"


def compare_figures(report: PartReport, installation: Installation, gateways: Sequence[str]) -> None:
    """Run the demo through each gateway."""
    for gateway in gateways:
        wait_until(partial(is_ready, gateway))
        demo = installation.tree / "examples" / "kontum-2023" / "demo.py"
        started_at = time.monotonic()
        result = subprocess.run(
            [sys.executable, str(demo), "--gateway", gateway],
            env=installation.environment, cwd=installation.tree, check=False, capture_output=True, text=True,
        )  # fmt: skip
        figures = [line.strip() for line in result.stdout.splitlines() if "figures as the plan" in line]
        if result.returncode != 0:
            print(result.stdout[-3000:], result.stderr[-3000:])
        report.require(
            f"demo through {gateway.rpartition(':')[2]}, {time.monotonic() - started_at:.0f} s",
            result.returncode == 0,
            figures[-1] if figures else f"exit code {result.returncode}",
        )


def is_ready(gateway: str) -> bool:
    """Whether a gateway serves: a busy machine keeps it from answering for a while after its start."""
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{gateway}/readyz", timeout=TIMEOUT_S).status_code == 200
    return False


def fetch_token(gateway: str, client: str, secret: str) -> dict[str, str]:
    """Return the header of a client."""
    response = httpx.post(
        f"{gateway}/oauth/token", auth=(client, secret), data={"grant_type": "client_credentials"}, timeout=TIMEOUT_S
    )  # fmt: skip
    response.raise_for_status()
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


def read_own_writes(report: PartReport, gateways: Sequence[str], secret: str) -> None:
    """Write through one gateway, and read the status of the year through the other at once."""
    token = fetch_token(gateways[0], CLIENT, secret)
    with httpx.Client(timeout=TIMEOUT_S) as http:
        path = "/v1/status?period=2021"
        allocated, old_values, never_fresh = 0, 0, 0
        for number in range(ROUNDS):
            writing, reading = gateways[number % 2], gateways[(number + 1) % 2]
            amount = 7_000_000 + number
            body = {
                **LINE, "year": 2021, "amount_vnd": amount,
                "decision": {"number": f"{number}/QĐ-OTHER", "date": "2021-01-05"},
            }  # fmt: skip
            http.get(f"{reading}{path}")  # in its memory before the write
            key = {"Idempotency-Key": f"read-{number}"}
            http.post(
                f"{writing}/v1/funding/allocations", json=body, headers={**token, **key}
            ).raise_for_status()
            allocated += amount
            response = http.get(f"{reading}{path}")
            funding = response.json()["funding"]
            is_fresh = funding["state"] == "fresh"
            shown = (funding["total"] or {}).get("allocated_vnd", 0)
            never_fresh += not is_fresh
            old_values += is_fresh and shown != allocated
    report.require(
        "old values marked fresh at the other gateway", old_values == 0, f"{old_values} of {ROUNDS}"
    )
    report.require("values not marked fresh", never_fresh == 0, f"{never_fresh} of {ROUNDS}")


def revoke_everywhere(report: PartReport, installation: Installation, gateways: Sequence[str]) -> None:
    """Disable a client through one gateway; measure until its token is refused through the other."""
    created = installation.run_command(
        *("exec", "gateway", "--", sys.executable, "-m", "gateway", "create-client", "--id", "ended"),
        *("--scope", "read", "admin"),
    )
    secret = httpx.Response(200, text=created.stdout).json()["client_secret"]
    token = fetch_token(gateways[0], "ended", secret)
    with httpx.Client(timeout=TIMEOUT_S) as http:
        assert http.get(f"{gateways[1]}/v1/funding/entries", headers=token).status_code == 200
        disabled = http.post(
            f"{gateways[0]}/v1/clients/ended/disable", headers={**token, "Idempotency-Key": "disable"}
        )
        disabled.raise_for_status()
        started_at = time.monotonic()
        wait_until(lambda: http.get(f"{gateways[1]}/v1/funding/entries", headers=token).status_code == 401)
    report.add(
        "a revoked token is refused by the other gateway after", f"{time.monotonic() - started_at:.1f} s"
    )


def roll_under_traffic(
    report: PartReport, installation: Installation, origin: str, secret: str, *, with_gateways: bool
) -> None:
    """Bring in a version with one expansion, and replace every process under senders and readers."""
    before = {
        child.name: child.pid for child in installation.run_folder.find_children() if child.name != "postgres"
    }
    bring_in_expansion(installation.tree)
    traffic = Traffic(origin, secret, patient=False)
    with traffic.running():
        time.sleep(SETTLE_S)
        started_at = time.monotonic()
        rolled = installation.run_command("roll")
        seconds = time.monotonic() - started_at
        time.sleep(SETTLE_S)
    lines = [line for line in rolled.stdout.splitlines() if ": back after" in line]
    if rolled.returncode != 0:
        print(rolled.stdout, rolled.stderr, installation.log.read_text()[-5000:])
    after = {child.name: child.pid for child in installation.run_folder.find_children()}
    replaced = [name for name, pid in before.items() if after.get(name) not in {None, pid}]
    failures = traffic.failures
    if not with_gateways:
        report.add("gateways without a balancer: requests that met one that stopped", len(failures))
        failures = []
    report.require(
        "processes replaced by the next version, PostgreSQL not",
        len(replaced) == len(before),
        f"{len(replaced)} of {len(before)}",
    )
    report.require("roll", rolled.returncode == 0, f"{len(lines)} processes in {seconds:.0f} s")
    report.add("writes and reads meanwhile", f"{traffic.writes.total()} and {traffic.reads.total()}")
    report.require(
        "writes and reads that failed", not failures, f"{len(failures)} {failures[:5] if failures else ''}"
    )
    traffic.compare(report)


def bring_in_expansion(tree: Path) -> None:
    """Add a revision of the kit to a copy of the code, and its code."""
    newest = max((tree / "migrations" / "kit").glob("0*.py"))
    number = int(newest.name[:4])
    old, new = f"kit_{number:04d}", f"kit_{number + 1:04d}"
    models = tree / "shared" / "kit" / "models.py"
    text = models.read_text()
    assert old in text, models
    models.write_text(text.replace(old, new))
    (newest.parent / f"{number + 1:04d}_expansion.py").write_text(EXPANSION.format(old=old, new=new))
