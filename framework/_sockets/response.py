"""The response that upgrades a connection."""

from typing import Any

from aiohttp import hdrs, web

__all__ = ("UpgradedResponse",)


class UpgradedResponse(web.WebSocketResponse[Any]):
    """aiohttp's, without the Server header that nobody asked for."""

    async def _prepare_headers(self) -> None:
        announced = hdrs.SERVER in self.headers
        await super()._prepare_headers()
        if not announced:
            self.headers.popall(hdrs.SERVER, None)
