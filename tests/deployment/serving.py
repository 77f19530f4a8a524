"""Runs gunicorn or ``framework run``, and a proxy before it, for tests and measurements."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.http.tls import client_context

__all__ = (
    "APP",
    "NGINX",
    "PATIENCE",
    "ROOT",
    "RUN",
    "WORKER",
    "Master",
    "free_port",
    "proxy_before",
    "serve",
    "text_of",
    "until",
)

ROOT = Path(__file__).parents[2]
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
NGINX = shutil.which("nginx", path=_PATH)
HAPROXY = shutil.which("haproxy", path=_PATH)
APP = "tests.deployment.reloaded_app:app"
RUN = "framework run"
WORKER = "framework.worker.Worker"
# On a busy machine, several workers need their time to import everything.
PATIENCE = 60.0
_NGINX = """\
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream app {{ server 127.0.0.1:{upstream}; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        keepalive_requests 1000000;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
    }}
}}
"""
# An idle connection to a server is reused only if another request has been sent on it.
_HAPROXY = """\
global
    maxconn 4096
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
    option http-keep-alive
    http-reuse safe
    retries 0
frontend front
    bind 127.0.0.1:{port}
    default_backend app
backend app
    server one 127.0.0.1:{upstream}
"""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  as the docstring says
            await asyncio.sleep(0.05)


async def text_of(client: aiohttp.ClientSession) -> str:
    """Return the page, from any worker."""
    async with client.get("/", headers={"Connection": "close"}) as response:
        return await response.text()


class Master:
    """The master process of gunicorn, or the supervisor of ``framework run``."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path, scheme: str = "http") -> None:
        self.process = process
        self.port = port
        self._scheme = scheme
        self._log = log

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{self._scheme}://localhost:{self.port}"

    @property
    def log(self) -> str:
        """What it and its workers have written."""
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        self.process.send_signal(number)

    def workers(self) -> set[int]:
        """Return the processes of the workers, including one that waits."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(number) for number in tasks.read_text().split()}

    async def logged(self, text: str, *, times: int = 1) -> None:
        """Wait until the log has a text."""
        async with asyncio.timeout(PATIENCE):
            while self.log.count(text) < times:
                assert self.process.poll() is None, self.log
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Send SIGTERM and return the status."""
        self.signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, PATIENCE)


@asynccontextmanager
async def serve(
    target: str,
    worker: str = WORKER,
    *options: str,
    folder: Path,
    workers: int = 2,
    **variables: str,
) -> AsyncIterator[Master]:
    """Run gunicorn, or RUN, until the end of the block; it serves when the block begins.

    RUN with no ``workers`` is one process without a supervisor.
    """
    port = free_port()
    log = folder / "server.log"
    command = [sys.executable, "-m", *_command(target, worker, port, workers), "--keep-alive", "75", *options]
    path = os.pathsep.join((str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)  # noqa: ASYNC220, S603  ours
    master = Master(process, port, log, "https" if {"--certfile", "--certificate"} & {*options} else "http")
    try:
        await _until_served(master)
        yield master
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT if worker != RUN else signal.SIGKILL)
            try:
                await asyncio.to_thread(process.wait, 10)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


def _command(target: str, worker: str, port: int, workers: int) -> list[str]:
    if worker != RUN:
        options = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--no-control-socket"]
        return ["gunicorn", target, "--worker-class", worker, *options]
    several = ["--workers", str(workers)] if workers else []
    return ["framework", "run", target, "--host", "127.0.0.1", "--port", str(port), *several]


async def _until_served(master: Master) -> None:
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
        while True:
            assert master.process.poll() is None, master.log
            try:
                async with client.get(f"{master.url}/", ssl=client_context()):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def proxy_before(proxy: str | None, upstream: int, folder: Path) -> AsyncIterator[int]:
    """Run ``nginx`` or ``haproxy`` before a server, with connections that it keeps; yield its port, or the server's."""
    if proxy is None:
        yield upstream
        return
    port = free_port()
    file = folder / f"{proxy}.conf"
    text = _NGINX if proxy == "nginx" else _HAPROXY
    file.write_text(text.format(folder=folder, upstream=upstream, port=port))
    program = NGINX if proxy == "nginx" else HAPROXY
    assert program is not None, f"{proxy} is not installed"
    log = folder / f"{proxy}.log"
    words = ["-e", str(log), "-c", str(file), "-p", str(folder)] if proxy == "nginx" else ["-db", "-f", str(file)]
    with log.open("ab") as output:
        process = subprocess.Popen([program, *words], stdout=output, stderr=output)  # noqa: ASYNC220, S603  ours
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                assert process.poll() is None, log.read_text()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield port
    finally:
        process.terminate()
        process.wait()
