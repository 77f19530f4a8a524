"""Rows 65 and 66: versions and expectations that are not known; and a target without a path."""

import pytest
from aiohttp.test_utils import TestServer

from tests.http.items import JSON
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import problem

pytestmark = pytest.mark.usefixtures("few_lines")


@pytest.mark.parametrize("target", ["/items", "/items/7", "/nowhere"])
@pytest.mark.parametrize("version", ["2.0", "3.0", "0.9"])
async def test_other_versions_are_not_supported(items: TestServer, target: str, version: str) -> None:
    """Row 65: HTTP/2.0 without its own framing is 505 (or refused by the parser) and the connection closes."""
    async with connect(items) as connection:
        answer = await connection.exchange(f"GET {target} HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        assert not await connection.is_open()
    assert answer.status in {400, 505}
    if answer.status == 505:
        assert answer.version == "HTTP/1.1"
        expected = problem(505, target, "HTTP/1.1 is spoken here")
        if "instance" not in answer.problem:
            # The C parser knows the version, and refuses it before the target counts.
            del expected["instance"]
        assert answer.problem == expected


@pytest.mark.parametrize("target", ["/items", "/nowhere"])
async def test_unknown_expectation_fails(items: TestServer, target: str) -> None:
    """Row 66: what is expected beside 100-continue is 417 (RFC 9110, section 10.1.1), with an open connection."""
    async with connect(items) as connection:
        answer = await connection.exchange(make_request("GET", target, headers={"Expect": "foo"}))
        assert answer.problem == problem(417, target, "Only 100-continue can be expected")
        assert (await connection.exchange(make_request("GET", "/items"))).status == 200


async def test_expected_100_continue_is_answered(items: TestServer) -> None:
    """A client that waits for 100 Continue is told to go on, and then answered."""
    body = b'{"name": "pen", "count": 1}'
    head = make_request("POST", "/items", headers={**JSON, "Expect": "100-Continue", "Content-Length": str(len(body))})
    async with connect(items) as connection:
        await connection.send(head)
        assert (await connection.receive()).status == 100
        assert (await connection.exchange(body)).status == 200


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "http://evil"), ("GET", "http://evil?a=1"), ("CONNECT", "localhost:80")]
)
async def test_target_without_a_path_is_the_root(items: TestServer, method: str, target: str) -> None:
    """A target without a path means ``/`` (RFC 9110, section 4.2.3), which nobody has here."""
    answer = await ask(items, method, target)
    assert (answer.status, answer.problem["title"]) == (404, "Not Found")
