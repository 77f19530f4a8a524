"""Web sockets, which stand in the AsyncAPI document."""

from typing import Annotated

from framework import Controller, Query, WebSocket, websocket
from framework.formats import MSGPACK
from tests.contract.large.types import Circle, Pair, Scalars, Small, Square

__all__ = ("SocketController",)


class SocketController(Controller):
    """Messages both ways."""

    path = "/sockets/{number}"
    tags = ("sockets",)

    @websocket(subprotocols=("shapes.v1",), origins=("*",))
    async def shapes(
        self, number: Small, socket: WebSocket[Circle | Square, Pair], unit: Annotated[str, Query()] = "cm"
    ) -> None:
        """Measure shapes."""
        async for shape in socket:
            size = shape.radius if isinstance(shape, Circle) else shape.side
            await socket.send(Pair(number, f"{size} {unit}"))

    @websocket("/scalars", invalid="report")
    async def on_scalars(self, number: Small, scalars: Scalars) -> Scalars | None:
        """Return what came, or nothing."""
        return scalars if number else None

    @websocket("/packed", format=MSGPACK)
    async def packed(self, number: Small, socket: WebSocket[Pair]) -> None:
        """Return MessagePack."""
        async for pair in socket:
            await socket.send(Pair(number, pair.text))
