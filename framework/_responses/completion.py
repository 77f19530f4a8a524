"""Completes a response that a handler made itself with what its route says of all answers."""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web

from framework._plan import ResponsePlan
from framework._responses.encoded import Head
from framework._responses.files import FileResponse
from framework._responses.response import Response
from framework.media_types import essence

__all__ = ("Completion", "add_vary")

_GOOD = range(200, 400)


class Completion:
    """Encodes the value of a response and adds the headers of its route: ``complete(response, encode, head)``."""

    def __init__(self, plan: ResponsePlan) -> None:
        self._plan = plan
        self._encoders = {essence(one.media_type): one.encode for one in reversed(plan.media)}

    def __call__(
        self, response: web.StreamResponse, encode: Callable[[Any], bytes] | None, head: Head | None
    ) -> web.StreamResponse:
        """Return the completed response; one of aiohttp's has its body already."""
        if isinstance(response, Response) and not isinstance(response, FileResponse):
            media_type = None if head is None else head.media_type
            own = response.headers.get(hdrs.CONTENT_TYPE)
            if own is not None and self._plan.negotiated:
                # What the handler calls it decides how it is written, and the client's wish does not.
                first = self._plan.media[0]
                encode, media_type = self._encoders.get(essence(own), first.encode), first.media_type
            response = response.for_request(encode, media_type, self._plan.status)
        if response.status not in _GOOD:
            return response
        for name, value in self._plan.headers:
            if name == hdrs.VARY:
                add_vary(response, value)
            else:
                response.headers.setdefault(name, value)
        return response


def add_vary(response: web.StreamResponse, name: str) -> None:
    """Say that an answer depends on a header of the request."""
    known = [one.strip() for text in response.headers.getall(hdrs.VARY, ()) for one in text.split(",")]
    if "*" not in known and name.lower() not in map(str.lower, known):
        response.headers[hdrs.VARY] = ", ".join([*known, name])
