"""Files on their way: clients that are slow or go away, TLS, and files that change meanwhile."""

import asyncio
import gc
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from framework import App, Controller, get
from framework.responses import FileResponse
from framework.static import StaticFiles
from tests.http.disk import BIG, HUGE, SHORT, SMALL, files_app, fill, until_closed
from tests.http.observing import Recorder
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, logged
from tests.http.tls import client_context, server_context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of all sizes."""
    return fill(tmp_path)


@pytest.fixture
async def server(serve: Serve, folder: Path) -> TestServer:
    """Serve the folder's files, by their names."""
    return await serve(files_app(folder))


@pytest.mark.parametrize("target", ["/slow/huge.bin", "/bytes"])
async def test_reader_that_takes_nothing(server: TestServer, folder: Path, target: str) -> None:
    """Whoever takes nothing for as long as write_timeout says is cut off; others are served meanwhile."""
    with socket.create_connection((server.host, server.port)) as client:
        client.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, make_request("GET", target))
        assert await loop.sock_recv(client, 10) == b"HTTP/1.1 2"
        assert (await ask(server, "GET", "/small.txt")).body == SMALL
        await asyncio.sleep(1.2)
        received = 0
        async with asyncio.timeout(20):
            try:
                while piece := await loop.sock_recv(client, 1 << 20):
                    received += len(piece)
            except ConnectionResetError:
                pass
        assert received < HUGE
    await until_closed(folder / "huge.bin")


async def test_reader_that_is_slow_and_takes_something(server: TestServer, folder: Path) -> None:
    """Whoever takes something now and then gets everything, however long it takes."""
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 16)
    writer.write(make_request("GET", "/patient/huge.bin", headers={"Connection": "close"}))
    received = 0
    async with asyncio.timeout(60):
        for _ in range(6):
            received += len(await reader.readexactly(1 << 20))
            await asyncio.sleep(0.3)
        while piece := await reader.read(1 << 20):
            received += len(piece)
    writer.close()
    assert received > HUGE
    await until_closed(folder / "huge.bin")


@pytest.mark.parametrize("linger", [True, False])
async def test_reader_that_goes_away(server: TestServer, folder: Path, linger: bool) -> None:
    """A file is closed when its reader closes or resets the connection."""
    with socket.create_connection((server.host, server.port)) as client:
        client.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, make_request("GET", "/huge.bin"))
        await loop.sock_recv(client, 10)
        if linger:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await until_closed(folder / "huge.bin")


async def test_server_that_stops(serve: Serve, folder: Path) -> None:
    """A file is closed when the server goes down amid it."""

    class Files(Controller):
        @get("/huge")
        async def huge(self) -> FileResponse:
            return FileResponse(folder / "huge.bin")

    server = await serve(app_of(Files), shutdown_timeout=0.05)
    with socket.create_connection((server.host, server.port)) as client:
        client.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, make_request("GET", "/huge"))
        await loop.sock_recv(client, 10)
        await server.close()
    await until_closed(folder / "huge.bin")


async def test_file_that_becomes_shorter(server: TestServer, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The connection is cut, so that the client knows that something is missing."""
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1 << 10)
    writer.write(make_request("GET", "/huge.bin"))
    await reader.readuntil(b"\r\n\r\n")
    os.truncate(folder / "huge.bin", 1000)
    received = 0
    async with asyncio.timeout(20):
        try:
            while piece := await reader.read(1 << 20):
                received += len(piece)
        except ConnectionResetError:
            pass
    writer.close()
    assert received < HUGE
    assert logged(caplog) == []
    await until_closed(folder / "huge.bin")


async def test_file_through_tls(folder: Path) -> None:
    """Where the kernel cannot copy, the file is read and written in pieces."""

    class Files(Controller):
        @get("/{name}", limits=SHORT)
        async def show(self, name: str) -> FileResponse:
            return FileResponse(folder / name)

    runner = web.AppRunner(app_of(Files).build())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context())
    await site.start()
    (_, port), *_ = runner.addresses
    async with ClientSession(connector=TCPConnector(ssl=client_context())) as session:
        async with session.get(f"https://localhost:{port}/big.mp4", headers={"Range": "bytes=5-"}) as response:
            assert (response.status, await response.read()) == (206, BIG[5:])
        async with session.get(f"https://localhost:{port}/huge.bin") as response:
            assert await response.content.readexactly(10) == bytes(10)
            await asyncio.sleep(1.2)
            with pytest.raises(ClientError):
                await response.read()
    await until_closed(folder / "huge.bin")
    await runner.cleanup()


async def test_a_thread_that_fails_after_its_client_has_gone_is_not_reported(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is closed while it sends."""
    (tmp_path / "large.bin").write_bytes(bytes(50_000_000))
    recorder, begun = Recorder(), threading.Event()

    def send(*_: int) -> int:
        begun.set()
        time.sleep(0.3)
        raise BrokenPipeError

    monkeypatch.setattr(os, "sendfile", send)
    server = await serve(App([StaticFiles("/files", tmp_path)], observers=[recorder]))

    async with connect(server) as connection:
        await connection.send(make_request("GET", "/files/large.bin"))
        assert await asyncio.to_thread(begun.wait, 10)
    (one,) = await recorder.ended(1)
    await asyncio.sleep(0.5)
    gc.collect()

    assert one.client_gone
    assert caplog.messages == []
