"""RequestID: an id for each request, in its response, its problem and its log lines."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from aiohttp import web
from multidict import istr

from framework.layers import Layer, Steps, headers_of
from framework.option_errors import explained_class
from framework.request_ids import request_id, set_request_id
from framework.responses import ResponseHeader
from framework.routing import RouteInfo

__all__ = ("RequestID",)

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")
# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RANDOM_BYTES = 16
_AT_A_TIME = 256


class _NewIds(list[str]):
    """Ids that no request has yet."""

    # PERF: a call of the operating system for 256 ids; each alone is 2 % of a small response.
    def made(self) -> str:
        """Make more of them, and return one."""
        self += os.urandom(_RANDOM_BYTES * _AT_A_TIME).hex(" ", _RANDOM_BYTES).split(" ")
        return self.pop()


_IDS = _NewIds()
if hasattr(os, "register_at_fork"):
    # A child process must not give away the same ids as its parent.
    os.register_at_fork(after_in_child=_IDS.clear)


@explained_class("RequestID", "RequestID()")
@dataclass(frozen=True, kw_only=True)
class RequestID(Layer):
    """Keeps the id that a client or proxy sent, or creates one of 128 random bits, and sends it with the response.

    Read it with :mod:`framework.request_ids`. An id that is not 1 to 128 of ``A-Z a-z 0-9 . _ -``, or that was sent
    twice, is replaced. With ``accept=False`` every request gets a new one.
    """

    rank: ClassVar = 20
    nearest: ClassVar = True

    header: str = "X-Request-ID"
    accept: bool = True

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        header: object = self.header
        accept: object = self.accept
        if not isinstance(header, str) or not _TOKEN.fullmatch(header):
            yield f"RequestID(header={header!r}) is not the name of a header", 'write it as header="X-Request-ID"'
        if not isinstance(accept, bool):
            yield f"RequestID(accept={accept!r}) is neither True nor False", "leave it out to accept ids"

    def compile(self, route: RouteInfo | None) -> Steps:  # noqa: ARG002  the same everywhere
        """Return the steps that give a request its id and the response its header."""
        before, after = self._calls
        asked = {self.header: "An id of the client's own for the request."} if self.accept else {}
        return Steps(
            before=before,
            after=after,
            request_headers=asked,
            response_headers={self.header: "The id of the request."},
        )

    @cached_property
    def _calls(
        self,
    ) -> tuple[Callable[[web.Request], None], Callable[[web.Request, web.StreamResponse], web.StreamResponse]]:
        # PERF: an ``istr`` is looked up without case folding.
        name, accept = istr(self.header), self.accept
        set_header, ids = ResponseHeader(self.header, plain=True).set, _IDS

        def identify(request: web.Request) -> None:
            # PERF: to look for one costs half of reading all.
            if accept and name in headers_of(request):
                sent = headers_of(request).getall(name)
                if len(sent) == 1 and _ACCEPTED.fullmatch(sent[0]):
                    set_request_id(request, sent[0])
                    return
            try:
                made = ids.pop()
            except IndexError:
                made = ids.made()
            set_request_id(request, made)

        def send(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            set_header(response, request_id(request) or "")
            return response

        return identify, send
