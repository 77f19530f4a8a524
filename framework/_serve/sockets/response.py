"""The response that upgrades a connection."""

from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web

from framework._serve.sockets.frames import FrameCheck

__all__ = ("UpgradedResponse",)


class UpgradedResponse(web.WebSocketResponse[Any]):
    """aiohttp's response without its Server header, and with a check of the frames that its reader accepts."""

    async def _prepare_headers(self) -> None:
        announced = hdrs.SERVER in self.headers
        await super()._prepare_headers()
        if not announced:
            self.headers.popall(hdrs.SERVER, None)

    def _post_start(self, request: Any, protocol: str | None, writer: Any) -> None:
        super()._post_start(_Upgrading(request), protocol, writer)  # type: ignore[arg-type]  # all that is used


class _Upgrading:
    """A request whose protocol gets its frame reader behind a check.

    The protocol passes frames that came with the handshake to the reader when it gets it, so later would be too late.
    """

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._protocol = request.protocol

    @property
    def protocol(self) -> "_Upgrading":
        """The object that gets the reader from the response."""
        return self

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Give the protocol the reader, behind a check."""
        check: Any = FrameCheck(parser)
        self._protocol.set_parser(check, data_received_cb=data_received_cb)

    def keep_alive(self, val: bool) -> None:
        """Notify the protocol of the upgrade."""
        self._protocol.keep_alive(val)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)
