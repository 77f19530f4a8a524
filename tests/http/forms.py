"""Forms as they stand on the wire."""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp.test_utils import BaseTestServer

from tests.http.raw import Answer, connect, exchange, make_request

__all__ = ("BOUNDARY", "MULTIPART", "URLENCODED", "multipart", "part", "send_parts", "send_urlencoded")

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
BOUNDARY = "XboundaryX"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(
    name: str, content: bytes | str, *, filename: str | None = None, media_type: str | None = None, **headers: str
) -> bytes:
    """Return one part of a multipart form."""
    disposition = f'form-data; name="{name}"' + ("" if filename is None else f'; filename="{filename}"')
    lines = [f"Content-Disposition: {disposition}"]
    lines += [] if media_type is None else [f"Content-Type: {media_type}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    data = content.encode() if isinstance(content, str) else content
    return "\r\n".join([*lines, "", ""]).encode() + data


def multipart(*parts: bytes) -> bytes:
    """Return the body of a multipart form."""
    delimiter = f"--{BOUNDARY}".encode()
    return b"".join(delimiter + b"\r\n" + one + b"\r\n" for one in parts) + delimiter + b"--\r\n"


async def send_parts(server: BaseTestServer, target: str, *parts: bytes, probe: bytes | None = None) -> Answer:
    """Post a multipart form; with a ``probe`` the connection must stay usable."""
    data = make_request("POST", target, headers=MULTIPART, body=multipart(*parts))
    if probe is not None:
        return await exchange(server, data, probe=probe)
    async with connect(server) as connection:
        return await connection.exchange(data)


async def send_urlencoded(
    server: BaseTestServer, target: str, fields: Mapping[str, str | list[str]] | bytes, **headers: str
) -> Answer:
    """Post an urlencoded form."""
    body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
    async with connect(server) as connection:
        return await connection.exchange(make_request("POST", target, headers={**URLENCODED, **headers}, body=body))
