"""A stack of tiny applications for the launcher's tests: `python stack.py '{"folder": …, "ports": …}'`."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from shared.local import launcher, postgres, supervisor  # noqa: E402
from shared.local.launcher import AppSpec, Launcher, run_launcher  # noqa: E402
from shared.local.postgres import EmbeddedPostgres  # noqa: E402
from shared.local.process_log import PrivateRotatingFileHandler  # noqa: E402


def create_app() -> Any:
    """Answer with the process id; fail to start, ignore a stop or write a long line when the test says so."""
    if os.environ.get("TINY_REFUSES"):
        raise SystemExit("no thank you")
    if os.environ.get("TINY_MISCONFIGURED"):
        raise SystemExit(os.EX_CONFIG)
    if "TINY_NEEDS" in os.environ and not Path(os.environ["TINY_NEEDS"]).exists():
        raise SystemExit("not yet")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            if os.environ.get("TINY_STUBBORN"):
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # after uvicorn's own handler
            print("x" * 200_000 if os.environ.get("TINY_LONG_LINE") else "hello")
            for number in range(int(os.environ.get("TINY_LINES", "0"))):
                print(f"line {number}")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("goodbye")
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

    return app


def make_postgres(folder: Path, port: Any) -> Any:
    settings = {"dynamic_shared_memory_type": "mmap"}
    return EmbeddedPostgres(folder / "postgres", port=port, password="tiny", settings=settings)


def make_app(name: Any, port: Any, folder: Path, environment: Any) -> Any:
    return AppSpec(
        name=name,
        factory="stack:create_app",
        port=port,
        environment={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{HERE}", **environment},
        port_setting=f"NTP_{name.upper()}_PORT",
        folder=folder,
    )


def main() -> Any:
    options = json.loads(sys.argv[1])
    folder = Path(options["folder"])
    environment = options.get("environment", {})
    launcher.PORT_RELEASE_SECONDS = options["port_release_seconds"]
    launcher.WATCH_SECONDS = options["watch_seconds"]
    supervisor.WATCH_PAUSE_SECONDS = min(options["watch_seconds"], supervisor.WATCH_PAUSE_SECONDS)
    postgres.STOP_SECONDS = options["postgres_stop_seconds"]
    log_handler = None
    if log := options.get("log"):
        log_handler = PrivateRotatingFileHandler(Path(log), max_bytes=4096, backup_count=1000)

    async def prepare() -> Any:
        await asyncio.sleep(0.5)
        (folder / "prepared").touch()
        return ["prepared"]

    return run_launcher(
        lambda: Launcher(
            apps=[make_app(name, port, folder, environment) for name, port in options["ports"].items()],
            folder=folder,
            prepare=prepare if "TINY_NEEDS" in environment else None,
            postgres=make_postgres(folder, options["postgres_port"]) if options["postgres_port"] else None,
            postgres_port_setting="NTP_POSTGRES_PORT",
            log_handler=log_handler,
            stop_seconds=options["stop_seconds"],
        )
    )


if __name__ == "__main__":
    sys.exit(main())
