"""nginx in front of a service, for the comparison of the proxy; where the machine has no nginx there is none."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.postgres import free_port

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream service {{ server {service}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""


@asynccontextmanager
async def serve_nginx(service_url: str, folder: Path) -> AsyncIterator[str | None]:
    """Serve nginx in front of a service; None where it is not installed."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    port, file = free_port(), folder / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(folder=folder, port=port, service=service_url.removeprefix("http://"))
    )
    process = await asyncio.create_subprocess_exec(program, "-p", str(folder), "-c", str(file))
    try:
        async with httpx.AsyncClient() as http:
            while process.returncode is None:
                try:
                    await http.get(f"http://127.0.0.1:{port}/livez")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
