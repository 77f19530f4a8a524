"""Lines with a header that are added to those that are there: ``ResponseHeader.add``."""

from collections.abc import Sequence

import pytest

from framework.responses import ResponseHeader
from tests.http.changed_responses import Change, answer
from tests.http.shapes import Serve, problem


def adding(name: str, value: str, *, plain: bool = False) -> Change:
    """Return what adds a line to a response."""
    header = ResponseHeader(name, plain=plain)
    return lambda response: header.add(response, value)


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("target", "own"),
    [("/value", []), ("/own", ["of the handler"]), ("/raw", ["of the handler"]), ("/stream", []), ("/nowhere", [])],
)
@pytest.mark.parametrize("plain", [False, True])
async def test_each_line_is_there(serve: Serve, target: str, own: Sequence[str], *, plain: bool) -> None:
    """Beside those of the handler, in the order in which they were added."""
    changes = [adding("X-One", "1", plain=plain), adding("X-Two", "2"), adding("X-One", "3", plain=plain)]

    found = await answer(serve, target, *changes)

    assert (found.headers.getall("X-One"), found.headers.getall("X-Two")) == ([*own, "1", "3"], ["2"])


async def test_who_looks_at_the_headers_sees_all_lines(serve: Serve) -> None:
    """Lines that were added before and after belong to the same headers."""
    seen: list[list[str]] = []
    changes = [
        adding("X-One", "1"),
        adding("X-One", "2"),
        lambda response: seen.append(response.headers.getall("X-One")),
        adding("X-One", "3"),
    ]

    found = await answer(serve, "/value", *changes)

    assert seen == [["1", "2"]]
    assert found.headers.getall("X-One") == ["1", "2", "3"]


async def test_what_cannot_stand_in_a_header_is_not_sent(serve: Serve) -> None:
    """A value with a line end is a 500, and no second header."""
    found = await answer(serve, "/value", adding("X-One", "1\r\nX-Two: 2"))

    assert found.problem == problem(500, "/value")
    assert "X-Two" not in found.headers


async def test_a_header_that_decides_about_the_writing(serve: Serve) -> None:
    """``Connection`` is seen by whoever writes the response."""
    found = await answer(serve, "/value", adding("Connection", "close"))

    assert found.headers.getall("Connection") == ["close"]
