"""New orders as they are placed, in whichever process."""

from app_template.accounts.tokens import User
from app_template.orders.payloads import Order
from app_template.settings import Settings
from framework.channels import Channels, ChannelSettings, Topic

__all__ = ("OrderFeed", "choose_channels", "topic_for")

_PLACED = Topic[Order]("orders")


class OrderFeed:
    """Announces orders, when their transaction commits."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    async def announce(self, user: User, order: Order) -> None:
        """Send an order to the pages of its user and of the staff."""
        await self._channels.publish(_PLACED, order)
        await self._channels.publish(_PLACED.room(str(user.id)), order)


def topic_for(user: User) -> Topic[Order]:
    """Return the orders that a user may see: the staff sees those of all."""
    return _PLACED if user.is_staff else _PLACED.room(str(user.id))


def choose_channels(settings: Settings) -> ChannelSettings:
    """Return channels that all processes share, or those of this process, for development."""
    url = "memory://" if settings.redis_url is None else settings.redis_url.reveal().replace("://", "+streams://", 1)
    return ChannelSettings(topics=[_PLACED], url=url, prefix="shop")
