"""PostgreSQL with a standby under Patroni and etcd: a planned switchover, and kills of the primary and of its node, under senders."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from shared.local.postgres_programs import find_programs
from tests.postgres import free_port
from tests.running.installation import temporary_installation
from tests.scale.pooler import running_pgbouncer, write_private
from tests.scale.programs import explain_missing, find_account, find_program, make_open_folder, running
from tests.scale.report import PartReport
from tests.scale.traffic import Traffic, create_client
from tests.waiting import wait_until

NODES = ("first", "second")
LEASE_S = 20
"""Patroni's `ttl`, the shortest that it takes: so long a node that is lost keeps the lease."""
LONGEST_GAP_S = 10.0
"""The longest time without a write that a failover may take beside the lease."""
SETTLE_S = 5.0

BALANCER = """
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
listen postgres
    bind 127.0.0.1:{port}
    option httpchk GET /primary
    http-check expect status 200
    default-server check inter 500ms fall 1 rise 1 on-marked-down shutdown-sessions
{servers}
"""


@dataclass
class Node:
    """One PostgreSQL and its Patroni."""

    name: str
    folder: Path
    etcd_port: int
    password: str
    port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def write_configuration(self) -> Path:
        """Write Patroni's file; JSON is YAML."""
        account = {"username": "postgres", "password": self.password}
        configuration = {
            "scope": "ntp",
            "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.api_port}", "connect_address": f"127.0.0.1:{self.api_port}"},
            "etcd3": {"host": f"127.0.0.1:{self.etcd_port}"},
            "bootstrap": {
                "dcs": {
                    "ttl": LEASE_S,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "primary_start_timeout": 0,
                    "synchronous_mode": True,
                    "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 120}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.folder / "data"),
                "bin_dir": str(find_programs(None)),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {"superuser": account, "replication": account, "rewind": account},
                "parameters": {
                    "unix_socket_directories": "", "shared_buffers": "64MB", "jit": "off",
                    "timezone": "UTC", "password_encryption": "scram-sha-256",
                },
                "pg_hba": [
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication all 127.0.0.1/32 scram-sha-256",
                ],
            },
        }  # fmt: skip
        path = self.folder / "patroni.yml"
        write_private(path, json.dumps(configuration))
        return path

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [str(find_program("patroni")), str(self.write_configuration())],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, **find_account(),
            )  # fmt: skip

    def read_state(self) -> dict[str, Any]:
        """Return what Patroni says of the node; nothing where it does not answer."""
        with contextlib.suppress(httpx.TransportError):
            return dict(httpx.get(f"http://127.0.0.1:{self.api_port}/patroni", timeout=5).json())
        return {}

    def is_running(self) -> bool:
        """Whether PostgreSQL runs."""
        return self.read_state().get("state") == "running"

    def find_postmaster(self) -> int | None:
        """Return the process of PostgreSQL; None where it does not run."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        return None

    def kill_postgres(self) -> None:
        """Kill PostgreSQL as a fault would."""
        if (pid := self.find_postmaster()) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill Patroni and PostgreSQL, as where the machine is lost."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.kill_postgres()

    def stop(self) -> None:
        """End everything of the node."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.kill_postgres()


@dataclass
class Cluster:
    """Two nodes and their balancer."""

    nodes: dict[str, Node]
    password: str
    port: int = field(default_factory=free_port)

    @property
    def admin_url(self) -> str:
        """The administrator's URL of the primary, through the balancer."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def find_primary(self) -> Node | None:
        """Return the node that Patroni lets write."""
        for node in self.nodes.values():
            state = node.read_state()
            if state.get("role") in {"primary", "master"} and state.get("state") == "running":
                return node
        return None

    def is_whole(self) -> bool:
        """Whether a synchronous standby follows the primary."""
        states = [node.read_state() for node in self.nodes.values()]
        return any(state.get("sync_standby") for state in states) and self.find_primary() is not None

    def explain(self) -> str:
        """Return the ends of the logs."""
        return "\n".join((node.folder / "log.txt").read_text()[-2000:] for node in self.nodes.values())

    def wait_until_whole(self) -> Node:
        """Wait for a primary with a synchronous standby; return the primary."""
        wait_until(self.is_whole, self.explain)
        primary = self.find_primary()
        assert primary is not None
        return primary

    def switch_over(self, primary: Node) -> None:
        """Ask for a planned change to the other node."""
        (other,) = [name for name in self.nodes if name != primary.name]
        body = {"leader": primary.name, "candidate": other}
        httpx.post(
            f"http://127.0.0.1:{primary.api_port}/switchover", json=body, timeout=60
        ).raise_for_status()


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run etcd, two nodes and HAProxy until the block ends."""
    etcd_folder, balancer_folder = make_open_folder(folder / "etcd"), make_open_folder(folder / "balancer")
    etcd_port, peer_port = free_port(), free_port()
    client, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    etcd = [
        str(find_program("etcd")), "--name", "one", "--data-dir", str(etcd_folder / "data"),
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"one={peer}",
    ]  # fmt: skip
    password = secrets.token_urlsafe(12)
    with running(etcd, etcd_folder / "log.txt", port=etcd_port), contextlib.ExitStack() as opened:
        nodes = {name: Node(name, make_open_folder(folder / name), etcd_port, password) for name in NODES}
        cluster = Cluster(nodes, password)
        for node in nodes.values():
            opened.callback(node.stop)
            node.start()
            wait_until(node.is_running, cluster.explain)
        servers = "".join(
            f"    server {node.name} 127.0.0.1:{node.port} check port {node.api_port}\n"
            for node in nodes.values()
        )
        configuration = balancer_folder / "haproxy.cfg"
        write_private(configuration, BALANCER.format(port=cluster.port, servers=servers))
        command = [str(find_program("haproxy")), "-db", "-f", str(configuration)]
        with running(command, balancer_folder / "log.txt", port=cluster.port):
            cluster.wait_until_whole()
            yield cluster


def measure_failover() -> PartReport:
    """Run the part."""
    report = PartReport("failover of PostgreSQL by Patroni, with synchronous replication")
    if (reason := explain_missing("patroni", "etcd", "haproxy")) is not None:
        report.skipped = reason
        return report
    with temporary_installation() as installation, contextlib.ExitStack() as opened:
        cluster = opened.enter_context(running_cluster(installation.folder.parent / "cluster"))
        installation.variables = {
            "NTP_ADMIN_DATABASE_URL": cluster.admin_url,
            "NTP_CLIENT_LIMIT": "",
            "NTP_ADDRESS_LIMIT": "",
        }
        if (reason := explain_missing("pgbouncer")) is None:
            opened.enter_context(running_pgbouncer(installation, cluster.port))
        report.add("PgBouncer", "before HAProxy" if reason is None else f"left out: {reason}")
        installation.start()
        traffic = Traffic(installation.gateway_url, create_client(installation), patient=True)
        with traffic.running():
            wait_until(lambda: len(traffic.acknowledged) > 0)
            measure_events(report, cluster, traffic)
        report.add("answers to writes by status (0: none)", dict(sorted(traffic.writes.items())))
        report.add("answers to reads by status (0: none)", dict(sorted(traffic.reads.items())))
        report.require("answers with 500", not traffic.writes[500] + traffic.reads[500], traffic.writes[500])
        traffic.compare(report)
    return report


def measure_events(report: PartReport, cluster: Cluster, traffic: Traffic) -> None:
    """Measure the longest time without an acknowledged write around each event."""
    events = (
        ("planned switchover", cluster.switch_over, LONGEST_GAP_S),
        ("kill -9 of PostgreSQL on the primary", Node.kill_postgres, LONGEST_GAP_S),
        ("kill -9 of PostgreSQL and Patroni on the primary", Node.kill, LEASE_S + LONGEST_GAP_S),
    )
    for label, strike, longest_s in events:
        primary = cluster.wait_until_whole()
        time.sleep(SETTLE_S)
        struck_at = time.monotonic()
        strike(primary)
        wait_until(partial(is_writing_at_other, cluster, traffic, primary), cluster.explain)
        time.sleep(SETTLE_S)
        gap_s = traffic.find_longest_gap(struck_at, time.monotonic())
        report.require(
            f"{label}: seconds without a write (limit {longest_s:.0f})", gap_s < longest_s, f"{gap_s:.1f}"
        )
        if primary.process is not None and primary.process.poll() is not None:
            primary.start()


def is_writing_at_other(cluster: Cluster, traffic: Traffic, before: Node) -> bool:
    """Whether another node is the primary, and a write was acknowledged after that was seen."""
    primary = cluster.find_primary()
    if primary is None or primary is before:
        return False
    acknowledged = len(traffic.acknowledged_at)
    wait_until(lambda: len(traffic.acknowledged_at) > acknowledged + traffic.senders, cluster.explain)
    return True
