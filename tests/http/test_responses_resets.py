"""Clients that reset their connection in the middle of a response: nothing is logged."""

import asyncio
import logging
import socket
import ssl
import struct

import pytest
from aiohttp.test_utils import TestServer

from framework import Limits
from tests.http.big import BigResponses
from tests.http.raw import make_request
from tests.http.shapes import Serve, app_of
from tests.http.tls import client_context, server_context

# The client is looked at four times in this time.
SECONDS = 0.4
_RESET = struct.pack("ii", 1, 0)


@pytest.fixture(params=["tcp", "tls"])
def tls(request: pytest.FixtureRequest) -> bool:
    """Whether the server speaks TLS."""
    return bool(request.param == "tls")


@pytest.fixture
async def server(serve: Serve, tls: bool) -> TestServer:
    """Serve the answers."""
    app = app_of(BigResponses, limits=Limits(write_timeout=SECONDS))
    return await serve(app, **({"ssl": server_context()} if tls else {}))


async def _begin_and_reset(server: TestServer, target: str, tls: ssl.SSLContext | None) -> None:
    """Read the beginning of a response, let the server wait for a while, and reset the connection."""
    name = None if tls is None else "localhost"
    reader, writer = await asyncio.open_connection(server.host, server.port, ssl=tls, server_hostname=name)
    writer.write(make_request("GET", target))
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(SECONDS / 8)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


@pytest.mark.both_loops
@pytest.mark.parametrize("target", ["/encoded", "/response", "/stream", "/native"])
async def test_reset_amid_a_response_is_not_logged(
    server: TestServer, tls: bool, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the framework nor the event loop logs anything, whatever writes the response."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, "asyncio")
    await _begin_and_reset(server, target, client_context() if tls else None)
    await asyncio.sleep(2 * SECONDS)
    assert [one.getMessage() for one in caplog.records] == []
