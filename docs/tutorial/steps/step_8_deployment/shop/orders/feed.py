"""New orders as they are placed, in whichever process."""

from framework import Controller, Event, EventStream, get
from framework.channels import Channels, ChannelSettings, LastEventID, Topic

from shop.accounts.login import CurrentUser
from shop.accounts.tokens import User
from shop.orders.payloads import Order
from shop.settings import Settings

PLACED = Topic[Order]("orders")


class OrderFeed:
    """Announces orders, when their transaction commits."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def announce(self, user: User, order: Order) -> None:
        """Send an order to the streams of its user and of the staff."""
        await self._channels.publish(PLACED, order)
        await self._channels.publish(PLACED.room(str(user.id)), order)


class OrderFeedController(Controller):
    """Sends orders to browsers."""

    path = "/orders/live"
    tags = ("orders",)

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    @get()
    async def follow(self, user: CurrentUser, last: LastEventID = None) -> EventStream[Event[Order]]:
        """Send the orders of the user as they are placed. The staff gets the orders of all."""
        topic = PLACED if user.is_staff else PLACED.room(str(user.id))
        return self._channels.events(topic, after=last)


def choose_channels(settings: Settings) -> ChannelSettings:
    """Return channels that all processes share, or those of this process, for development."""
    url = "memory://" if settings.redis_url is None else settings.redis_url.reveal().replace("://", "+streams://", 1)
    return ChannelSettings(topics=[PLACED], url=url, prefix="shop")
