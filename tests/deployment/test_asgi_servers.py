import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from tests.deployment.serving import ROOT, free_port
from tests.waiting import until

_APP = "tests.deployment.asgi_app:asgi"
_COMMANDS = {
    "uvicorn": ("uvicorn", _APP, "--port", "{port}", "--timeout-graceful-shutdown", "2"),
    "hypercorn": ("hypercorn", _APP, "--bind", "127.0.0.1:{port}", "--graceful-timeout", "1"),
    "granian": ("granian", _APP, "--interface", "asgi", "--port", "{port}", "--workers-kill-timeout", "5"),
}


class _Server(NamedTuple):
    url: str
    told: Path
    process: "subprocess.Popen[bytes]"

    def has_told(self, line: str) -> bool:
        return line in self.told.read_text().splitlines()


@asynccontextmanager
async def _serving(name: str, folder: Path) -> AsyncIterator[_Server]:
    """Run an ASGI server."""
    port, told, log = free_port(), folder / "told", folder / "log"
    command = [one.format(port=port) for one in _COMMANDS[name]]
    environment = {**os.environ, "ASGI_LOG": str(told)}
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: ASYNC220, S603  ours
            [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=file, stderr=file
        )
    server = _Server(f"http://127.0.0.1:{port}", told, process)
    try:
        async with ClientSession() as client:
            await until(lambda: _responds(client, server))
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "uvicorn" else pytest.mark.slow) for name in _COMMANDS]
)
async def test_server(name: str, tmp_path: Path) -> None:
    """Under each server, controllers respond as under aiohttp; its process ends in order."""
    async with _serving(name, tmp_path) as server:
        async with ClientSession(server.url, auto_decompress=False) as client:
            await _check_responses(client)
            await _check_bodies(server, client)
            await _check_files_and_places(server, client)
            await _check_streams(server, client)
            await _check_sockets(server, client)
        await _check_stop(server)


async def _responds(client: ClientSession, server: _Server) -> bool:
    try:
        async with client.get(f"{server.url}/items/1") as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        await asyncio.sleep(0.1)
        return False


async def _check_responses(client: ClientSession) -> None:
    """Bodies, errors and headers are those of any other server."""
    async with client.get("/items/7") as response:
        assert (response.status, await response.read()) == (200, b'{"number":7}')
        assert response.headers["Content-Type"] == "application/json"
        assert len(response.headers.getall("Date")) == 1
    async with client.head("/items/7") as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "12")
    async with client.options("/items/7") as response:
        assert (response.status, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    async with client.delete("/items/7") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert await response.json(content_type="application/problem+json") == {
            "type": "about:blank",
            "title": "Method Not Allowed",
            "status": 405,
            "instance": "/items/7",
        }
    async with client.get("/items/none%20such") as response:
        problem = await response.json(content_type="application/problem+json")
        assert (problem["status"], problem["instance"]) == (422, "/items/none%20such")
        assert problem["errors"][0]["location"] == "path"


async def _check_bodies(server: _Server, client: ClientSession) -> None:
    """Bodies with a length and in chunks arrive whole, and limits hold."""
    async with client.post("/items", json={"number": 3}) as response:
        assert (response.status, await response.read()) == (200, b'{"number":3}')
    await until(lambda: server.has_told("remembered 3"))
    data = bytes(3_000_000)
    async with client.post("/size", data=BytesIO(data)) as response:
        assert await response.read() == b"3000000"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    async with client.post("/size", data=chunks()) as response:
        assert await response.read() == b"3000000"
    headers = {"Content-Type": "application/json", "Expect": "100-continue"}
    async with client.post("/items", data=BytesIO(data), headers=headers) as response:
        assert response.status == 413
    async with client.post("/items", data=b'{"number":5}', headers=headers) as response:
        assert response.status == 200


async def _check_files_and_places(server: _Server, client: ClientSession) -> None:
    """A file is sent, whole or in part; the request has the address and the scheme of the server."""
    async with client.get("/file", headers={"Range": "bytes=3-12"}) as response:
        assert (response.status, await response.read()) == (206, b"An applica")
    async with client.get("/file") as response:
        assert len(await response.read()) == int(response.headers["Content-Length"])
    async with client.get("/place") as response:
        assert await response.json() == {"scheme": "http", "remote": "127.0.0.1", "type": "http", "path": "/place"}
    assert server.has_told("GET /file 206")


async def _check_streams(server: _Server, client: ClientSession) -> None:
    """Events arrive one by one; when the client disconnects, the generator is closed."""
    async with client.get("/events") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert await response.content.readuntil(b"data: 2\n\n") == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
        response.close()
    await until(lambda: server.has_told("events closed"))


async def _check_sockets(server: _Server, client: ClientSession) -> None:
    """Messages go to and fro, and either side closes."""
    async with client.ws_connect("/echo") as socket:
        await socket.send_str('{"number":1}')
        assert await socket.receive_str() == '{"number":1}'
        await socket.send_str('{"number":9}')
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 3009
    async with client.ws_connect("/echo") as socket:
        await socket.send_str('{"number":0}')
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == 1008
    async with client.ws_connect("/echo") as socket:
        await socket.send_str('{"number":2}')
        assert await socket.receive_str() == '{"number":2}'
    await until(lambda: server.told.read_text().count("socket closed") == 3)
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/echo", origin="https://elsewhere.example")
    assert refused.value.status == 403


async def _check_stop(server: _Server) -> None:
    """On SIGTERM the services are closed, and the process ends."""
    server.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(server.process.wait, 20)
    assert server.told.read_text().splitlines()[-1] == "engine closed"
    assert server.told.read_text().count("engine opened") == 1
