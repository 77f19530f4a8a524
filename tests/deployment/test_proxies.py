"""nginx and haproxy with the files of a new project: what they forward, and what they do not."""

import asyncio
import io
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import aiohttp
import pytest

from framework import App, Body, Controller, EventStream, Request, WebSocket, get, post, websocket
from framework.cli.new.names import ProjectName
from framework.cli.new.project import shop_project
from framework.health import Health
from framework.middleware import ProxyHeaders
from framework.testing import serve_in_thread
from tests.deployment.conftest import run
from tests.deployment.serving import NGINX, free_port
from tests.http.tls import client_context
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CERTIFICATE = ROOT / "tests" / "http" / "localhost.pem"
FILES = shop_project(ProjectName("my-shop"), "postgresql")
SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "Forwarded": "for=203.0.113.9;proto=http;host=evil.example",
}
_MIB = 1024 * 1024
_AROUND_THE_SITE = """\
user root;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Echo(Controller):
    """Responds with what has arrived."""

    @get("/client")
    async def client(self, request: Request) -> list[str | int | None]:
        """Return address and scheme of the client, headers about it that nobody reads, and the proxy's port."""
        peer: tuple[str, int] = request.transport.get_extra_info("peername") if request.transport else ("", 0)
        unread = [request.headers.get(name) for name in ("X-Forwarded-Host", "Forwarded")]
        return [request.remote, request.scheme, request.url.host, *unread, peer[1]]

    @post("/bytes")
    async def count(self, data: Annotated[bytes, Body()]) -> int:
        """Return how many bytes there are."""
        return len(data)

    @get("/feed")
    async def feed(self) -> EventStream[str]:
        """Send an event, and nothing more."""
        yield "first"
        await asyncio.Event().wait()

    @websocket("/echo")
    async def echo(self, socket: WebSocket[str, str]) -> None:
        """Return messages."""
        async for message in socket:
            await socket.send(message)


@dataclass(frozen=True)
class Ports:
    """Where the proxy listens, and the port of the app."""

    http: int
    https: int
    app: int

    def replaced(self, text: str) -> str:
        """Return a configuration with these ports."""
        text = re.sub(r"\n    listen \[::\]:.*", "", text)
        text = re.sub(r"((?:listen|bind) )(?:127\.0\.0\.1)?:?80\b", rf"\g<1>127.0.0.1:{self.http}", text)
        text = re.sub(r"((?:listen|bind) ):?443\b", rf"\g<1>127.0.0.1:{self.https}", text)
        assert text.count("127.0.0.1:8000") == 1
        return re.sub(r"/etc/\w+/certificate/[\w.]+", str(CERTIFICATE), text).replace(
            "127.0.0.1:8000", f"127.0.0.1:{self.app}"
        )


def nginx(folder: Path, ports: Ports) -> Sequence[str]:
    """Write the configuration, check it, and return the command."""
    assert NGINX is not None, "nginx is not installed"
    (folder / "site.conf").write_text(ports.replaced(FILES["deploy/nginx/my-shop.conf"]))
    (folder / "nginx.conf").write_text(_AROUND_THE_SITE.format(folder=folder))
    command = (NGINX, "-e", str(folder / "log"), "-p", str(folder), "-c", str(folder / "nginx.conf"))
    run(*command, "-t", cwd=folder)
    assert "warn" not in (folder / "log").read_text()
    return command


def haproxy(folder: Path, ports: Ports) -> Sequence[str]:
    """Write the configuration, check it, and return the command."""
    assert HAPROXY is not None, "haproxy is not installed"
    file = folder / "haproxy.cfg"
    # It runs as who runs the tests.
    file.write_text(re.sub(r"\n    (user|group) haproxy", "", ports.replaced(FILES["deploy/haproxy/haproxy.cfg"])))
    assert "Warnings" not in run(HAPROXY, "-c", "-f", str(file), cwd=folder)
    return (HAPROXY, "-db", "-f", str(file))


@pytest.fixture(scope="module")
def app_port() -> Iterator[int]:
    """Serve the app in a thread."""
    app = App([Echo, Health()], middlewares=[ProxyHeaders(trusted=("127.0.0.1",))])
    with serve_in_thread(app.build()) as url:
        yield int(url.rpartition(":")[2].rstrip("/"))


@asynccontextmanager
async def running(command: Sequence[str], port: int, log: Path) -> AsyncIterator[None]:
    """Run a proxy until the end of the block; it listens when the block begins."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)  # noqa: ASYNC220, S603  ours

    async def listens() -> bool:
        assert process.poll() is None, log.read_text()  # noqa: ASYNC240  a short file
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            return False
        writer.close()
        return True

    try:
        await until(listens)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("proxy", [nginx, haproxy])
async def test_what_a_proxy_forwards(
    proxy: Callable[[Path, Ports], Sequence[str]], app_port: int, tmp_path: Path
) -> None:
    """Requests with the true client, events at once, sockets, and bodies that are not too large."""
    ports = Ports(free_port(), free_port(), app_port)
    async with (
        running(proxy(tmp_path, ports), ports.https, tmp_path / "printed"),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_context())) as client,
        asyncio.timeout(30),
    ):
        url = f"https://localhost:{ports.https}"
        await check_clients(client, url)
        await check_connections(client, url)
        await check_bodies(client, url)
        async with client.get(f"http://localhost:{ports.http}/client?a=b", allow_redirects=False) as response:
            assert response.status == 308
            assert re.fullmatch(r"https://localhost(:\d+)?/client\?a=b", response.headers["Location"])


async def check_clients(client: aiohttp.ClientSession, url: str) -> None:
    """What a client writes about itself is replaced; connections to the app are kept."""
    seen = []
    for _ in range(2):
        async with client.get(f"{url}/client", headers=SPOOFED) as response:
            seen.append(await response.json())
    assert seen[0][:5] == ["127.0.0.1", "https", "localhost", None, None]
    assert seen[0] == seen[1]
    async with client.get(f"{url}/health/ready") as response:
        assert response.status == 404


async def check_connections(client: aiohttp.ClientSession, url: str) -> None:
    """An event arrives before the next one is there; a socket is upgraded."""
    async with client.get(f"{url}/feed") as response:
        assert await response.content.readuntil(b"\n\n") == b"data: first\n\n"
    async with client.ws_connect(f"{url}/echo") as socket:
        await socket.send_str('"hello"')
        assert await socket.receive_str() == '"hello"'


async def check_bodies(client: aiohttp.ClientSession, url: str) -> None:
    """The app has the smaller limit, and explains it."""
    statuses = {}
    for size in (_MIB, 2 * _MIB, 4 * _MIB):
        headers = {"Content-Type": "application/octet-stream"}
        data = io.BytesIO(bytes(size))
        # With 100-continue, as large bodies are sent: otherwise a refusal can reset the connection.
        async with client.post(f"{url}/bytes", data=data, headers=headers, expect100=True) as response:
            statuses[size // _MIB] = (response.status, response.content_type)
    assert statuses == {
        1: (200, "application/json"),
        2: (413, "application/problem+json"),
        4: (413, "text/html"),
    }
