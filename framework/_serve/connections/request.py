"""The request of the lean protocol: most attributes of aiohttp's constructor are created when they are accessed.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http import SERVER_SOFTWARE, StreamWriter
from aiohttp.web_urldispatcher import UrlMappingMatchInfo
from yarl import URL

from framework._serve.responses.header_check import are_tokens, broken_header

# ruff: noqa: SLF001  see above

__all__ = ("LeanRequest",)


class _OnDemand:
    """An attribute of a request that is created on the first access."""

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
    """Return the same request made by aiohttp's constructor, which parses a target with a host."""
    return web.BaseRequest(
        request._message, request._payload, request._protocol, request._payload_writer, request._task, request._loop
    )


def _relative_url(request: Any) -> URL:
    url: URL = request._message.url
    return _stock(request)._rel_url if url.absolute else url


class LeanRequest(web.Request):
    """A request whose attributes are created on access, except the few that every request needs."""

    ATTRS = web.Request.ATTRS | frozenset(
        {"_known_id", "_other_host", "_reported_host", "_reported_remote", "_reported_scheme"}
    )

    # PERF: attributes, and not in the request's dictionary, which would be made for them: 2 500 instructions.
    _known_id: str | None = None
    """The values of framework.request_ids."""
    _other_host = False
    """Whether the Host header alone does not determine the host: an absolute target, a proxy, a middleware."""
    _reported_host: str | None = None
    _reported_remote: str | None = None
    _reported_scheme: str | None = None

    # PERF: the constructor and the stream writer cost as much as routing.
    _cache = _OnDemand(lambda request: _stock(request)._cache if request._message.url.absolute else {})  # pyright: ignore[reportAssignmentType]  has the declared type
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
        """The match of the path; requests share one until they access it, then each gets its own."""
        match: Any = self._match_info
        make_own = getattr(match, "make_own", None)
        if make_own is not None:
            # PERF: most handlers never access it.
            self._match_info = match = make_own()
        return super().match_info if match is None else match

    def clone(self, **changes: Any) -> Any:
        """Return a copy as aiohttp does, with the reported data of the client."""
        reported = {"host": self._reported_host, "remote": self._reported_remote, "scheme": self._reported_scheme}
        known: dict[str, Any] = {name: value for name, value in reported.items() if value is not None} | changes
        made: Any = super().clone(**known)
        made._known_id, made._other_host = self._known_id, True
        made._reported_host, made._reported_remote = known.get("host"), known.get("remote")
        made._reported_scheme = known.get("scheme")
        return made

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Remove the Server header that aiohttp has added, and reject header names that HTTP does not allow."""
        headers = response.headers
        if headers.get(hdrs.SERVER) == SERVER_SOFTWARE:
            del headers[hdrs.SERVER]
        await super()._prepare_hook(response)
        if not are_tokens(headers):
            raise ValueError(f"{self.method} {self.rel_url.raw_path}: {broken_header(headers, None)}")
