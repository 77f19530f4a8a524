"""A controller whose responses are larger than any buffer."""

from collections.abc import AsyncIterator

from aiohttp import web

from framework import Controller, Request, Response, get

__all__ = ("BIG", "BigResponses")

BIG = 20 * 2**20


class BigResponses(Controller):
    """Responds in all ways with more than any buffer holds."""

    @get("/encoded")
    async def encoded(self) -> bytes:
        """Respond in one write."""
        return bytes(BIG)

    @get("/response")
    async def response(self) -> Response[bytes]:
        """Respond with a header."""
        return Response(bytes(BIG), headers={"X-Size": str(BIG)})

    @get("/stream")
    async def stream(self) -> AsyncIterator[str]:
        """Respond with items."""
        for _ in range(BIG // 2**16):
            yield "x" * 2**16

    @get("/native")
    async def native(self, request: Request) -> web.StreamResponse:
        """Write as aiohttp does."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(bytes(BIG))
        return response
