"""Paths and addresses of the standard library: what is read, refused, written and documented."""

import ipaddress
import pathlib
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, get, post
from framework.testing import check_contract
from tests.http.shapes import app_of, fault, invalid


class Host(Struct):
    """All of them."""

    path: pathlib.Path
    pure: pathlib.PurePath
    posix: pathlib.PurePosixPath
    windows: pathlib.PureWindowsPath
    v4: ipaddress.IPv4Address
    v6: ipaddress.IPv6Address
    net4: ipaddress.IPv4Network
    net6: ipaddress.IPv6Network
    if4: ipaddress.IPv4Interface
    if6: ipaddress.IPv6Interface


class Hosts(Controller):
    """Sends back what it got."""

    @post("/hosts")
    async def create(self, host: Host) -> Host:
        """Send the body; the classes are those of the annotations."""
        assert all(isinstance(getattr(host, one.name), one.type) for one in msgspec.structs.fields(Host))
        return host

    @get("/{address}")
    async def show(self, address: ipaddress.IPv4Address, folder: pathlib.Path | None = None) -> list[str]:
        """Send parameters."""
        return [repr(address), str(folder)]


GOOD = {
    "path": "a/b.txt",
    "pure": "/a",
    "posix": "../a",
    "windows": "C:\\a",
    "v4": "192.0.2.1",
    "v6": "2001:db8::1",
    "net4": "10.0.0.0/8",
    "net6": "2001:db8::/32",
    "if4": "10.0.0.1/8",
    "if6": "2001:db8::1/32",
}


async def test_they_are_read_and_written(aiohttp_client: AiohttpClient) -> None:
    """As the strings that they are known by."""
    client = await aiohttp_client(app_of(Hosts).build())

    async with client.post("/hosts", json=GOOD) as response:
        assert await response.json() == GOOD
    async with client.get("/192.0.2.1?folder=a/b") as response:
        assert await response.json() == ["IPv4Address('192.0.2.1')", "a/b"]


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("path", "", "value", "Expected a path"),
        ("path", "a\0b", "value", "Expected a path"),
        ("pure", 1, "type", "Expected `str`, got `int`"),
        ("v4", "192.0.2.256", "value", "Expected an IPv4 address"),
        ("v4", 16909060, "type", "Expected `str`, got `int`"),
        ("v4", None, "type", "Expected `str`, got `null`"),
        ("v6", "fe80::1%eth0", "value", "Expected an IPv6 address"),
        ("v6", {}, "type", "Expected `str`, got `object`"),
        ("net4", "10.0.0.1/8", "value", "Expected an IPv4 network, without host bits"),
        ("net6", "2001:db8::/129", "value", "Expected an IPv6 network, without host bits"),
        ("if4", "x", "value", "Expected an IPv4 address with its network"),
        ("if6", [], "type", "Expected `str`, got `array`"),
    ],
)
async def test_they_are_refused(aiohttp_client: AiohttpClient, name: str, value: Any, code: str, detail: str) -> None:
    """By a code and a text that do not repeat what the client has sent."""
    client = await aiohttp_client(app_of(Hosts).build())

    async with client.post("/hosts", json={**GOOD, name: value}) as response:
        assert response.status == 422
        assert await response.json() == invalid("/hosts", fault("body", f"/{name}", code, detail))


def test_the_document() -> None:
    """Addresses have the formats of JSON Schema, the others those that are in use."""
    properties = App([Hosts]).document()["components"]["schemas"]["Host"]["properties"]

    path = {"type": "string", "format": "path", "minLength": 1, "pattern": "^[^\\u0000]*$"}
    formats = ["ipv4", "ipv6", "ipv4network", "ipv6network", "ipv4interface", "ipv6interface"]
    assert list(properties.values()) == [path] * 4 + [{"type": "string", "format": one} for one in formats]


def test_contract() -> None:
    """What is generated from the document is accepted, and what contradicts it is refused."""
    assert check_contract(App([Hosts]), examples=5).cases > 0
