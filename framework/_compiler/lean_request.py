"""The request of the lean protocol: most of what aiohttp's constructor sets is made when somebody asks for it.

The private names are read only where :mod:`framework._private` knows them.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from aiohttp.web_urldispatcher import UrlMappingMatchInfo
from yarl import URL

from framework._responses.header_check import are_tokens, broken_header

# ruff: noqa: SLF001  see above

__all__ = ("LeanRequest",)


class _OnDemand:
    """An attribute of a request that is made when it is asked for first."""

    __slots__ = ("_make", "_name")

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, request: Any, _: type) -> Any:
        if request is None:
            return self
        made = self._make(request)
        setattr(request, self._name, made)
        return made


def _stock(request: Any) -> web.BaseRequest:
    """Return the same request as aiohttp's constructor makes it, which knows what a target with a host means."""
    return web.BaseRequest(
        request._message, request._payload, request._protocol, request._payload_writer, request._task, request._loop
    )


def _relative_url(request: Any) -> URL:
    url: URL = request._message.url
    return _stock(request)._rel_url if url.absolute else url


class LeanRequest(web.Request):
    """A request whose attributes are made when somebody asks for them, beside the few that every request needs."""

    # PERF: the constructor and the stream writer cost as much as routing.
    _cache = _OnDemand(lambda request: _stock(request)._cache if request._message.url.absolute else {})  # pyright: ignore[reportAssignmentType]  gives what the declared type says
    _payload_writer = _OnDemand(lambda request: StreamWriter(request._protocol, request._loop))
    _rel_url = _OnDemand(_relative_url)  # pyright: ignore[reportAssignmentType]  as above
    _state = _OnDemand(lambda _: {})
    _task = _OnDemand(lambda request: request._protocol.task_of_request())
    _transport_peername = _OnDemand(lambda request: request._protocol.peername)
    _transport_sockname = _OnDemand(lambda request: request._protocol.sockname)
    _transport_sslcontext = _OnDemand(lambda request: request._protocol.ssl_context)
    _version = _OnDemand(lambda request: request._message.version)

    @property
    def match_info(self) -> UrlMappingMatchInfo:  # pyright: ignore[reportIncompatibleVariableOverride]  reads the same
        """What the path matched: each request has its own, which is made here where requests share one until then."""
        match: Any = self._match_info
        make_own = getattr(match, "make_own", None)
        if make_own is not None:
            # PERF: most handlers never ask.
            self._match_info = match = make_own()
        return super().match_info if match is None else match

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Take out the Server header that aiohttp has added, and refuse names of headers that HTTP does not allow."""
        headers = response.headers
        if headers.get(hdrs.SERVER) == SERVER_SOFTWARE:
            del headers[hdrs.SERVER]
        await super()._prepare_hook(response)
        if not are_tokens(headers):
            raise ValueError(f"{self.method} {self.rel_url.raw_path}: {broken_header(headers, None)}")
