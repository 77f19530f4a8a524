"""New orders for clients of the API, as an event stream and as a web socket."""

from typing import Annotated

from app_template.accounts.login import LOGIN
from app_template.accounts.tokens import User
from app_template.orders.feed import topic_for
from app_template.orders.payloads import Order
from framework import Controller, Event, EventStream, WebSocket, get, websocket
from framework.channels import Channels, LastEventID

__all__ = ("LiveOrderController",)


class LiveOrderController(Controller):
    """Sends orders as they are placed: those of the user, or those of all to the staff."""

    path = "/orders"
    tags = ("orders",)

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @get("/feed")
    async def feed(self, user: Annotated[User, LOGIN], last: LastEventID = None) -> EventStream[Event[Order]]:
        """Send new orders as events. A client that returns with its last id gets those that it has missed."""
        return self._channels.events(topic_for(user), after=last, event="order")

    @websocket("/live")
    async def live(self, user: Annotated[User, LOGIN], socket: WebSocket[None, Order]) -> None:
        """Send new orders as messages."""
        async with self._channels.subscribe(topic_for(user)) as orders:
            # Before the client knows that it is connected, so that it misses nothing.
            await orders.open()
            await socket.accept()
            async for order in orders:
                await socket.send(order)
