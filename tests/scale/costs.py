"""What one province costs: processor time and disk of its reports and reads, memory of its processes. `docs/scale.md` reckons with them."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import httpx

from shared.local.settings import InstallationSettings
from shared.local.stack import Stack
from tests.running.installation import Installation, temporary_installation
from tests.scale.report import PartReport
from tests.scale.several_instances import fetch_token
from tests.scale.standby import run_statement
from tests.scale.traffic import CLIENT, LINE, TIMEOUT_S, create_client

REPEATS = 200
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SIZES = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
COUNT_VALUES = "SELECT (SELECT count(*) FROM {0}.observations)"
PROGRAMS = ("rural", "poverty", "ethnic")


def measure_costs() -> PartReport:
    """Run the part."""
    report = PartReport("costs of one province")
    with temporary_installation() as installation:
        installation.variables = {
            "NTP_CLIENT_LIMIT": "",
            "NTP_ADDRESS_LIMIT": "",
            "NTP_PART_WITHIN_S": "300",
            "NTP_ANSWER_WITHIN_S": "300",
        }
        installation.start()
        settings = InstallationSettings(var=installation.folder, postgres_port=installation.ports["postgres"])
        database = Stack(settings).admin_url.removesuffix("/postgres") + "/ntp"
        measure_demo(report, installation, database)
        measure_requests(report, installation)
        memory = {name: read_memory_mb(pid) for name, pid in find_processes(installation).items()}
        report.add("memory of all processes, PostgreSQL included (MB, PSS)", f"{sum(memory.values()):.0f}")
    return report


def measure_demo(report: PartReport, installation: Installation, database: str) -> None:
    """Post the demo, and measure what it took."""
    before_s, before_bytes = read_cpu_s(installation), run_statement(database, SIZES)
    demo = [sys.executable, str(installation.tree / "examples" / "kontum-2023" / "demo.py")]
    result = subprocess.run(
        [*demo, "--gateway", installation.gateway_url],
        env=installation.environment, cwd=installation.tree, check=False, capture_output=True, text=True,
    )  # fmt: skip
    report.require(
        "demo", result.returncode == 0, next(iter(result.stdout.splitlines()), result.stderr[-300:])
    )
    if result.returncode != 0:
        print(result.stdout[-3000:], result.stderr[-3000:])
    if not result.stdout:
        return
    values = sum(int(str(run_statement(database, COUNT_VALUES.format(name)))) for name in PROGRAMS)
    reports = sum(
        int(str(run_statement(database, f"SELECT count(*) FROM {name}.reports"))) for name in PROGRAMS
    )
    entries = int(str(run_statement(database, "SELECT count(*) FROM funding.entries")))
    cpu_s = read_cpu_s(installation) - before_s
    grown_bytes = int(str(run_statement(database, SIZES))) - int(str(before_bytes))
    report.add("demo: reports, values, ledger entries", f"{reports}, {values}, {entries}")
    report.add("processor time of all processes for the demo (s)", f"{cpu_s:.1f}")
    posted = int(result.stdout.split()[0])
    report.add(
        "the same for each of its requests (ms)", f"{posted} requests, {cpu_s * 1000 / posted:.0f} each"
    )
    report.add("disk of the demo (bytes for each value or entry)", f"{grown_bytes / (values + entries):.0f}")


def measure_requests(report: PartReport, installation: Installation) -> None:
    """Read and write so many times, and measure what each took."""
    token = fetch_token(installation.gateway_url, CLIENT, create_client(installation))
    with httpx.Client(base_url=installation.gateway_url, timeout=TIMEOUT_S) as http:
        before_s = read_cpu_s(installation)
        for _ in range(REPEATS):
            http.get("/v1/status?period=2023").raise_for_status()
        report.add(
            "processor time of a status (ms)", f"{(read_cpu_s(installation) - before_s) * 1000 / REPEATS:.1f}"
        )
        before_s = read_cpu_s(installation)
        for number in range(REPEATS):
            decision = {"number": f"{number}/QĐ-COSTS", "date": "2022-01-05"}
            body = {**LINE, "amount_vnd": 1_000_000 + number, "decision": decision}
            key = {"Idempotency-Key": f"costs-{number}"}
            http.post("/v1/funding/allocations", json=body, headers={**token, **key}).raise_for_status()
        report.add(
            "processor time of an allocation (ms)",
            f"{(read_cpu_s(installation) - before_s) * 1000 / REPEATS:.1f}",
        )


def find_processes(installation: Installation) -> dict[str, int]:
    """Return the processes of the product and of PostgreSQL, by name."""
    children = {child.name: child.pid for child in installation.run_folder.find_children()}
    backends = list_children(children["postgres"])
    return {**children, **{f"postgres {pid}": pid for pid in backends}}


def list_children(parent: int) -> list[int]:
    """Return the children of a process."""
    children = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            children.append(int(file.parent.name))
    return children


def read_cpu_s(installation: Installation) -> float:
    """Return the processor time of all processes so far, with that of backends that have ended."""
    return sum(read_ticks(find_processes(installation).values())) / TICKS_PER_S


def read_ticks(pids: Iterable[int]) -> Iterable[int]:
    """Yield the ticks of each process and of its ended children."""
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield sum(map(int, fields[11:15]))


def read_memory_mb(pid: int) -> float:
    """Return the memory of a process; what it shares with others counts once among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
