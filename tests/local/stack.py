"""A stack of tiny applications for the launcher's tests: `python stack.py '{"folder": …, "ports": …}'`."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from shared.local.launcher import AppSpec, Launcher, run_launcher  # noqa: E402
from shared.local.postgres import EmbeddedPostgres  # noqa: E402


def create_app():
    """Answer with the process's number; refuse to start, end late or write a long line where the test says so."""
    if os.environ.get("TINY_REFUSES"):
        raise SystemExit("no thank you")
    if "TINY_NEEDS" in os.environ and not Path(os.environ["TINY_NEEDS"]).exists():
        raise SystemExit("not yet")
    if os.environ.get("TINY_STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # after uvicorn's own handler

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            print("x" * 200_000 if os.environ.get("TINY_LONG_LINE") else "hello")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("goodbye")
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

    return app


def embedded(folder, port):
    settings = {"dynamic_shared_memory_type": "mmap"}
    return (
        EmbeddedPostgres(folder / "postgres", port=port, password="tiny", settings=settings) if port else None
    )


def main():
    told = json.loads(sys.argv[1])
    folder = Path(told["folder"])

    async def prepare():
        await asyncio.sleep(0.5)
        (folder / "prepared").touch()
        return ["prepared"]

    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{HERE}", **told.get("environment", {})}
    return run_launcher(
        lambda: Launcher(
            processes=[
                AppSpec(
                    name=name,
                    app="stack:create_app",
                    port=port,
                    environment=environment,
                    port_setting=f"NTP_{name.upper()}_PORT",
                    folder=folder,
                )
                for name, port in told["ports"].items()
            ],
            folder=folder,
            before=prepare if "TINY_NEEDS" in environment else None,
            postgres=embedded(folder, told["postgres_port"]),
            postgres_setting="NTP_POSTGRES_PORT",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
