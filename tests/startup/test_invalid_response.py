"""InvalidResponseError: a status, a return annotation and raises= contradict what HTTP has."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from framework import Controller, EventStream, HTTPError, Response, get
from framework.errors import InvalidResponseError
from framework.http_errors import NotFound
from tests.startup.expected import mistakes, place

NO_ERRORS: Any = (ValueError, HTTPError("made"), "NotFound")


def test_a_body_with_a_status_that_has_none() -> None:
    """204, 205 and 304 have no body to put a value into."""

    class Orders(Controller):
        @get("/a", status=204)
        async def first(self) -> list[int]:
            return []

        @get("/b", status=304)
        async def second(self) -> Response[str]:
            return Response("")

    assert mistakes(Orders) == [
        (
            InvalidResponseError,
            f"Orders.first ({place(Orders.first)}): its status 204 has no body, and it returns list[int].\n"
            "  Mend: annotate it -> None, or use another status.",
        ),
        (
            InvalidResponseError,
            f"Orders.second ({place(Orders.second)}): its status 304 has no body, and it returns str.\n"
            "  Mend: annotate it -> None, or use another status.",
        ),
    ]


def test_a_status_that_is_none() -> None:
    """A final status lies between 200 and 599."""

    class Orders(Controller):
        @get("/a", status=100)
        async def first(self) -> str:
            return ""

        @get("/b", status=600)
        async def second(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            InvalidResponseError,
            f"Orders.first ({place(Orders.first)}): its status 100 is no final status of HTTP.\n"
            "  Mend: use a status from 200 to 599.",
        ),
        (
            InvalidResponseError,
            f"Orders.second ({place(Orders.second)}): its status 600 is no final status of HTTP.\n"
            "  Mend: use a status from 200 to 599.",
        ),
    ]


def test_raises_names_what_is_no_http_error() -> None:
    """The document describes HTTPError classes only; each other thing is told."""

    class Orders(Controller):
        @get(raises=(NotFound, *NO_ERRORS))
        async def search(self) -> str:
            return ""

    mend = "  Mend: derive it from HTTPError with a status, or take it out."
    where = f"Orders.search ({place(Orders.search)})"
    assert mistakes(Orders) == [
        (InvalidResponseError, f"{where}: raises= names ValueError, which is no HTTPError.\n{mend}"),
        (InvalidResponseError, f"{where}: raises= names HTTPError('made'), which is no HTTPError.\n{mend}"),
        (InvalidResponseError, f"{where}: raises= names 'NotFound', which is no HTTPError.\n{mend}"),
    ]


def test_streams_that_are_none() -> None:
    """A stream says what is in it, has a body, and is the whole answer."""

    class Orders(Controller):
        @get("/a", status=204)
        async def empty(self) -> EventStream[int]:
            yield 1

        @get("/b")
        async def bare(self) -> AsyncIterator:  # type: ignore[type-arg]  # the mistake
            yield 1

        @get("/c")
        async def bare_events(self) -> EventStream:  # type: ignore[type-arg]  # the mistake
            yield 1

        @get("/d")
        async def perhaps(self) -> AsyncIterator[int] | None:
            return None

        @get("/e")
        async def wrapped(self) -> Response[EventStream[int]]:
            raise NotImplementedError

        @get("/f")
        async def nothing(self) -> AsyncIterator[None]:
            yield None

        @get("/g")
        async def raw(self) -> EventStream[bytes]:
            yield b""

        @get("/h")
        async def responses(self) -> AsyncGenerator[Response[int], None]:
            yield Response(1)

    alone = "  Mend: return the stream alone, and raise an HTTPError where there is none."
    told = {
        "empty": "its status 204 has no body, and it returns EventStream[int].\n"
        "  Mend: annotate it -> None, or use another status.",
        "bare": "its annotation AsyncIterator does not say what is in the stream.\n"
        "  Mend: write it as AsyncIterator[Order].",
        "bare_events": "its annotation EventStream does not say what is in the stream.\n"
        "  Mend: write it as EventStream[Order].",
        "perhaps": f"its annotation AsyncIterator[int] | None has more in it than a stream.\n{alone}",
        "wrapped": f"its annotation Response[EventStream[int]] has more in it than a stream.\n{alone}",
        "nothing": "None cannot be an item of a stream.\n  Mend: yield bytes, str, or what can be written as JSON.",
        "raw": "bytes cannot be the data of an event.\n  Mend: yield str, or what can be written as JSON.",
        "responses": "Response[int] cannot be an item of a stream.\n"
        "  Mend: yield bytes, str, or what can be written as JSON.",
    }
    assert mistakes(Orders) == [
        (InvalidResponseError, f"Orders.{name} ({place(vars(Orders)[name])}): {what}") for name, what in told.items()
    ]
