"""InvalidResponseError: a status, a return annotation and raises= contradict what HTTP has."""

from typing import Any

from framework import Controller, HTTPError, Response, get
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
