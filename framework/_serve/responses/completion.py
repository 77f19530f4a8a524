"""Completes a response that a handler made itself with the headers that its route adds to all responses."""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web

from framework._http.media_types import essence
from framework._plan import ResponsePlan
from framework._serve.responses.constant import add_vary
from framework._serve.responses.head import Head
from framework._serve.responses.response import Response

__all__ = ("Completion",)

_GOOD = range(200, 400)


class Completion:
    """Encodes the value of a response and adds the headers of its route: ``complete(response, encode, head)``."""

    def __init__(self, plan: ResponsePlan) -> None:
        self._plan = plan
        self._encoders = {essence(one.media_type): one.encode for one in reversed(plan.media)}

    def __call__(
        self, response: web.StreamResponse, encode: Callable[[Any], bytes] | None, head: Head | None
    ) -> web.StreamResponse:
        """Return the completed response; a response of aiohttp already has its body."""
        if isinstance(response, Response) and not response.ready:
            media_type = None if head is None else head.media_type
            own = response.headers.get(hdrs.CONTENT_TYPE)
            if own is not None and self._plan.negotiated:
                # The handler's media type decides the encoding, not the client's Accept.
                first = self._plan.media[0]
                encode, media_type = self._encoders.get(essence(own), first.encode), first.media_type
            response = response.for_request(encode, media_type, self._plan.status)
        if response.status not in _GOOD:
            return response
        for name, value in self._plan.headers:
            if name == hdrs.VARY:
                add_vary(response.headers, value)
            else:
                response.headers.setdefault(name, value)
        return response
