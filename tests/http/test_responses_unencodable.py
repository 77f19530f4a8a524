"""What cannot be encoded is a 500, logged with its place in the value."""

import dataclasses
import datetime as dt
import math
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from framework import Controller, Response, get
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem

pytestmark = pytest.mark.both_loops

MSGPACK = {"Accept": "application/msgpack"}


class Timestamp(dt.datetime):
    """A subclass of what is encoded, as pandas has one."""


class Total(Struct):
    """Numbers of an order."""

    amount: Any


@dataclasses.dataclass
class Row:
    """Something inside of something."""

    at: Any


class Unencodable(Controller):
    """Returns what cannot be encoded."""

    @get("/struct")
    async def struct(self) -> list[Total]:
        """Return a Struct that holds it."""
        return [Total(1), Total({"cents": [1, 2**70]})]

    @get("/dataclass")
    async def data(self) -> dict[str, list[Row]]:
        """Return a dataclass that holds it."""
        return {"rows": [Row(None), Row(Timestamp(2026, 1, 1))]}

    @get("/response")
    async def response(self) -> Response[dict[str, Any]]:
        """Return it in a response."""
        return Response({"at": (1, Timestamp(2026, 1, 1))})

    @get("/floats")
    async def floats(self) -> list[float]:
        """Return numbers that JSON does not have."""
        return [1.5, math.nan, math.inf, -math.inf]

    @get("/structs")
    async def structs(self) -> Total:
        """Return them in a Struct."""
        return Total(math.nan)


@pytest.mark.parametrize(
    ("target", "headers", "place"),
    [
        ("/struct", MSGPACK, "`$[1].amount['cents'][1]` cannot be encoded: int of 71 bits"),
        ("/dataclass", {}, "`$['rows'][1].at` cannot be encoded: Timestamp"),
        ("/dataclass", MSGPACK, "`$['rows'][1].at` cannot be encoded: Timestamp"),
        ("/response", {}, "`$['at'][1]` cannot be encoded: Timestamp"),
        ("/response", MSGPACK, "`$['at'][1]` cannot be encoded: Timestamp"),
    ],
)
async def test_the_place_is_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture, target: str, headers: dict[str, str], place: str
) -> None:
    """The client learns nothing of it, and the log has it once, with the exception."""
    answer = await ask(await serve(app_of(Unencodable)), "GET", target, headers=headers)
    assert answer.problem == problem(500, target)
    (record,) = [one for one in caplog.records if one.name == "framework"]
    assert record.exc_info is not None
    assert record.exc_info[1] is not None
    assert record.exc_info[1].__notes__ == [f"The value at {place}"]


async def test_numbers_that_are_not_finite(serve: Serve) -> None:
    """JSON has no NaN and no infinities: they are null. MessagePack has them."""
    server = await serve(app_of(Unencodable))
    assert (await ask(server, "GET", "/floats")).body == b"[1.5,null,null,null]"
    assert (await ask(server, "GET", "/structs")).body == b'{"amount":null}'
    answer = await ask(server, "GET", "/floats", headers=MSGPACK)
    assert [repr(one) for one in msgspec.msgpack.decode(answer.body)] == ["1.5", "nan", "inf", "-inf"]
